"""The operator's pages: a new run, an upload."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalog.models import ImportBatch, Refusal, Run, Spectrum
from tasks import uploads
from tasks.models import Job
from tests.factories import CandidateFactory, UserFactory

from .conftest import work_off

pytestmark = pytest.mark.django_db

LAUNCH = reverse("admin:tasks_job_launch")
PREVIEW = reverse("admin:tasks_job_preview")
UPLOAD = reverse("admin:tasks_job_upload")
FORM = {
    "templates-role": "template",
    "queries-role": "unknown",
    "custom": "2:25:8, 1:50:12",
    "metric": "l2_sum",
    "normalization": "l2",
    "z_tolerance": "0.001",
    "velocity_limit_kms": "500",
    "seed": "3",
}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(UserFactory(is_staff=True, is_superuser=True, username="ada"))
    return client


@pytest.mark.parametrize("url", [LAUNCH, PREVIEW, UPLOAD])
def test_only_staff_that_may_add_jobs_comes_in(client: Client, url: str) -> None:
    assert reverse("admin:login") in client.get(url).url
    client.force_login(UserFactory(is_staff=True))
    assert client.get(url).status_code == 403
    assert client.post(url).status_code == 403


def test_the_form_counts_and_says_what_is_impossible(survey: None, staff: Client) -> None:
    page = staff.get(LAUNCH).content.decode()
    assert "45 spectra" in page
    assert "37 spectra" in page
    assert "2:25:100: 100 centres need at least as many templates; there are 45." in page
    assert page.count("disabled") >= 12
    assert "Choose at least one configuration." in page


def test_launching_leads_to_the_run(survey: None, staff: Client) -> None:
    answer = staff.post(LAUNCH, FORM | {"launch": "Launch", "note": "by hand"})
    run = Run.objects.get()
    assert answer.url == run.get_absolute_url()
    assert (run.profile, run.seed, run.note, run.created_by.username) == ("custom", 3, "by hand", "ada")
    assert [codebook.label for codebook in run.codebooks.all()] == ["2:25:8", "1:50:12"]
    assert (run.template_selection, run.query_selection) == ({"role": ["template"]}, {"role": ["unknown"]})


FAULTS = [
    ({"custom": ""}, "Choose at least one configuration."),
    ({"custom": "2:25"}, "&#x27;2:25&#x27; is not a configuration"),
    ({"custom": "2:25:46"}, "46 centres need at least as many templates; there are 45"),
    ({"paper": "2:25:100"}, "100 centres need at least as many templates; there are 45"),
    ({"z_tolerance": "1"}, "tolerance is 1; it must be above 0"),
    ({"z_tolerance": "many"}, "Enter a number."),
    ({"queries-role": ["template", "unknown"]}, "45 spectra are both templates and queries"),
    ({"queries-z_min": "far"}, "The selection of queries is not valid"),
]


@pytest.mark.parametrize(("changes", "words"), FAULTS)
def test_a_faulty_form_says_so_and_launches_nothing(
    survey: None, staff: Client, changes: dict[str, Any], words: str
) -> None:
    page = staff.post(LAUNCH, FORM | changes | {"launch": "Launch"})
    assert page.status_code == 200
    assert words in page.content.decode()
    assert "The run was not launched: see what is wrong below." in page.content.decode()
    assert not Run.objects.exists()


def test_every_filter_of_spectra_is_offered_and_says_what_it_takes(survey: None, staff: Client) -> None:
    """Several choices as boxes, one of a few rows as a menu, a list with the way to give one."""
    made = CandidateFactory(run__note="an older one").run
    page = staff.get(LAUNCH).content.decode()
    for part in ("templates", "queries"):
        for name in ("list", "inside", "published_in", "candidate_of", "warning", "role", "position"):
            assert f'name="{part}-{name}"' in page, name
        assert f'<option value="{made.pk}">' in page
        assert re.search(rf'type="checkbox" name="{part}-warning"', page)
    assert f'<a href="{reverse("give-list")}?table=spectra">Give a list</a>' in page


def test_counting_again_launches_nothing(survey: None, staff: Client) -> None:
    page = staff.post(LAUNCH, FORM | {"count": "Count again", "templates-z_max": "0.01"}).content.decode()
    assert f"{Spectrum.objects.filter(role='template', z__lte=0.01).count()} spectra" in page
    assert not Run.objects.exists()


def test_the_preview_follows_the_form(survey: None, staff: Client) -> None:
    preview = staff.get(PREVIEW, FORM).json()
    assert preview["counts"] == {
        "templates": {"count": 45, "left_out": 0},
        "queries": {"count": 37, "left_out": 0},
    }
    assert len(preview["obstacles"]) == 12
    assert preview["faults"] == []
    assert preview["profile"] == "custom"
    assert preview["estimate"]["seconds"] > 0
    wrong = staff.get(PREVIEW, FORM | {"seed": "-1", "custom": "2:7:3"}).json()
    assert wrong["estimate"] is None
    assert wrong["faults"]


def test_index_and_list_lead_to_both_pages(staff: Client) -> None:
    for page in (reverse("admin:index"), reverse("admin:tasks_job_changelist")):
        text = staff.get(page).content.decode()
        assert LAUNCH in text
        assert UPLOAD in text


def test_an_upload_is_imported_what_is_bad_refused(
    staff: Client, survey_folder: Path, data_dir: Path, django_capture_on_commit_callbacks: Any
) -> None:
    files = sorted((survey_folder / "spectra").iterdir())
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for file in files[:3]:
            packed.write(file, file.name)
    given = [
        SimpleUploadedFile("some.zip", archive.getvalue()),
        SimpleUploadedFile(files[3].name, files[3].read_bytes()),
        SimpleUploadedFile("notes.fits", b"not a FITS file"),
        SimpleUploadedFile("void.fits", b""),
    ]
    answer = staff.post(UPLOAD, {"uploads": given, "role": "other"})
    job = Job.objects.get()
    assert answer.url == reverse("job", args=[job.pk])
    with django_capture_on_commit_callbacks(execute=True):
        work_off(job)
    assert (job.state, job.error) == ("succeeded", "")
    batch = ImportBatch.objects.get()
    assert (batch.imported, batch.refused) == (4, 2)
    assert batch.finished_at is not None
    assert set(Spectrum.objects.values_list("role", flat=True)) == {"other"}
    assert set(Refusal.objects.values_list("file", "reason")) == {
        ("notes.fits", "not-fits"),
        ("void.fits", "empty"),
    }
    assert not uploads.folder(batch).exists()
    assert "some.zip" in staff.get(job.get_absolute_url()).content.decode()


def test_an_upload_without_files_says_so(staff: Client) -> None:
    page = staff.post(UPLOAD, {}).content.decode()
    assert "This field is required." in page
    assert not Job.objects.exists()


def test_uploads_of_one_name_are_both_kept(data_dir: Path) -> None:
    batch = ImportBatch.objects.create(origin="two")
    uploads.store(batch, [SimpleUploadedFile("a.fits", b"1"), SimpleUploadedFile("../a.fits", b"2")])
    kept = {file.name: file.read_bytes() for file in uploads.folder(batch).iterdir()}
    assert kept == {"a.fits": b"1", "1-a.fits": b"2"}

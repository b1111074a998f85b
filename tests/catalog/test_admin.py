"""The admin shows what is held, and lets nobody change what came from files."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.models import Candidate, Run, Spectrum
from tests.factories import (
    CandidateFactory,
    HIIRegionFactory,
    ImportBatchFactory,
    RefusalFactory,
    RegionMatchFactory,
    ReleaseFactory,
    RunFactory,
    SpectrumBlockFactory,
    SpectrumFactory,
    UserFactory,
    VoteFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


FACTORIES = {
    "release": ReleaseFactory,
    "spectrum": SpectrumFactory,
    "importbatch": lambda: RefusalFactory().batch,
    "refusal": RefusalFactory,
    "hiiregion": HIIRegionFactory,
    "run": RunFactory,
    "candidate": CandidateFactory,
}


@pytest.mark.parametrize("model", FACTORIES)
def test_lists_and_rows_open(operator, model):
    row = FACTORIES[model]()
    listed = operator.get(reverse(f"admin:catalog_{model}_changelist"))
    assert listed.status_code == 200
    assert str(row.pk) in listed.content.decode()
    assert operator.get(reverse(f"admin:catalog_{model}_change", args=[row.pk])).status_code == 200
    assert operator.get(reverse(f"admin:catalog_{model}_add")).status_code == 403


def test_an_import_leads_to_its_refusals(operator):
    refusal, other = RefusalFactory(), RefusalFactory()
    page = operator.get(reverse("admin:catalog_importbatch_changelist")).content.decode()
    address = f"{reverse('admin:catalog_refusal_changelist')}?batch__id__exact={refusal.batch.pk}"
    assert address in page
    listed = operator.get(address).content.decode()
    assert refusal.file in listed
    assert other.file not in listed


def test_only_the_role_of_a_spectrum_changes(operator):
    row = SpectrumFactory()
    address = reverse("admin:catalog_spectrum_change", args=[row.pk])
    assert operator.post(address, {"role": "other", "z": "0.5", "sha256": "x"}).status_code == 302
    row.refresh_from_db()
    assert (row.role, row.z, row.sha256) == ("other", None, "")


def test_a_template_without_redshift_is_refused_in_words(operator):
    row = SpectrumFactory(z=None)
    page = operator.post(reverse("admin:catalog_spectrum_change", args=[row.pk]), {"role": "template"})
    assert page.status_code == 200
    assert "needs a published redshift" in page.content.decode()
    assert Spectrum.objects.get().role == "unknown"


@pytest.mark.parametrize("inspected", [False, True])
def test_deleting_a_run_counts_its_rows_and_keeps_what_people_said(operator, inspected):
    candidate = CandidateFactory()
    CandidateFactory.create_batch(3, run=candidate.run)
    if inspected:
        VoteFactory(candidate=candidate)
    address = reverse("admin:catalog_run_delete", args=[candidate.run_id])
    page = operator.get(address).content.decode()
    assert ("was inspected (1 votes): what people said is kept" if inspected else "Candidates: 4") in page
    assert candidate.spectrum.name not in page
    operator.post(address, {"post": "yes"})
    assert Run.objects.filter(pk=candidate.run_id).exists() == inspected
    assert Candidate.objects.count() == (4 if inspected else 0)


def release_with_spectra():
    release = SpectrumFactory.create_batch(30)[0].release
    ImportBatchFactory(release=release)
    return release, "LAMOST DR7 holds 30 spectra and 1 imports: a release can be deleted once it is empty"


def template_of_a_run():
    spectrum = SpectrumFactory(template=True)
    block = SpectrumBlockFactory(ids=[spectrum.pk + 1, spectrum.pk])
    return spectrum, f"templates in run {block.run_id}: delete that first"


def candidate_of_a_run():
    candidate = CandidateFactory()
    return candidate.spectrum, f"templates in run {candidate.run_id}: delete that first"


def region_of_a_run():
    match = RegionMatchFactory()
    candidate = CandidateFactory(nebula=True, spectrum=match.spectrum)
    return match.region, f"1 candidates of run {candidate.run_id} lie in them"


@pytest.mark.parametrize(
    "held", [release_with_spectra, template_of_a_run, candidate_of_a_run, region_of_a_run]
)
def test_what_is_needed_is_not_deleted_and_the_page_counts(operator, held):
    row, words = held()
    SpectrumBlockFactory(ids=[10**9])
    address = reverse(f"admin:catalog_{row._meta.model_name}_delete", args=[row.pk])
    page = operator.get(address).content.decode()
    assert words in page
    assert page.count("spec-") <= 2  # none of the rows that hang on it
    operator.post(address, {"post": "yes"})
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ReleaseFactory(slug="empty"), "Releases: 1"),
        (SpectrumFactory, "Spectra: 1"),
        (lambda: RefusalFactory().batch, "Refusals: 1"),
        (lambda: RegionMatchFactory().region, "Matches with spectra: 1"),
    ],
)
def test_what_nothing_rests_on_is_deleted(operator, make, words):
    row = make()
    address = reverse(f"admin:catalog_{row._meta.model_name}_delete", args=[row.pk])
    assert words in operator.get(address).content.decode()
    assert operator.post(address, {"post": "yes"}).status_code == 302
    assert not type(row).objects.filter(pk=row.pk).exists()


def test_of_many_rows_the_first_are_named(operator):
    ids = [HIIRegionFactory(name=f"G017.{n:03d}-01.606").pk for n in range(25)]
    address = reverse("admin:catalog_hiiregion_changelist")
    page = operator.post(address, {"action": "delete_selected", "_selected_action": ids}).content.decode()
    assert page.count("<li>G017.") == 20
    assert "and 5 more" in page


def test_a_candidate_is_withdrawn_not_deleted(operator):
    candidate = CandidateFactory()
    address = reverse("admin:catalog_candidate_delete", args=[candidate.pk])
    assert operator.post(address, {"post": "yes"}).status_code == 403


def test_it_needs_staff(client):
    client.force_login(UserFactory())
    assert client.get(reverse("admin:catalog_spectrum_changelist")).status_code == 302

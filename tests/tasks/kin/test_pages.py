"""The pages of kin: choices, tables, what is kept on request, what is missing, the documented command."""

from __future__ import annotations

import io
import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Length
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Run, Spectrum
from tasks.kin import packing
from tasks.kin.books import codebooks_ready
from tasks.kin.kept import kept_expire, kept_store
from tasks.models import KeptSpectrum
from tasks.sweep import sweep
from tests.factories import UserFactory
from tests.retrieval.readers import files

from .conftest import queries, sent

ROOT = Path(__file__).resolve().parents[3]
QUERIES = 12
pytestmark = pytest.mark.django_db


def test_it_is_kept_when_asked_until_deleted_or_expired(run: Run, client: Client, settings: Any) -> None:
    spectrum = queries(run)[0]
    page = client.post(reverse("kin"), {"file": sent(spectrum), "k": 4}).content.decode()
    again = re.search(r'name="again" value="([^"]+)"', page)
    assert again
    kept = client.post(reverse("kin-keep"), {"again": again[1], "k": "4"}, follow=True)
    address = kept.redirect_chain[-1][0]
    until = timezone.now() + timedelta(days=settings.KIN_KEPT_DAYS)
    assert f"Kept until {until.day} {until:%B %Y}" in kept.content.decode()
    assert len(kept.context["found"].kin) == 4
    token = address.rstrip("/").split("/")[-1]
    assert token not in str(KeptSpectrum.objects.values())  # who reads the table cannot open the page
    assert Client().get(address).status_code == 200
    assert client.post(f"{address}delete", follow=True).status_code == 200
    assert not KeptSpectrum.objects.exists()
    assert client.get(address).status_code == 404

    client.post(reverse("kin-keep"), {"again": again[1]})
    KeptSpectrum.objects.update(expires_at=timezone.now())
    sweep()
    assert not KeptSpectrum.objects.exists()
    kept_expire()


def test_kept_spectra_are_listed_in_the_admin_and_only_deleted_there(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for k in ("", "7"):
        kept_store(observed=files.galaxy(), choices={"k": k})
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    address = reverse("admin:tasks_keptspectrum_changelist")
    assert address in client.get(reverse("admin:index")).content.decode()
    with django_assert_max_num_queries(8):
        page = client.get(address).content.decode()
    size = KeptSpectrum.objects.annotate(size=Length("data"))[0].size
    for words in ("2 kept spectra", "k 7", "as usual", f"{size / 1000:,.0f}"):
        assert words in page, words
    assert client.get(reverse("admin:tasks_keptspectrum_add")).status_code == 403
    chosen = [str(pk) for pk in KeptSpectrum.objects.values_list("pk", flat=True)]
    asked = {"action": "delete_selected", "_selected_action": chosen}
    assert "are you sure" in client.post(address, asked).content.decode().lower()
    client.post(address, asked | {"post": "yes"})
    assert not KeptSpectrum.objects.exists()


def test_the_form_is_sent_and_answered_without_scripts(run: Run) -> None:
    """As a browser sends it: with every field of the page, and its token against forgery."""
    visitor = Client(enforce_csrf_checks=True)
    page = visitor.get(reverse("kin")).content.decode()
    form = page[page.index('<form method="post"') :]
    form = form[: form.index("</form>")]
    assert 'enctype="multipart/form-data"' in form
    assert f'action="{reverse("kin")}"' in form
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    assert "csrfmiddlewaretoken" in fields
    fields |= dict.fromkeys(re.findall(r'<select name="(\w+)"', form), "")
    fields["configuration"] = codebooks_ready(run)[0].label
    answer = visitor.post(reverse("kin"), fields | {"file": sent(queries(run)[0]), "k": "3"})
    assert len(answer.context["found"].kin) == 3
    forged = visitor.post(reverse("kin"), {"file": sent(queries(run)[0]), "k": "3"})
    assert forged.status_code == 403


def test_the_page_hands_the_spectrum_out_so_that_choices_can_change(run: Run, client: Client) -> None:
    spectrum = queries(run)[0]
    page = client.post(reverse("kin"), {"file": sent(spectrum)})
    again = page.context["again"]
    other = codebooks_ready(run)[1].label
    next_page = client.post(reverse("kin"), {"again": again, "k": "3", "configuration": other})
    assert [len(next_page.context["found"].kin), next_page.context["found"].codebook.label] == [3, other]
    held = client.get(reverse("kin"), {"spectrum": spectrum.name, "k": "3", "configuration": other})
    ranks = [[one.template.name for one in answer.context["found"].kin] for answer in (next_page, held)]
    assert ranks[0] == ranks[1]


@pytest.mark.parametrize("suffix", ["csv", "fits", "vot", "ecsv"])
def test_the_table_downloads_in_every_format(run: Run, client: Client, suffix: str) -> None:
    spectrum = queries(run)[0]
    asked = {"spectrum": spectrum.name, "k": "5"}
    rows = client.get(reverse("kin-api"), asked).json()["kin"]
    answer = client.get(reverse("kin-table", args=[suffix]), asked)
    raw = b"".join(answer.streaming_content)
    form = {"csv": "ascii.csv", "vot": "votable", "ecsv": "ascii.ecsv", "fits": "fits"}[suffix]
    table = Table.read(io.BytesIO(raw) if suffix in ("fits", "vot") else raw.decode(), format=form)
    assert [str(name).strip() for name in table["file_LAMOST"]] == [row["file_LAMOST"] for row in rows]
    np.testing.assert_allclose(table["distance"], [row["distance"] for row in rows], rtol=1e-12)
    again = client.get(reverse("kin"), asked).context["found"].observed
    posted = client.post(reverse("kin-table", args=[suffix]), {"again": packing.to_text(again), "k": "5"})
    assert posted.status_code == 200
    assert client.get(reverse("kin-table", args=["exe"]), asked).status_code == 404


def test_wrong_fields_stand_beside_their_fields(run: Run, client: Client) -> None:
    wrong = {"k": "51", "position": "nowhere", "configuration": "9:9:9", "unit": "furlong"}
    page = client.post(reverse("kin"), {"file": sent(queries(run)[0]), **wrong})
    assert page.status_code == 400
    for name in wrong:
        assert f'id="id_{name}_error"' in page.content.decode(), name
    held = client.get(reverse("kin"), {"spectrum": queries(run)[0].name, "k": "0"})
    assert held.status_code == 400
    assert "k: " in held.context["problem"].message


def test_what_is_not_held_or_not_there(run: Run, client: Client) -> None:
    missing = client.get(reverse("kin"), {"spectrum": "spec-none"})
    assert (missing.status_code, "spec-none" in missing.content.decode()) == (404, True)
    assert client.post(reverse("kin-api"), {}).json()["error"] == "no-file"
    assert (
        client.get(reverse("kin-api"), {"spectrum": queries(run)[0].name, "run": "999999"}).status_code == 404
    )
    assert client.get(reverse("kin-kept", args=["guess"])).status_code == 404
    assert client.post(reverse("kin-keep"), {"again": "bm90aGluZw=="}).status_code == 422
    row = Spectrum.objects.exclude(neighbours=None).first()
    assert row is not None
    Spectrum.objects.filter(pk=row.pk).update(file="", sha256="")
    assert client.get(reverse("kin"), {"spectrum": row.name}).status_code == 404


def test_without_a_run_the_page_says_so(client: Client) -> None:
    Run.objects.update(completed_at=None)
    page = client.get(reverse("kin"))
    assert page.status_code == 200
    assert "No run has ended yet" in page.content.decode()
    answer = client.post(reverse("kin-api"), {"file": SimpleUploadedFile("m.fits", files.lamost())})
    assert (answer.status_code, answer.json()["error"]) == (503, "no-run")


def test_pages_cost_a_fixed_number_of_queries(
    run: Run, client: Client, django_assert_num_queries: Any
) -> None:
    spectrum = queries(run)[0]
    for k in ("1", "20"):
        client.get(reverse("kin"), {"spectrum": spectrum.name})
        with django_assert_num_queries(QUERIES):
            client.get(reverse("kin"), {"spectrum": spectrum.name, "k": k})


def test_the_curl_example_of_the_documentation_works(run: Run, live_server: Any, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "users" / "kin.md").read_text()
    example = re.search(r"```sh\n(curl .*?)\n```", text, re.DOTALL)
    assert example
    (tmp_path / "spectrum.fits").write_bytes(queries(run)[0].file.open("rb").read())
    command = example[1].replace("http://localhost:8000", live_server.url).replace("\\\n", " ")
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["kin"][0]["rank"] == 1, done

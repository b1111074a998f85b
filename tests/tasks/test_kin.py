"""Find kin: what a run stored comes out again, uploads are searched alike and kept nowhere, limits hold."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalog.arrays import load_spectrum
from catalog.ingest import spectra_import
from catalog.models import Neighbour, Run, Spectrum
from catalog.regions import paper_regions_import
from retrieval.prepare import prepare
from retrieval.readers import ObservedSpectrum, Refused
from retrieval.rerank import rerank, sample_weights
from tasks.kin import limits, packing
from tasks.kin.books import SHELF, NoBookError, Shelf, book_bytes, codebook_usual, codebooks_ready
from tasks.kin.kept import kept_expire
from tasks.kin.search import find_kin
from tasks.models import KeptSpectrum
from tasks.sweep import sweep
from tests.factories import CodebookFactory, HIIRegionFactory, RunFactory
from tests.retrieval.readers import files

from .conftest import launch, work_off

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uncounted(settings: Any) -> Iterator[None]:
    """No limit of searches but where a test sets one; no books of another test's database."""
    settings.KIN_PER_MINUTE = 10_000
    SHELF.clear()
    yield
    SHELF.clear()


@pytest.fixture(scope="module")
def of_module(
    django_db_setup: None, django_db_blocker: Any, survey_folder: Path, tmp_path_factory: Any
) -> Iterator[int]:
    """The small survey and a run of it, made once for all tests here, each of which is rolled back."""
    folder, own = tmp_path_factory.mktemp("kin"), django_settings.DATA_DIR
    with django_db_blocker.unblock():
        django_settings.DATA_DIR = folder
        spectra_import(paths=[survey_folder])
        paper_regions_import()
        made = launch()
        work_off(made.job)
        yield made.pk
        django_settings.DATA_DIR = own
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def run(of_module: int, db: None) -> Run:
    return Run.objects.get(pk=of_module)


def queries(run: Run) -> list[Spectrum]:
    found = Spectrum.objects.filter(neighbours__codebook__run=run).distinct().order_by("pk")
    return list(found.select_related("release"))


def sent(spectrum: Spectrum) -> SimpleUploadedFile:
    return SimpleUploadedFile("mine.fits", spectrum.file.open("rb").read())


def table_of(spectrum: ObservedSpectrum) -> bytes:
    """The spectrum as a CSV with its errors and masks."""
    out = io.StringIO()
    columns = {
        "wave_vac (Angstrom)": spectrum.wavelength,
        "flux": spectrum.flux.astype(float),
        "ivar": spectrum.ivar.astype(float),
        "mask": spectrum.bad.astype(int),
    }
    Table(columns).write(out, format="ascii.csv")
    return out.getvalue().encode()


def test_before_re_ranking_it_finds_what_the_run_stored(run: Run) -> None:
    for codebook in codebooks_ready(run):
        for spectrum in queries(run)[::4]:
            kin = find_kin(observed=load_spectrum(spectrum), codebook=codebook, itself=spectrum.pk)
            stored = Neighbour.objects.get(codebook=codebook, spectrum=spectrum, rank=1)
            assert kin.nearest is not None
            assert (kin.nearest.template.pk, kin.nearest.pq_distance) == (
                stored.template_id,
                stored.distance,
            )
            lines = run.line_redshifts.filter(spectrum=spectrum).first()
            assert kin.z_cl == (lines.z if lines else None)


def test_the_order_is_that_of_the_true_distance_over_good_pixels(run: Run) -> None:
    """The oracle: every template prepared anew and ranked by a weighted distance."""
    codebook = codebooks_ready(run)[0]
    observed = load_spectrum(queries(run)[3])
    kin = find_kin(observed=observed, codebook=codebook, k=50)
    ids = [one.template.pk for one in kin.kin]
    vectors = []
    for one in sorted(kin.kin, key=lambda one: one.template.pk):
        own = load_spectrum(one.template)
        vectors.append(prepare(own.wavelength, own.flux, step=2, mask=own.bad)[0])
    query = prepare(observed.wavelength, observed.flux, step=2, mask=observed.bad)[0]
    weights = sample_weights(observed.wavelength, observed.ivar, observed.bad, 2)
    order, distance = rerank(query, np.stack(vectors), np.arange(len(ids))[None], weights=weights)
    assert ids == [sorted(ids)[row] for row in order[0]]
    assert [one.distance for one in kin.kin] == distance[0].tolist()
    assert sorted(one.rank_before for one in kin.kin) == list(range(1, len(ids) + 1))
    assert [one.rank for one in kin.kin] == list(range(1, len(ids) + 1))


def test_a_template_is_no_kin_of_its_own(run: Run) -> None:
    template = Spectrum.objects.filter(role=Spectrum.Role.TEMPLATE).first()
    assert template is not None
    observed = load_spectrum(template)
    kin = find_kin(observed=observed, codebook=codebooks_ready(run)[0], itself=template.pk)
    assert kin.is_template
    assert template.pk not in [one.template.pk for one in kin.kin]
    uploaded = find_kin(observed=observed, codebook=codebooks_ready(run)[0])
    assert uploaded.kin[0].template.pk == template.pk
    assert uploaded.kin[0].distance == 0


def test_classes_and_lines_are_those_that_the_run_stored(run: Run) -> None:
    """For candidates whose nearest template, ranked anew, is still of their kind."""
    same = 0
    for candidate in run.candidates.select_related("spectrum__release", "region")[:16]:
        kin = find_kin(observed=load_spectrum(candidate.spectrum), codebook=codebooks_ready(run)[0])
        assert kin.candidate is not None
        if kin.candidate.kind != candidate.kind:
            continue
        same += 1
        for name in ("bpt_class", "nebula_state", "near_galaxy", "new_found"):
            assert getattr(kin.candidate, name) == getattr(candidate, name), name
        for name in ("log_nii_ha", "log_oiii_hb", "log_sii_ha", "velocity_lsr_kms"):
            assert getattr(kin.candidate, name) == pytest.approx(getattr(candidate, name)), name
        assert kin.candidate.region == candidate.region
        stored = {line.line: line.flux for line in candidate.measurements.all()}
        for fit in kin.fits:
            assert stored[fit.line] == pytest.approx(fit.flux, nan_ok=True) or np.isnan(fit.flux)
    assert same > 5


def test_an_upload_is_answered_as_the_held_spectrum_is(run: Run, client: Client) -> None:
    spectrum = queries(run)[0]
    raw = spectrum.file.open("rb").read()
    raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    held = client.get(reverse("kin-api"), {"spectrum": spectrum.name, "k": 7}).json()
    for file in (
        SimpleUploadedFile("mine.fits", raw),
        SimpleUploadedFile("mine.fits.gz", gzip.compress(raw)),
        SimpleUploadedFile("mine.csv", table_of(load_spectrum(spectrum))),
    ):
        position = f"{spectrum.ra} {spectrum.dec}"
        mine = client.post(reverse("kin-api"), {"file": file, "k": 7, "position": position}).json()
        assert len(mine.get("kin", mine)) == 7
        for name in ("kin", "z_cl", "z_rt", "agrees", "class", "regions", "lines"):
            assert json.dumps(mine[name]) == json.dumps(held[name]), (file.name, name)


def test_nothing_of_an_upload_is_kept(run: Run, client: Client, settings: Any, monkeypatch: Any) -> None:
    """No row, no file, nor a temporary one: reading of an upload must never open one."""

    def rows() -> dict[str, int]:
        counts = {}
        with connection.cursor() as cursor:
            for name in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT count(*) FROM "{name}"')
                counts[name] = cursor.fetchone()[0]
        return counts

    def no_file(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", no_file)
    monkeypatch.setattr("tempfile.mkstemp", no_file)
    spectrum = queries(run)[0]
    before, on_disk = rows(), sorted(Path(settings.MEDIA_ROOT).rglob("*"))
    raw = spectrum.file.open("rb").read()
    raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    large = raw + b"\0" * (2880 * 1200)  # more than Django holds in memory
    for url in (reverse("kin"), reverse("kin-api")):
        answer = client.post(url, {"file": SimpleUploadedFile("mine.fits", large)})
        assert answer.status_code == 200, answer.content[:300]
    assert rows() == before
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*")) == on_disk


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


REFUSED = [
    (b"", "empty"),
    (b"<!DOCTYPE html><html>login</html>", "web-page"),
    (b"PK\x03\x04 and so on", "archive"),
    (gzip.compress(b"0" * (65 * 2**20), mtime=0), "archive-bomb"),
    (files.lamost()[:30000], "truncated"),
    (files.lamost(flux=np.zeros(3909)), "zero-flux"),
    (b"wavelength (nm),flux\n400,1\n410,2\n420,1\n430,2\n440,1\n450,2\n", "medium-unstated"),
    (b"wave_vac (nm),flux\n400,1\n410,nan\n420,1\n", "zero-flux"),
    (b"wave_vac (nm),flux\n400,1\n410,2\n420,1\n430,2\n440,4\n450,2\n", "no-overlap"),
]


@pytest.mark.parametrize(("raw", "code"), REFUSED, ids=[code for _, code in REFUSED])
def test_a_refusal_says_what_to_do_and_keeps_what_was_entered(
    run: Run, client: Client, raw: bytes, code: str
) -> None:
    def entered() -> dict[str, Any]:
        return {"file": SimpleUploadedFile("mine.csv", raw), "k": "17", "position": "10 20", "unit": ""}

    answer = client.post(reverse("kin-api"), entered())
    assert answer.status_code in (400, 422)
    said = answer.json()
    if raw:
        assert (said["error"], bool(said["advice"])) == (code, True)
    page = client.post(reverse("kin"), entered())
    assert page.status_code == answer.status_code
    text = page.content.decode()
    assert 'value="17"' in text
    assert 'value="10 20"' in text
    if raw:
        assert page.context["problem"].advice in page.context["problem"].advice


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


def test_uploads_over_the_limit_are_refused_by_page_and_api(run: Run, client: Client, settings: Any) -> None:
    settings.KIN_UPLOAD_MB = 1
    for size in (2**20 + 2**15, 3 * 2**20):  # noticed while it comes; announced too large
        file = SimpleUploadedFile("mine.fits", b"S" * size)
        assert client.post(reverse("kin-api"), {"file": file}).status_code == 413
        file.seek(0)
        page = client.post(reverse("kin"), {"file": file})
        assert (page.status_code, "at most 1 MB" in page.content.decode()) == (413, True)


def test_an_address_may_ask_so_often_a_minute(
    run: Run, client: Client, settings: Any, broker: Any, monkeypatch: Any
) -> None:
    settings.KIN_PER_MINUTE = 2
    monkeypatch.setattr(limits.time, "time", lambda: 600_000_030.0)
    asked = {"spectrum": queries(run)[0].name}
    for _ in range(2):
        assert client.get(reverse("kin-api"), asked).status_code == 200
    for url in (reverse("kin-api"), reverse("kin")):
        refused = client.get(url, asked)
        assert (refused.status_code, refused["Retry-After"]) == (429, "30")
    assert client.get(reverse("kin-api"), asked, REMOTE_ADDR="10.0.0.9").status_code == 200
    settings.PROXIES = 1
    for forwarded, status in (("10.9.9.9", 200), ("1.1.1.1, 10.9.9.9", 200), ("2.2.2.2, 10.9.9.9", 429)):
        answer = client.get(reverse("kin-api"), asked, headers={"X-Forwarded-For": forwarded})
        assert answer.status_code == status, forwarded
    assert not any(b"10.9.9.9" in key for key in broker.keys("*"))


def test_without_the_broker_searches_go_on(run: Run, client: Client, settings: Any) -> None:
    settings.KIN_PER_MINUTE = 1
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    for _ in range(2):
        assert client.get(reverse("kin-api"), {"spectrum": queries(run)[0].name}).status_code == 200


def test_a_busy_portal_says_when_to_come_again(
    run: Run, client: Client, settings: Any, monkeypatch: Any
) -> None:
    settings.KIN_AT_ONCE = 1
    monkeypatch.setattr(limits, "WAIT", 0.01)
    asked = {"spectrum": queries(run)[0].name}
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with limits.PLACES.taken():
            taken.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(30)
    try:
        for url in (reverse("kin-api"), reverse("kin")):
            busy = client.get(url, asked)
            assert (busy.status_code, busy["Retry-After"]) == (503, str(limits.COME_AGAIN))
    finally:
        leave.set()
        holder.join()
    assert client.get(reverse("kin-api"), asked).status_code == 200


def test_a_place_is_given_back_when_a_search_fails(run: Run, client: Client, settings: Any) -> None:
    settings.KIN_AT_ONCE = 1
    for _ in range(3):
        bad = SimpleUploadedFile("mine.csv", b"x,y\n1,2\n")
        assert client.post(reverse("kin-api"), {"file": bad}).status_code == 422


class TestShelf:
    def test_a_book_is_loaded_once_and_the_least_used_goes(self, run: Run, settings: Any) -> None:
        first, second = codebooks_ready(run)
        shelf = Shelf()
        assert shelf.book(first)[1] > 0
        book, seconds = shelf.book(first)
        assert seconds == 0
        assert shelf.book(first)[0] is book
        settings.KIN_MEMORY_MB = max(book_bytes(first), book_bytes(second)) / 2**20
        shelf.book(second)
        assert len(shelf) == 1
        assert shelf.book(first)[1] > 0

    def test_one_thread_loads_for_all(self, run: Run, monkeypatch: Any) -> None:
        codebook = codebooks_ready(run)[0]
        loads = []
        shelf = Shelf()
        made = shelf.book(codebook)[0]
        shelf.clear()
        monkeypatch.setattr("tasks.kin.books.usable_ids", lambda blocks: made.templates)
        monkeypatch.setattr("tasks.kin.books.read_searcher", lambda book: loads.append(1) or made.searcher)
        threads = [threading.Thread(target=shelf.book, args=(codebook,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert loads == [1]

    def test_what_no_memory_holds_is_refused_with_numbers(self, run: Run, settings: Any) -> None:
        settings.KIN_MEMORY_MB = 0
        with pytest.raises(NoBookError, match="0 MB for such searches"):
            Shelf().book(codebooks_ready(run)[0])

    def test_the_usual_configuration_is_near_the_middle_and_fits(self, settings: Any) -> None:
        of = RunFactory()
        made = [
            CodebookFactory(run=of, number=n, step=s, segments=m, centers=k, n_templates=177_270)
            for n, (s, m, k) in enumerate([(2, 25, 100), (2, 1250, 3200), (1, 100, 400), (2, 100, 400)])
        ]
        assert codebook_usual(made) == made[2]
        settings.KIN_MEMORY_MB = 100
        assert codebook_usual(made) == made[0]


def test_regions_and_near_galaxies_of_a_typed_position(run: Run, client: Client) -> None:
    Run.objects.update(region_version="V9")
    HIIRegionFactory(version="V9", name="G121.17-21.57", glon=121.1744, glat=-21.5733, radius_arcsec=900.0)
    HIIRegionFactory(version="V8", glon=121.1744, glat=-21.5733)
    m31 = {"spectrum": queries(run)[0].name, "position": "10.6847 41.2690"}
    found = client.get(reverse("kin-api"), m31).json()
    assert [region["name"] for region in found["regions"]] == ["G121.17-21.57"]
    assert found["near_galaxy"] == "M31"
    assert any("disc of M31" in sentence for sentence in found["words"])


def test_pages_cost_a_fixed_number_of_queries(
    run: Run, client: Client, django_assert_num_queries: Any
) -> None:
    spectrum = queries(run)[0]
    for k in ("1", "20"):
        client.get(reverse("kin"), {"spectrum": spectrum.name})
        with django_assert_num_queries(QUERIES):
            client.get(reverse("kin"), {"spectrum": spectrum.name, "k": k})


QUERIES = 12


def test_the_curl_example_of_the_documentation_works(run: Run, live_server: Any, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "users" / "kin.md").read_text()
    example = re.search(r"```sh\n(curl .*?)\n```", text, re.DOTALL)
    assert example
    (tmp_path / "spectrum.fits").write_bytes(queries(run)[0].file.open("rb").read())
    command = example[1].replace("http://localhost:8000", live_server.url).replace("\\\n", " ")
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["kin"][0]["rank"] == 1, done


class TestPacking:
    def test_it_comes_back_as_it_went(self) -> None:
        spectrum = files.galaxy()
        again = packing.from_text(packing.to_text(spectrum))
        for name in ("wavelength", "flux", "ivar", "andmask", "ormask"):
            np.testing.assert_array_equal(getattr(again, name), getattr(spectrum, name))
        assert (again.header, again.warnings, again.name) == (
            spectrum.header,
            spectrum.warnings,
            spectrum.name,
        )

    @hypothesis_settings(max_examples=100, deadline=None)
    @given(st.data())
    def test_damage_is_refused(self, data: st.DataObject) -> None:
        raw = bytearray(PACKED)
        for _ in range(data.draw(st.integers(1, 3))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        try:
            again = packing.unpack(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
        except Refused:
            return
        assert np.isfinite(again.flux).all()

    @pytest.mark.parametrize(
        "text",
        ["", "%%%", "bm90aGluZw==", packing.base64.b64encode(packing.zlib.compress(b"0" * 10**8)).decode()],
    )
    def test_what_it_did_not_make_is_refused(self, text: str) -> None:
        with pytest.raises(Refused, match="not the spectrum"):
            packing.from_text(text)


PACKED = packing.pack(files.galaxy())

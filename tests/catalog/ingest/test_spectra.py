"""Spectra come in once, whole, in their release and role; whatever is wrong becomes a refusal."""

from __future__ import annotations

import gzip
import hashlib
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from catalog.arrays import load_spectrum
from catalog.ingest import REASONS, Choices, import_finish, import_slice, iterate_files, spectra_import
from catalog.ingest import spectra as module
from catalog.models import ImportBatch, Refusal, Release, Source, Spectrum
from tests.catalog.ingest.made import simulated, spectrum, write, zipped
from tests.factories import ImportBatchFactory, ReleaseFactory, SpectrumFactory
from tests.retrieval.readers import files

pytestmark = pytest.mark.django_db


def reasons(batch: ImportBatch) -> dict[str, str]:
    return dict(Refusal.objects.filter(batch=batch).values_list("file", "reason"))


def test_a_folder_comes_in_whole(tmp_path: Path):
    write(tmp_path, {"a.fits": spectrum(0), "deep/er/b.fits.gz": gzip.compress(spectrum(1, "unknown"))})
    batch = spectra_import(paths=[tmp_path])
    assert (batch.imported, batch.refused, batch.already_held) == (2, 0, 0)
    assert batch.finished_at
    a, b = Spectrum.objects.order_by("name")
    assert (a.name, a.role, a.release.slug) == ("a", "template", "lamost-dr7")
    assert (b.name, b.role, b.cls, b.z) == ("b", "unknown", "Unknown", None)
    assert not a.release.simulated
    header = simulated(0, "template").header
    assert (a.obsid, a.ra, a.dec, a.z, a.mjd) == (1000, header.ra, header.dec, header.z, header.lmjd)
    assert a.snr_r == pytest.approx(header.snr["r"])
    assert a.n_pixels == 3909
    assert a.sha256 == hashlib.sha256(spectrum(0)).hexdigest()
    assert a.file.name == f"spectra/{a.sha256[:2]}/{a.sha256}/a.fits"


def test_the_original_is_served_as_it_came(tmp_path: Path):
    raw = gzip.compress(spectrum(0, layout="lamost-coadd"))
    spectra_import(paths=[write(tmp_path, {"a.fits.gz": raw})])
    held = Spectrum.objects.get()
    with held.file.open() as file:
        assert file.read() == raw
    loaded = load_spectrum(held)
    np.testing.assert_array_equal(loaded.flux, simulated(0, "template").flux)
    assert (loaded.layout, loaded.name) == (held.layout, held.name) == ("lamost-coadd", "a")


def test_a_row_without_a_file_says_what_to_do():
    with pytest.raises(FileNotFoundError, match="import_spectra"):
        load_spectrum(SpectrumFactory())


def test_importing_again_changes_nothing(tmp_path: Path):
    write(tmp_path, {"a.fits": spectrum(0), "bad.fits": b"SIMPLE"})
    spectra_import(paths=[tmp_path])
    rows = list(Spectrum.objects.values())
    again = spectra_import(paths=[tmp_path])
    assert (again.imported, again.already_held, again.refused) == (0, 1, 1)
    assert list(Spectrum.objects.values()) == rows


BAD_ARRAYS = {
    "zero-flux": {"flux": np.zeros(3909, np.float32)},
    "nan-flux": {"flux": np.full(3909, np.nan, np.float32)},
    "ivar-zero": {"ivar": np.zeros(3909, np.float32)},
    "wavelength-not-monotonic": {"wavelength": simulated(0, "template").wavelength[::-1]},
    "no-overlap": {"wavelength": simulated(0, "template").wavelength * 10},
}
BAD_FILES = {
    "empty": b"",
    "truncated": spectrum(0)[:40000],
    "not-fits": b"this is no spectrum",
    "medium-resolution": files.medium_resolution(),
} | {reason: files.lamost(**arrays) for reason, arrays in BAD_ARRAYS.items()}


def test_bad_files_are_refused_and_the_rest_is_imported(tmp_path: Path):
    write(
        tmp_path, {f"{reason}.fits": raw for reason, raw in BAD_FILES.items()} | {"z-good.fits": spectrum(1)}
    )
    batch = spectra_import(paths=[tmp_path])
    assert reasons(batch) == {f"{reason}.fits": reason for reason in BAD_FILES}
    assert batch.refused == len(BAD_FILES)
    assert Spectrum.objects.get().name == "z-good"
    refusal = Refusal.objects.get(reason="nan-flux")
    assert "3909 of 3909 pixels" in refusal.detail
    assert refusal.advice == REASONS["nan-flux"].advice
    assert refusal.sha256


def test_the_same_bytes_under_another_name_are_a_duplicate(tmp_path: Path):
    write(tmp_path, {"a.fits": spectrum(0), "b.fits": spectrum(0), "sub/a.fits": spectrum(0)})
    batch = spectra_import(paths=[tmp_path])
    assert (batch.imported, batch.already_held) == (1, 1)
    assert reasons(batch) == {"b.fits": "duplicate"}


def test_another_content_under_a_held_name_or_obsid_is_refused(tmp_path: Path):
    write(
        tmp_path, {"1/a.fits": spectrum(0), "2/a.fits": spectrum(1), "3/other.fits": spectrum(2, obsid=1000)}
    )
    batch = spectra_import(paths=[tmp_path])
    assert reasons(batch) == {"2/a.fits": "name-taken", "3/other.fits": "name-taken"}
    assert Spectrum.objects.get().sha256 == hashlib.sha256(spectrum(0)).hexdigest()


def test_the_same_name_may_stand_in_two_releases(tmp_path: Path):
    write(tmp_path, {"1/a.fits": spectrum(0), "2/a.fits": spectrum(0, release="LAMOST DR8")})
    assert spectra_import(paths=[tmp_path]).imported == 2
    assert set(Spectrum.objects.values_list("release__slug", flat=True)) == {"lamost-dr7", "lamost-dr8"}


def test_a_named_release_takes_what_another_holds(tmp_path: Path):
    write(tmp_path, {"a.fits": spectrum(0)})
    spectra_import(paths=[tmp_path])
    named = spectra_import(paths=[tmp_path], release="lamost-dr7-v2")
    assert (named.imported, named.release.name) == (1, "LAMOST DR7 v2")
    assert spectra_import(paths=[tmp_path]).already_held == 1


def test_simulated_spectra_have_a_release_of_their_own(tmp_path: Path):
    write(tmp_path, {"a.fits": spectrum(0, simulated=True), "b.fits": spectrum(1)})
    spectra_import(paths=[tmp_path])
    assert Release.objects.get(spectra__name="a").simulated
    assert not Release.objects.get(spectra__name="b").simulated
    mixed = spectra_import(paths=[tmp_path], release=ReleaseFactory(slug="lamost-dr9").slug)
    assert reasons(mixed) == {"a.fits": "release-mismatch"}


@pytest.mark.parametrize(
    ("choices", "role"),
    [({}, "template"), ({"role": "other"}, "other"), ({"manifest": {"x/a.fits": "unknown"}}, "unknown"),
     ({"manifest": {"a.fits": "unknown"}, "role": "other"}, "unknown")],
)  # fmt: skip
def test_roles(tmp_path: Path, choices, role):
    spectra_import(paths=[write(tmp_path, {"x/a.fits": spectrum(0)})], **choices)
    assert Spectrum.objects.get().role == role


@pytest.mark.parametrize(
    ("cls", "z", "role"),
    [("GALAXY", 0.1, "template"), ("GALAXY", None, "other"), ("UNKNOWN", None, "unknown"),
     ("STAR", 0.0, "other"), ("QSO", 2.0, "other")],
)  # fmt: skip
def test_role_by_class(tmp_path: Path, cls, z, role):
    spectra_import(paths=[write(tmp_path, {"a.fits": spectrum(0, cls=cls, z=z)})])
    assert Spectrum.objects.get().role == role


def test_a_template_needs_a_redshift(tmp_path: Path):
    batch = spectra_import(paths=[write(tmp_path, {"a.fits": spectrum(0, z=None)})], role="template")
    assert reasons(batch) == {"a.fits": "template-without-redshift"}


def test_a_file_joins_the_row_of_its_obsid(tmp_path: Path):
    row = SpectrumFactory(release__slug="lamost-dr7-v1", obsid=1000, name="spec-1-X_sp01-001", subclass="old")
    batch = spectra_import(paths=[write(tmp_path, {"a.fits": spectrum(0)})])
    assert (batch.attached, batch.imported) == (1, 0)
    row.refresh_from_db()
    assert (row.name, row.subclass, row.n_pixels) == ("a", "old", 3909)
    assert load_spectrum(row).wavelength.size == 3909
    assert spectra_import(paths=[tmp_path]).already_held == 1


def test_a_file_without_obsid_joins_the_row_of_its_name(tmp_path: Path):
    row = SpectrumFactory(name="a", obsid=5)
    spectra_import(paths=[write(tmp_path, {"a.fits": spectrum(0, obsid=None)})])
    row.refresh_from_db()
    assert row.sha256
    assert row.obsid == 5


def test_a_file_does_not_join_a_row_of_another_obsid(tmp_path: Path):
    SpectrumFactory(name="a", obsid=5)
    batch = spectra_import(paths=[write(tmp_path, {"a.fits": spectrum(0, obsid=6)})])
    assert reasons(batch) == {"a.fits": "name-taken"}


def test_values_that_the_database_cannot_hold_do_not_stop_it(tmp_path: Path):
    raw = spectrum(0, fiber=10**6, subclass="x" * 50, obsid=2**40)
    write(
        tmp_path,
        {"a.fits": raw, "b.fits": spectrum(1, ra=360.0, obsid=None), f"{'n' * 200}.fits": spectrum(2)},
    )
    batch = spectra_import(paths=[tmp_path])
    assert set(reasons(batch).values()) == {"name-unusable"}
    a, b = Spectrum.objects.order_by("name")
    assert (a.fiber, a.subclass, a.obsid) == (None, "x" * 40, 2**40)
    assert b.ra == 0


def test_a_name_longer_than_file_systems_take_does_not_stop_it(tmp_path: Path):
    packed = zipped(tmp_path / "s.zip", {f"{'好' * 150}.fits": spectrum(0), "b.fits": spectrum(1)})
    batch = spectra_import(paths=[packed])
    assert list(reasons(batch).values()) == ["name-unusable"]
    assert batch.imported == 1


def test_a_spectrum_without_position_has_no_source(tmp_path: Path):
    raw = files.with_cards(spectrum(0), RA=None, DEC=None)
    spectra_import(paths=[write(tmp_path, {"a.fits": raw})])
    row = Spectrum.objects.get()
    assert (row.ra, row.healpix, row.source) == (None, None, None)
    assert "position-missing" in row.warnings


def test_slices_give_what_one_import_gives(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "SLICE_FILES", 2)
    write(tmp_path, {f"{n}.fits": spectrum(n % 4) for n in range(7)})
    whole = spectra_import(paths=[tmp_path], release="whole")
    batch = ImportBatchFactory()
    for first in range(0, 7, 3):
        part = islice(iterate_files(tmp_path), first, first + 3)
        import_slice(batch=batch, files=part, choices=Choices(release="sliced"))
    import_finish(batch=batch, paths=[tmp_path])
    assert (batch.imported, batch.refused) == (whole.imported, whole.refused) == (4, 3)
    assert reasons(batch) == reasons(whole)


def test_a_crash_leaves_whole_slices_only(tmp_path: Path, monkeypatch):
    """Files of the slice that failed may lie in storage; importing again uses them."""
    monkeypatch.setattr(module, "SLICE_FILES", 2)
    write(tmp_path, {f"crash{n}.fits": spectrum(n, plan_id="CRASH") for n in range(4)})
    storage = module.spectrum_storage()
    save = storage.save
    calls = []

    def failing(name, content):
        calls.append(name)
        if len(calls) == 4:
            raise OSError("disk full")
        return save(name, content)

    monkeypatch.setattr(storage, "save", failing)
    with pytest.raises(OSError, match="disk full"):
        spectra_import(paths=[tmp_path])
    assert set(Spectrum.objects.values_list("name", flat=True)) == {"crash0", "crash1"}
    assert ImportBatch.objects.get().imported == 2
    monkeypatch.setattr(storage, "save", save)
    assert spectra_import(paths=[tmp_path]).imported == 2
    assert storage.listdir(str(Path(calls[2]).parent))[1] == ["crash2.fits"]


def test_a_torn_file_in_storage_is_written_again(tmp_path: Path):
    raw = spectrum(0)
    sha = hashlib.sha256(raw).hexdigest()
    stored = Path(module.spectrum_storage().path(f"spectra/{sha[:2]}/{sha}/torn.fits"))
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_bytes(raw[:1000])
    spectra_import(paths=[write(tmp_path, {"torn.fits": raw})])
    assert load_spectrum(Spectrum.objects.get()).name == "torn"
    assert stored.read_bytes() == raw


def test_companions_are_passed_over_but_tried_when_named(tmp_path: Path):
    write(tmp_path, {"README.txt": b"x", "manifest.csv": b"x", ".hidden.fits": b"x", "a.fits": spectrum(0)})
    assert (spectra_import(paths=[tmp_path]).refused, Spectrum.objects.count()) == (0, 1)
    alone = spectra_import(paths=[tmp_path / "README.txt"])
    assert reasons(alone) == {"README.txt": "not-fits"}


def test_a_path_that_is_not_there_imports_nothing(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="missing"):
        spectra_import(paths=[write(tmp_path, {"a.fits": spectrum(0)}), tmp_path / "missing"])
    assert not ImportBatch.objects.exists()


def test_two_visits_of_one_object_share_a_source(tmp_path: Path):
    write(tmp_path, {f"{n}.fits": spectrum(n, ra=(359.9999 + n * 1.7e-4) % 360, dec=10.0) for n in range(3)})
    spectra_import(paths=[tmp_path])
    sources = list(Spectrum.objects.order_by("name").values_list("source", flat=True))
    assert sources[0] == sources[1] != sources[2]  # 0.60 arcsec a step: the third is 1.2 from the founder
    assert Source.objects.count() == 2

"""LAMOST catalogues come in row by row, and files join them later."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from astropy.table import Table

from catalog.ingest import catalogue as module
from catalog.ingest import spectra_import
from catalog.ingest.catalogue import catalogue_import
from catalog.models import ImportBatch, Refusal, Source, Spectrum
from tests.catalog.ingest.made import simulated, spectrum, write
from tests.factories import SpectrumFactory

pytestmark = pytest.mark.django_db

DR7 = {
    "obsid": 101001, "designation": "J220848.54-020324.3", "obsdate": "2011-10-24",
    "lmjd": 55859, "mjd": 55858, "planid": "F5902", "spid": 1, "fiberid": 7,
    "ra_obs": 332.2, "dec_obs": -2.05,
    "snru": 1.96, "snrg": 14.0, "snrr": 27.16, "snri": 30.0, "snrz": -9999.0, "objtype": "Star",
    "class": "GALAXY", "subclass": "Non", "z": 0.0876, "z_err": 1e-5, "magtype": "ugrizjh",
    "mag1": 19.1, "mag2": 17.35, "mag3": 16.8, "mag4": 99.0, "mag5": 99.0, "mag6": 99.0, "mag7": 99.0,
    "ra": 332.2022740, "dec": -2.0567670,
}  # fmt: skip


def row(**changes: object) -> dict[str, object]:
    return DR7 | changes


def csv_text(rows: list[dict[str, object]], delimiter: str = "|") -> bytes:
    lines = [delimiter.join(rows[0]), *(delimiter.join(str(value) for value in one.values()) for one in rows)]
    return ("\n".join(lines) + "\n").encode()


def fits_bytes(rows: list[dict[str, object]], path: Path) -> bytes:
    Table(rows).write(path, format="fits")
    return path.read_bytes()


ROWS = [row(), row(obsid=101002, fiberid=8, **{"class": "Unknown"}, z=-9999.0, ra=0.0, dec=0.0)]


@pytest.fixture(params=["pipe", "comma", "fits", "pipe.gz", "fits.gz"])
def catalogue(request, tmp_path: Path) -> Path:
    kind, _, packed = request.param.partition(".")
    content = {
        "pipe": lambda: csv_text(ROWS),
        "comma": lambda: csv_text(ROWS, ","),
        "fits": lambda: fits_bytes(ROWS, tmp_path / "table.fits"),
    }[kind]()
    path = tmp_path / f"dr7_v2.0_LRS_catalogue.{request.param}"
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def test_every_form_gives_the_same_rows(catalogue: Path):
    batch = catalogue_import(path=catalogue)
    assert (batch.imported, batch.refused) == (2, 0)
    a, b = Spectrum.objects.order_by("obsid")
    assert (a.release.slug, a.name) == ("lamost-dr7", "spec-55859-F5902_sp01-007")
    assert (a.role, a.cls, a.subclass, a.z, a.z_err) == ("template", "GALAXY", "Non", 0.0876, 1e-5)
    assert (a.ra, a.dec, a.mjd, a.plan_id, a.spectrograph, a.fiber) == (
        332.202274,
        -2.056767,
        55859,
        "F5902",
        1,
        7,
    )
    assert (a.snr_r, a.snr_z, a.mag_g, a.mag_r, a.mag_i) == (27.16, None, 17.35, 16.8, None)
    assert (a.file.name, a.sha256, a.warnings) == ("", "", [])
    assert a.source.ra == a.ra
    assert a.imported_at
    assert (b.role, b.z, b.ra, b.dec) == ("unknown", None, 0.0, 0.0)  # 0 is a place, not a gap


def test_importing_again_changes_nothing(catalogue: Path):
    catalogue_import(path=catalogue)
    rows = list(Spectrum.objects.values())
    again = catalogue_import(path=catalogue)
    assert (again.imported, again.already_held) == (0, 2)
    assert list(Spectrum.objects.values()) == rows


BAD = {
    "obsid": ("abc", "'abc'"),
    "lmjd": ("", "''"),
    "fiberid": ("-1", "'-1'"),
    "ra": ("400", "'400'"),
    "dec": ("nan", "'nan'"),
    "planid": ("", "planid"),
}


def test_bad_rows_are_refused_with_their_number(tmp_path: Path):
    bad = [
        row(obsid=200 + n, fiberid=10 + n) | {name: value} for n, (name, (value, _)) in enumerate(BAD.items())
    ]
    path = tmp_path / "c.csv"
    path.write_bytes(csv_text([*bad, row()]) + b"1|2|3\n")
    batch = catalogue_import(path=path, release="lamost-dr8")
    assert (batch.imported, batch.refused) == (1, len(BAD) + 1)
    refusals = {refusal.file: refusal.detail for refusal in Refusal.objects.filter(reason="catalogue-row")}
    for number, (_, shown) in enumerate(BAD.values(), start=2):
        assert shown in refusals[f"c.csv: row {number}"]
    assert "fields" in refusals[f"c.csv: row {len(BAD) + 3}"]


def test_slices_cut_anywhere_give_the_same(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "SLICE_ROWS", 2)
    rows = [row(obsid=n, fiberid=n, ra=10 + n // 2 * 1e-3) for n in range(1, 8)]
    (tmp_path / "dr6.fits").write_bytes(fits_bytes(rows, tmp_path / "t.fits"))
    assert catalogue_import(path=tmp_path / "dr6.fits").imported == 7
    assert Source.objects.count() == 4


def test_files_join_their_rows_by_obsid(tmp_path: Path):
    header = simulated(0, "template").header
    path = tmp_path / "dr7.csv"
    path.write_bytes(csv_text([row(obsid=1000, ra=header.ra, dec=header.dec), row(obsid=5, fiberid=9)]))
    catalogue_import(path=path, release="lamost-dr7-v2")
    files = write(tmp_path / "files", {"spec-x.fits": spectrum(0)})
    batch = spectra_import(paths=[files])
    assert (batch.imported, batch.attached) == (0, 1)
    assert Spectrum.objects.get(sha256__gt="").name == "spec-x"
    assert Spectrum.objects.filter(sha256="").count() == 1
    assert spectra_import(paths=[files]).already_held == 1
    assert catalogue_import(path=path, release="lamost-dr7-v2").already_held == 2


def test_a_row_whose_file_came_first_is_held(tmp_path: Path):
    SpectrumFactory(obsid=101001, name="a", with_file=b"bytes")
    path = tmp_path / "dr7.csv"
    path.write_bytes(csv_text([row()]))
    assert catalogue_import(path=path).already_held == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column obsid"),
        (b"name|value\n1|2\n", "no column obsid, lmjd"),
        (spectrum(0), "import_spectra"),
    ],
)
def test_what_is_no_catalogue(tmp_path: Path, content, message):
    (tmp_path / "dr7.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        catalogue_import(path=tmp_path / "dr7.csv")
    assert not ImportBatch.objects.exists()


def test_the_release_must_be_told(tmp_path: Path):
    (tmp_path / "catalogue.csv").write_bytes(csv_text(ROWS))
    with pytest.raises(ValueError, match="--release"):
        catalogue_import(path=tmp_path / "catalogue.csv")
    with pytest.raises(ValueError, match="lower-case"):
        catalogue_import(path=tmp_path / "catalogue.csv", release="No Slug!")


def test_damage_is_said_with_what_to_do(tmp_path: Path):
    many = [row(obsid=n, fiberid=n) for n in range(1, 200)]
    table, packed = fits_bytes(many, tmp_path / "table.fits"), gzip.compress(csv_text(many))
    garbled = packed[:40] + bytes(byte ^ 0xFF for byte in packed[40:60]) + packed[60:]
    damaged = {
        "cut.fits": table[: len(table) // 2],
        "cut.fits.gz": gzip.compress(table)[:-100],
        "cut.csv.gz": packed[:-100],
        "garbled.csv.gz": garbled,
        "endless.csv": csv_text([*many, row(subclass="x" * 200_000)]),
        "quote.csv": csv_text([*many[:9], row(obsid=10, subclass='"Non'), *many[10:]]),
        "quotes.csv": csv_text([*many[:9], row(obsid=10, subclass='"Non'), row(obsid=11, objtype='x"')]),
    }
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="fetch it again"):
            catalogue_import(path=tmp_path / name, release="lamost-dr7")

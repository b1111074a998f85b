"""Loading snapshots, whole or not at all, and matching with them against a brute force."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from astropy_healpix import HEALPix
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.counterparts.coverage import COVERAGE_ORDER, Coverage, read_moc
from catalog.counterparts.loading import snapshot_load
from catalog.counterparts.snapshots import SnapshotProvider
from catalog.models import Snapshot, SnapshotObject
from catalog.positions import healpix29

from .moc import write_moc

IDS = [1237653651835781244, 1237653651835781245, 9223372036854775807]


def sdss() -> Table:
    """Three objects; the second has no redshift."""
    table = Table(
        {
            "objid": IDS,
            "ra": [10.0, 359.99999, 0.0],
            "dec": [-5.0, 0.0, 90.0],
            "class": ["GALAXY", "QSO", "STAR"],
        }
    )
    table["z"] = MaskedColumn([0.1, 99.0, 0.0], mask=[False, True, False])
    table["petroRad"] = [0.05, -9999.0, 0.1]
    table["ra"].unit = table["dec"].unit = u.deg
    table["petroRad"].unit = u.arcmin
    return table


def written(table: Table, path: Path) -> Path:
    """The table in the format that the path's ending names."""
    kind = path.suffix.removeprefix(".")
    if kind == "parquet":
        columns = {
            name: pa.array([None if value is np.ma.masked else value for value in table[name].tolist()])
            for name in table.colnames
        }
        schema = pa.schema(
            [
                pa.field(n, c.type, metadata={"unit": str(table[n].unit)} if table[n].unit else None)
                for n, c in columns.items()
            ]
        )
        pyarrow.parquet.write_table(pa.table(list(columns.values()), schema=schema), path)
    else:
        formats = {"fits": "fits", "xml": "votable", "ecsv": "ascii.ecsv", "csv": "ascii.csv"}
        table.write(path, format=formats[kind])
    return path


def load(path: Path, **changes: Any) -> Snapshot:
    about = {
        "service": "sdss", "release": "DR17", "dated": date(2026, 11, 1), "origin": "", "coverage": None,
    }  # fmt: skip
    return snapshot_load(path=path, **(about | changes))


@pytest.mark.parametrize("kind", ["fits", "xml", "ecsv", "csv", "parquet"])
def test_every_format_loads_the_same(db: None, tmp_path: Path, kind: str) -> None:
    path = written(sdss(), tmp_path / f"sdss.{kind}")
    snapshot = load(path, origin="a test", degrees=kind == "csv")
    assert (snapshot.n_objects, snapshot.origin, str(snapshot.dated)) == (3, "a test", "2026-11-01")
    assert snapshot.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    rows = list(SnapshotObject.objects.filter(snapshot=snapshot).order_by("id"))
    assert [row.identifier for row in rows] == [str(number) for number in IDS], "64 bits, exact"
    assert [row.object_type for row in rows] == ["GALAXY", "QSO", "STAR"]
    assert [row.z for row in rows] == [0.1, None, 0.0]
    scale = 1 if kind == "csv" else 60  # a CSV carries no unit: arcsec
    assert [row.petro_radius_arcsec for row in rows] == [0.05 * scale, None, 0.1 * scale]
    assert [(row.ra, row.dec) for row in rows] == [(10.0, -5.0), (359.99999, 0.0), (0.0, 90.0)]


def changed(**columns: Any) -> Table:
    """SDSS's table with columns replaced, or left out where None."""
    table = sdss()
    for name, values in columns.items():
        unit = table[name].unit if name in table.colnames else None
        if name in table.colnames:
            del table[name]
        if values is not None:
            table[name] = values
            if unit and table[name].unit is None and table[name].dtype.kind == "f":
                table[name].unit = unit
    return table


def without_unit(ra: list[float], dec: list[float]) -> Table:
    return Table({"objid": IDS[: len(ra)], "ra": ra, "dec": dec})


def in_unit(unit: str) -> Table:
    table = sdss()
    table["ra"].unit = unit
    return table


REFUSED = {
    "no-position": (changed(ra=None), "no column that is known to be its ra"),
    "nothing-known": (Table({"a": [1], "b": [2.0]}), "its identifier or ra or dec"),
    "hours": (in_unit("hourangle"), "is in hourangle"),
    "radians": (in_unit("rad"), "is in rad"),
    "hours-without-unit": (without_unit([0.5, 12.0, 23.9], [10.0, -20.0, 80.0]), "as hours do"),
    "radians-without-unit": (without_unit([0.5, 3.0, 6.2], [1.0, -1.2, 0.5]), "as radians do"),
    "sexagesimal": (changed(ra=["00:40:00", "23:59:59", "00:00:00"]), "'00:40:00', not decimal degrees"),
    "galactic": (Table({"name": ["x"], "GLON": [120.0], "GLAT": [3.0]}), "Galactic coordinates (GLON, GLAT)"),
    "off-the-sky": (changed(dec=[-5.0, 0.0, 90.5]), "row 3 has ra = 0, dec = 90.5"),
    "gaps": (changed(ra=[10.0, np.nan, 0.0]), "1 of 3 rows"),
    "twice": (changed(objid=[IDS[0], IDS[0], IDS[1]]), f"such as {IDS[0]}"),
    "decimal-id": (changed(objid=[1.237e18, 1.238e18, 1.239e18]), "decimal numbers"),
    "no-id": (changed(objid=["a", "", "c"]), "have no identifier"),
    "no-number": (changed(z=["x", "y", "z"]), "should hold numbers"),
    "odd-radius": (changed(petroRad=[1.0, 1.0, 1.0] * u.kg), "give it in arcsec"),
    "empty": (sdss()[:0], "holds no rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_snapshot_is_refused_and_nothing_kept(db: None, tmp_path: Path, case: str) -> None:
    table, words = REFUSED[case]
    with pytest.raises(ValueError) as refused:
        load(written(table, tmp_path / "bad.ecsv"))
    assert words in str(refused.value)
    assert not Snapshot.objects.exists()
    assert not SnapshotObject.objects.exists()


def test_small_positions_in_degrees_load_when_asserted(db: None, tmp_path: Path) -> None:
    path = written(without_unit([0.5, 12.0, 23.9], [10.0, -20.0, 80.0]), tmp_path / "small.csv")
    assert load(path, degrees=True).n_objects == 3


def test_named_columns_and_wrong_names(db: None, tmp_path: Path) -> None:
    path = written(Table({"what": ["a"], "x": [100.0], "y": [3.0]}), tmp_path / "odd.csv")
    assert load(path, columns={"identifier": "what", "ra": "x", "dec": "y"}).n_objects == 1
    with pytest.raises(ValueError, match="no column nowhere"):
        load(path, release="2", columns={"ra": "nowhere"})
    with pytest.raises(ValueError, match="no field right"):
        load(path, release="2", columns={"right": "x"})


@pytest.mark.parametrize(
    "content", [b"", b"not a table", b"\x00\x01\x02", b"<html></html>", b"PAR1broken", b"SIMPLE  ="]
)
def test_files_that_are_no_tables(db: None, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="file"):
        load(path)


def test_a_header_without_rows(db: None, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("objid,ra,dec\n")
    with pytest.raises(ValueError, match="holds no rows"):
        load(path)


def test_a_release_is_loaded_once(db: None, tmp_path: Path) -> None:
    path = written(sdss(), tmp_path / "sdss.fits")
    load(path)
    with pytest.raises(ValueError, match="is held already"):
        load(path)
    with pytest.raises(ValueError, match="no service"):
        load(path, service="2mass")


def test_the_command_wants_to_know_the_coverage(db: None, tmp_path: Path, capsys: Any) -> None:
    path = written(sdss(), tmp_path / "sdss.fits")
    about = ["--service", "sdss", "--release", "DR17", "--dated", "2026-11-01"]
    with pytest.raises(CommandError, match="--whole-sky"):
        call_command("import_snapshot", path, *about)
    call_command("import_snapshot", path, *about, "--whole-sky")
    assert "3 objects held" in capsys.readouterr().out
    with pytest.raises(CommandError, match="is held already"):
        call_command("import_snapshot", path, *about, "--whole-sky")
    moc = write_moc(tmp_path / "moc.fits", {0: range(12)})
    call_command("import_snapshot", path, *about[:3], "DR18", *about[4:], "--coverage", moc)
    assert Snapshot.objects.get(release="DR18").coverage_order == COVERAGE_ORDER


def test_a_moc_covers_what_it_covers_whole(tmp_path: Path) -> None:
    child = 5 << 2 * 2  # pixel 5 of order 8, at order 10
    cells = {0: [3], 8: [0], 10: [*range(child, child + 16), *range(6 << 4, (6 << 4) + 15)]}
    coverage = read_moc(write_moc(tmp_path / "moc.fits", cells))
    size = 4**COVERAGE_ORDER
    assert set(coverage.pixels.tolist()) == {0, 5, *range(3 * size, 4 * size)}, "one child of 6 is missing"
    assert (np.diff(coverage.pixels) > 0).all()
    inside = HEALPix(1 << COVERAGE_ORDER, order="nested").healpix_to_lonlat([5, 6])
    ra, dec = (np.asarray(angle.deg) for angle in inside)
    assert coverage.holds(ra, dec).tolist() == [True, False]
    assert (Coverage.from_bytes(8, coverage.to_bytes()).pixels == coverage.pixels).all()
    for wrong in ({0: [-3]}, {9: [0]}, {8: []}):
        with pytest.raises(ValueError, match="moc2"):
            read_moc(write_moc(tmp_path / "moc2.fits", wrong))
    (tmp_path / "text").write_text("no MOC")
    with pytest.raises(ValueError, match="no MOC"):
        read_moc(tmp_path / "text")


def test_outside_of_its_coverage_it_says_so(db: None, tmp_path: Path) -> None:
    path = written(sdss(), tmp_path / "sdss.fits")
    _, dec = HEALPix(256, order="nested").healpix_to_lonlat(np.arange(12 * 4**8))
    north = Coverage(8, np.flatnonzero(dec.deg > 1))
    provider = SnapshotProvider(load(path, coverage=north))
    answers = provider.lookup(np.array([50.0, 50.0, 10.0]), np.array([30.0, -30.0, -5.0]), 3.0)
    assert [(len(a.matches), a.covered) for a in answers] == [(0, True), (0, False), (1, True)]


positions = st.tuples(
    st.one_of(st.floats(0, 359.999999), st.sampled_from([0.0, 359.9999999, 180.0, 45.0])),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 0.0, 41.8103])),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(positions, min_size=1, max_size=6),
    offsets=st.lists(
        st.tuples(st.floats(0, 9), st.floats(0, 360), st.sampled_from([None, 1.0, 5.0, 8.5])), max_size=12
    ),
    radius=st.sampled_from([3.0, 5.0]),
)
def test_it_matches_as_a_brute_force_does(db: None, places: Any, offsets: Any, radius: float) -> None:
    """Against astropy, over the whole sphere, its poles and its seam; extended objects by their extent."""
    SnapshotObject.objects.all().delete()
    Snapshot.objects.all().delete()
    snapshot = Snapshot.objects.create(
        service="sdss", release="x", origin="", dated="2026-01-01", sha256="", n_objects=len(offsets)
    )
    sky = SkyCoord(*np.array(places).T, unit="deg")
    objects = []
    for n, (apart, angle, extent) in enumerate(offsets):
        at = sky[n % len(places)].directional_offset_by(angle * u.deg, apart * u.arcsec)
        ra, dec = float(at.ra.deg) % 360, float(at.dec.deg)
        objects.append((SkyCoord(ra, dec, unit="deg"), extent))
        SnapshotObject.objects.create(
            snapshot=snapshot,
            identifier=str(n),
            ra=ra,
            dec=dec,
            healpix=int(healpix29(ra, dec)),
            extent_arcsec=extent,
        )
    answers = SnapshotProvider(snapshot).lookup(sky.ra.deg, sky.dec.deg, radius)
    for place, answer in zip(sky, answers, strict=True):
        expected, maybe = set(), set()
        for n, (at, extent) in enumerate(objects):
            apart, limit = place.separation(at).arcsec, max(radius, extent or 0)
            (expected if apart <= limit else maybe if apart <= limit + 0.051 else set()).add(str(n))
        found = {match.found.identifier for match in answer.matches}
        assert expected <= found <= expected | maybe
        for match in answer.matches:
            at = objects[int(match.found.identifier)][0]
            assert match.separation_arcsec == pytest.approx(place.separation(at).arcsec, abs=1e-5)

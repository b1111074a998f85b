"""The clients of other services against answers that those services really gave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catalog.counterparts.answers import Names, ServiceError, believed, matched
from catalog.counterparts.delimited import csv_rows
from catalog.counterparts.tap import rows_of, tap_rows
from tests.catalog.counterparts.server import Sky
from tests.real.data import survey_data

pytestmark = pytest.mark.real


@pytest.fixture
def recorded() -> Path:
    return survey_data() / "crossmatch"


def test_x_match_answers_each_position(recorded: Path) -> None:
    places = csv_rows((recorded / "xmatch" / "posList.csv").read_text(), ["ra", "dec", "my_id"])
    names = Names("2MASS", "RAJ2000", "DEJ2000")
    rows = csv_rows((recorded / "xmatch" / "query_res.csv").read_text(), ["my_id", "angDist", *names.columns])
    ra, dec = (np.array([float(place[axis]) for place in places]) for axis in ("ra", "dec"))
    answers = believed(ra, dec, 5.0, 5.0, [names.found(row) for row in rows])
    for place, answer in zip(places, answers, strict=True):
        theirs = {row["2MASS"]: float(row["angDist"]) for row in rows if row["my_id"] == place["my_id"]}
        ours = {match.found.identifier: match.separation_arcsec for match in answer.matches}
        assert ours.keys() == theirs.keys()
        assert ours == pytest.approx(theirs, abs=0.01), "positions are printed to 4 mas"
    assert sum(len(answer.matches) for answer in answers) == len(rows) == 11
    with pytest.raises(ServiceError, match="at none of the places"):
        believed(ra[1:], dec[1:], 5.0, 5.0, [names.found(row) for row in rows])


@pytest.mark.parametrize("end", [1, 500, 1687])
def test_x_match_broken_off_is_noticed(recorded: Path, end: int) -> None:
    content = (recorded / "xmatch" / "query_res.csv").read_text()
    with pytest.raises(ServiceError):
        csv_rows(content[:end], ["2MASS"])


def test_sdss_ids_keep_their_64_bits(recorded: Path) -> None:
    content = (recorded / "sdss" / "xid_im.txt").read_text()
    rows = csv_rows(content if content.endswith("\n") else f"{content}\n", ["objid", "ra", "dec"])
    found = [Names("objid", "ra", "dec").found(row) for row in rows]
    assert len(found) == 18
    assert found[0].identifier == "1237653651835781245"
    assert int(float(found[0].identifier)) != int(found[0].identifier), "a float would have lost it"
    nearest = matched(np.array([2.0234]), np.array([14.8398]), 3.0, found)[0]
    assert len(nearest) == 18
    content = (recorded / "sdss" / "xid_sp.txt").read_text()
    rows = csv_rows(content if content.endswith("\n") else f"{content}\n", ["specobjid", "z"])
    spectrum = Names("specobjid", "ra", "dec", z="z").found(rows[0])
    assert (spectrum.identifier, spectrum.z) == ("845594848269461504", 0.04559058)


@pytest.fixture
def url(sky: Sky, recorded: Path, db: None) -> str:
    return sky.urls["ned"]


def played(sky: Sky, path: Path) -> None:
    sky["ned"].recorded = path.read_bytes()


def test_ned_objects_about_a_position(sky: Sky, url: str, recorded: Path) -> None:
    played(sky, recorded / "ned" / "query_near_position.xml")
    names = Names("Object Name", "RA(deg)", "DEC(deg)", "Type", "Redshift")
    rows = rows_of(tap_rows(url, "recorded"), [*names.columns, "Distance (arcmin)"])
    answers = believed(
        np.array([83.822083]), np.array([-5.391111]), 120.0, 120.0, [names.found(r) for r in rows]
    )
    apart = {match.found.identifier: match.separation_arcsec for match in answers[0].matches}
    theirs = {str(row["Object Name"]): 60 * float(row["Distance (arcmin)"]) for row in rows}
    assert len(apart) == len(rows) > 100
    assert apart == pytest.approx(theirs, abs=0.15), (
        "distances are printed to 0.001 arcmin, positions to 1e-5 deg"
    )
    with pytest.raises(ServiceError, match="has no column prefname"):
        rows_of(tap_rows(url, "recorded"), ["prefname"])


def test_simbad_tables(sky: Sky, url: str, recorded: Path) -> None:
    played(sky, recorded / "simbad" / "simbad_linked_to_basic.xml")
    rows = rows_of(tap_rows(url, "recorded"), ["from_table", "target_table"])
    assert {str(row["target_table"]) for row in rows} == {"basic"}
    played(sky, recorded / "simbad" / "simbad_basic_columns.xml")
    known = {str(row["column_name"]) for row in rows_of(tap_rows(url, "recorded"), ["column_name"])}
    assert {"main_id", "ra", "dec", "otype", "rvz_redshift", "galdim_majaxis"} <= known, "what roads asks for"


@pytest.mark.parametrize(
    "name", ["ned/error.xml", "ned/image_extract.html", "ned/query_images.fits", "vizier/no_server_error.xml"]
)
def test_answers_that_are_none_are_refused(sky: Sky, url: str, recorded: Path, name: str) -> None:
    played(sky, recorded / name)
    with pytest.raises(ServiceError) as refused:
        rows_of(tap_rows(url, "recorded"), ["prefname"])
    assert str(refused.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_recorded_answers_broken_off_are_refused(sky: Sky, url: str, recorded: Path, share: float) -> None:
    content = (recorded / "ned" / "query_near_position.xml").read_bytes()
    sky["ned"].recorded = content[: int(share * len(content))]
    with pytest.raises(ServiceError):
        tap_rows(url, "recorded")

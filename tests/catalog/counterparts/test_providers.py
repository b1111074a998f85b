"""Each provider against a service on this machine: what it answers, and every way in which it may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from catalog.counterparts.answers import Answer, ServiceError
from catalog.counterparts.roads import roads

from .server import FAULTS, Sky

RA = np.array([10.0, 150.0, 359.9999, 200.0])
DEC = np.array([-5.0, 2.0, 0.0, 89.99])
ARCSEC = 1 / 3600


def ask(service: str, road: int = 0, radius: float = 3.0) -> list[Answer]:
    return roads(service=service, simulated=False, month="2026-11")[road].lookup(RA, DEC, radius)


def names(answers: list[Answer]) -> list[list[str]]:
    return [[match.found.identifier for match in answer.matches] for answer in answers]


@pytest.fixture
def full(sky: Sky, db: None) -> Sky:
    """Two objects at the first place, one across RA 0 at the third; none at the second and the fourth."""
    near = [("A near", 10.0, -5.0 + 0.5 * ARCSEC), ("A far", 10.0, -5.0 + 2.9 * ARCSEC), ("C", 0.0001, 0.0)]
    out = ("out of reach", 150.0, 2.0 + 4 * ARCSEC)
    simbad = [
        {"main_id": n, "ra": ra, "dec": dec, "otype": "G", "rvz_redshift": 0.1, "galdim_majaxis": None}
        for n, ra, dec in [*near, out]
    ]
    sky["simbad"].objects = simbad
    sky["xmatch"].objects = [
        {"main_id": o["main_id"], "ra": o["ra"], "dec": o["dec"], "main_type": "G", "redshift": 0.1}
        for o in simbad
    ]
    sky["ned"].objects = [
        {"prefname": n, "ra": ra, "dec": dec, "prefphytype": "G", "z": 0.1, "zunc": 1e-4}
        for n, ra, dec in [*near, out]
    ]
    sky["sdss"].objects = [
        {"id": 1237653651835781244 + n, "ra": ra, "dec": dec, "type": 3, "radius": 2.5}
        for n, (_, ra, dec) in enumerate(near)
    ]
    sky["vizier"].objects = [
        {
            "Source": 4611686018427387904 + n, "RA_ICRS": ra, "DE_ICRS": dec, "Plx": 2.0, "e_Plx": 0.1,
            "pmRA": 3.0, "pmDE": 4.0, "e_pmRA": 0.1, "e_pmDE": 0.1,
        }
        for n, (_, ra, dec) in enumerate(near)
    ]  # fmt: skip
    return sky


ROADS = [("simbad", 0), ("simbad", 1), ("ned", 0), ("sdss", 0), ("gaia", 0)]
PLAYED = {
    ("simbad", 0): "simbad",
    ("simbad", 1): "xmatch",
    ("ned", 0): "ned",
    ("sdss", 0): "sdss",
    ("gaia", 0): "vizier",
}


@pytest.mark.parametrize("road", ROADS)
def test_all_matches_nearest_first_and_none_elsewhere(full: Sky, road: tuple[str, int]) -> None:
    answers = ask(*road)
    assert [len(answer.matches) for answer in answers] == [2, 0, 1, 0]
    assert all(answer.covered for answer in answers)
    first, second = answers[0].matches
    assert first.separation_arcsec == pytest.approx(0.5, abs=1e-3)
    assert second.separation_arcsec == pytest.approx(2.9, abs=1e-3)
    assert answers[2].matches[0].separation_arcsec == pytest.approx(0.72, abs=1e-3)


ONLY_TAP_OVERFLOWS = (("simbad", 1), ("sdss", 0))


@pytest.mark.parametrize(
    ("road", "fault"),
    [(r, fault) for r in ROADS for fault in FAULTS if fault != "overflow" or r not in ONLY_TAP_OVERFLOWS],
)
def test_a_fault_is_never_an_answer(full: Sky, road: tuple[str, int], fault: str) -> None:
    full[PLAYED[road]].faults = [fault] * 4
    with pytest.raises(ServiceError) as refused:
        ask(*road)
    assert str(refused.value)
    full[PLAYED[road]].faults = []
    assert [len(answer.matches) for answer in ask(*road)] == [2, 0, 1, 0], "it is well again"


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("fault", ["503", "429", "reset", "hang"])
def test_one_passing_fault_is_tried_over(full: Sky, road: tuple[str, int], fault: str) -> None:
    played = full[PLAYED[road]]
    played.faults = [fault]
    assert [len(answer.matches) for answer in ask(*road)] == [2, 0, 1, 0]
    assert played.asked[0] == played.asked[1], "the second attempt asks the same, its file included"


@pytest.mark.parametrize("road", ROADS)
def test_compressed_answers_in_chunks_are_read(full: Sky, road: tuple[str, int]) -> None:
    full[PLAYED[road]].packed = True
    assert [len(answer.matches) for answer in ask(*road)] == [2, 0, 1, 0]


def test_simbad_carries_type_and_redshift(full: Sky) -> None:
    found = ask("simbad")[0].matches[0].found
    assert (found.identifier, found.object_type, found.z, found.z_err) == ("A near", "G", 0.1, None)


def test_a_place_inside_of_an_extended_galaxy_matches(full: Sky) -> None:
    wide = {"main_id": "NGC 1", "ra": 150.0, "dec": 2.0 + 40 * ARCSEC, "otype": "G", "rvz_redshift": 0.01}
    full["simbad"].objects = [wide | {"galdim_majaxis": 1.5}]
    assert names(ask("simbad"))[1] == ["NGC 1"], "40 arcsec from the centre, radius 45"
    full["simbad"].objects = [wide | {"galdim_majaxis": 1.0}]
    assert names(ask("simbad"))[1] == []


def test_sdss_joins_spectra_to_objects_and_keeps_64_bits(full: Sky) -> None:
    objects = full["sdss"].objects
    objects[0] |= {"specobjid": 845594848269461504, "class": "GALAXY", "z": 0.0456, "zErr": 1e-5}
    objects.append(
        {"specobjid": 845594848269461505, "ra": 150.0, "dec": 2.0, "class": "QSO", "z": 1.0, "zErr": 1e-3}
    )
    answers = ask("sdss")
    near, far = (match.found for match in answers[0].matches)
    assert (near.identifier, near.object_type, near.z, near.z_err) == (
        "1237653651835781244",
        "GALAXY",
        0.0456,
        1e-5,
    )
    assert near.petro_radius_arcsec == 2.5
    assert (far.identifier, far.object_type, far.z) == ("1237653651835781245", "GALAXY", None)
    assert names(answers)[1] == ["845594848269461505"], "a spectrum alone is a match"


def test_sdss_says_where_it_never_looked(full: Sky) -> None:
    full["sdss"].covers = lambda ra, dec: dec < 80
    assert [answer.covered for answer in ask("sdss")] == [True, True, True, False]
    full["sdss"].covers = lambda ra, dec: False
    assert [answer.covered for answer in ask("sdss")] == [True, False, True, False], "a match is a match"


def test_gaia_tells_stars_from_what_stands_still(full: Sky) -> None:
    found = ask("gaia")[0].matches[0].found
    assert found.identifier == "4611686018427387904"
    assert found.object_type == "star"
    assert found.note == "parallax 2.00 mas (S/N 20.0), proper motion 5.00 mas/yr (S/N 35.4)"
    still: dict[str, Any] = {"Plx": 0.2, "e_Plx": 0.1, "pmRA": 0.1, "pmDE": 0.1, "e_pmRA": 0.1, "e_pmDE": 0.1}
    full["vizier"].objects = [one | still for one in full["vizier"].objects]
    assert ask("gaia")[0].matches[0].found.object_type == ""


def test_nothing_anywhere_is_an_answer(sky: Sky, db: None) -> None:
    for road in ROADS:
        assert names(ask(*road)) == [[], [], [], []], road

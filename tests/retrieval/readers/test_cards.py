"""Header values: missing stays missing."""

from __future__ import annotations

import pytest

from retrieval.readers import cards


@pytest.mark.parametrize(
    ("magtype", "bands"),
    [
        ("ugriz", list("ugriz")),
        ("ugrizjh", list("ugrizjh")),
        ("BR1R2I", ["B", "R1", "R2", "I"]),
        ("MODugriz", list("ugriz")),
        ("fibermagr", ["r"]),
        ("Kp", ["Kp"]),
        ("", []),
    ],
)
def test_bands_of_magtype(magtype, bands):
    assert cards.bands(magtype) == bands


@pytest.mark.parametrize("value", [-9999, -9999.0, "", "abc", None, float("nan"), True])
def test_what_is_not_measured_is_none(value):
    assert cards.measured({"Z": value}, "Z") is None


def test_the_first_card_that_is_there_counts():
    assert cards.number({"SN_R": "3.5", "SNRR": ""}, "SNRR", "SN_R") == 3.5
    assert cards.text({"A": "  x "}, "B", "A") == "x"


@pytest.mark.parametrize("value", [99.0, 99.99, -9999.0, None])
def test_no_magnitude(value):
    assert cards.magnitude(value) is None


def test_a_place_must_be_on_the_sky():
    assert cards.position({"RA": 0, "DEC": 0}, "RA", "DEC") == (0, 0)
    assert cards.position({"RA": 400, "DEC": 0}, "RA", "DEC") == (None, None)
    assert cards.position({"RA": 10, "DEC": -9999}, "RA", "DEC") == (None, None)

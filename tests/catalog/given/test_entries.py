"""Texts of lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.given.entries import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# all of it\n\n  \n", []),
        ("spec-a\n\nspec-b", [(1, "spec-a"), (3, "spec-b")]),
        ("ra,dec\n10.5,-3\n# no\n11,2", [(2, "10.5 -3"), (4, "11 2")]),
        ("z,RAJ2000,DEJ2000\n0.1, 10.5 ,-3", [(2, "10.5 -3")]),
        ('\ufefffile_LAMOST,ra,dec\r\n"spec-a",1,2\r\n', [(2, "spec-a")]),
        ("ra\tdec\n1\t2\n3", [(2, "1 2"), (3, "3")]),
        ("ra dec\n1 2", [(2, "1 2")]),
        ("10 20", [(1, "10 20")]),
    ],
)
def test_lines(text: str, expected: list[tuple[int, str]]) -> None:
    assert [(entry.line, entry.text) for entry in parse(text)] == expected


@pytest.mark.parametrize(
    "text", ["spec-a", "x/y/spec-a.fits.gz", "spec-a.fits, 10, 20", '"spec-a.FITS"', "spec-a.gz"]
)
def test_names_without_folder_and_suffix(text: str) -> None:
    assert parse(text)[0].name == "spec-a"


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    assert all(entry.line >= 1 and entry.text == entry.text.strip() for entry in parse(text))

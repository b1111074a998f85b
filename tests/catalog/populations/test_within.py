"""Ranges of any column: the same rows on pages, in downloads and as a plain loop finds them."""

from __future__ import annotations

import csv
import io
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from catalog.columns import GALAXY_COLUMNS, numbers_of
from catalog.models import Run
from catalog.tables import TABLES
from catalog.within import Within, WithinField
from tests.catalog.pages.test_home import text

from .conftest import galaxies

COLUMNS = numbers_of(GALAXY_COLUMNS)
FIELD = WithinField(columns=COLUMNS)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.sampled_from(COLUMNS), st.none() | NUMBERS, st.none() | NUMBERS)
def test_what_is_written_reads_the_same(column, low, high) -> None:
    if low is None and high is None:
        return
    if low is not None and high is not None and low > high:
        low, high = high, low
    one = Within(column, low, high)
    assert FIELD.parse(one.text) == one


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nope:1:2", "no numeric column “nope”"), ("z_our", "is not a range"),
        ("z_our:a:b", "is not a range"),        ("z_our:1:2:3", "is not a range"), ("z_our::", "has no end"),
        ("z_our:2:1", "begins above its end"),
        ("z_our:nan:", "is not a range"), ("z_our:inf:", "is not a range"),
        ("class_our:1:2", "no numeric column"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(typed: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FIELD.clean([typed])


@pytest.mark.parametrize("name", ["galaxies", "nebulae", "unclear", "candidates"])
def test_every_numeric_column_cuts_its_list(name: str, run: Run) -> None:
    table = TABLES[name]
    for column in numbers_of(table.columns):
        rows = table.filter(run=run, params={"within": [f"{column.name}::1e9"]})
        assert rows.is_valid(), rows.errors
        assert rows.qs.count() == table.rows(run).filter(**{f"{column.path}__lte": 1e9}).count()


def test_pages_downloads_and_a_plain_loop_agree(client: Client, run: Run) -> None:
    query = "within=mag_g:15:19&within=z_our:0.05:"
    wanted = {
        one.spectrum.name for one in galaxies(run) if 15 <= one.spectrum.mag_g <= 19 and one.z_cl >= 0.05
    }
    assert 0 < len(wanted) < 40
    page = client.get(f"/galaxies/?{query}")
    assert page.context["total"] == len(wanted)
    rows = csv.DictReader(io.StringIO(client.get(f"/galaxies/download.csv?{query}").getvalue().decode()))
    assert {row["file_LAMOST"] for row in rows} == wanted
    words = unescape(page.content.decode())
    assert "g (mag) 15 to 19" in words
    chips = {chip.text: chip.query for chip in page.context["chips"]}
    assert chips["z from 0.05"] == "?within=mag_g%3A15%3A19"  # each goes alone
    assert "There is no numeric column" in text(client, "/galaxies/?within=nope:1:2", 400)

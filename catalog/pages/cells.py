"""Cells of a table: how a column's value is written on a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from catalog.columns import Column
from catalog.models import HIIRegion, Run, Spectrum
from catalog.paging import value_at
from retrieval.flags import candidate_warnings

MISSING = "—"
LONG = 40
LIMITS = {"log_nii_ha": "nii_is_limit", "log_sii_ha": "sii_is_limit"}  # which field marks upper limits
REGION_NAMES = ("WISE_Name", "WISE_Region")  # columns that lead to the page of the row's region


@dataclass(frozen=True)
class Cell:
    text: str
    number: bool = False
    url: str = ""

    @property
    def long(self) -> bool:
        """Whether it is prose, to be broken over lines."""
        return len(self.text) > LONG


def cell(column: Column, row: Any, *, run: Run | None = None, within: str = "") -> Cell:
    """A row's value in a column. Missing is a dash; 0 is a value. ``within`` is the list that a spectrum's
    page leads on through (see ``through``)."""
    value = value_at(row, column.path)
    url = ""
    if column.name == "file_LAMOST":
        url = spectrum_url(row if isinstance(row, Spectrum) else row.spectrum, run=run)
        url += f"&{urlencode({'in': within})}" if within else ""
    elif column.name in REGION_NAMES:
        region = row if isinstance(row, HIIRegion) else getattr(row, "region", None)
        url = region_url(region, run=run) if isinstance(region, HIIRegion) else ""
    text = written(column, value)
    if value is not None and getattr(row, LIMITS.get(column.path, ""), False):
        text = f"< {text}"
    return Cell(text, column.kind in ("int", "float"), url)


def written(column: Column, value: Any) -> str:
    """A value in words or digits, with the column's decimals and a true minus sign."""
    if value is None or value == "":
        return MISSING
    if column.kind == "bool":
        return "yes" if value else "no"
    if column.kind == "float":
        return number(value, column.decimals)
    if column.name == "flags":
        return "; ".join(candidate_warnings(value)) or MISSING
    return str(value)


def number(value: float | str | None, decimals: int | None = None) -> str:
    """A number for people: fixed decimals where given, else up to six digits; a dash where there is none."""
    if value is None or value == "":
        return MISSING
    text = f"{value:.6g}" if decimals is None else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−") if text.startswith("-") else text


def with_error(value: float | None, error: float | None) -> str:
    """A value and its error, both to the error's second digit."""
    if value is None or error is None or not error > 0:
        return number(value)
    decimals = max(0, 1 - math.floor(math.log10(error)))
    return f"{number(value, decimals)} ± {number(error, decimals)}"


def spectrum_url(spectrum: Spectrum, *, run: Run | None = None) -> str:
    """The page of exactly this spectrum, with a pinned run where one is given."""
    query = {"release": spectrum.release.slug} | ({"run": run.pk} if run else {})
    return f"{reverse('spectrum', args=[spectrum.name])}?{urlencode(query)}"


def region_url(region: HIIRegion, *, run: Run | None = None) -> str:
    """The page of exactly this region, of its version, with a pinned run where one is given."""
    query = {"version": region.version} | ({"run": run.pk} if run else {})
    return f"{reverse('region', args=[region.name])}?{urlencode(query)}"

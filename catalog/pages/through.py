"""The way through a result on the page of a spectrum: where it stands, and what comes before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from catalog.lean import lean
from catalog.models import Run, Spectrum
from catalog.paging import Order, neighbours
from catalog.tables import TABLES, Table, current_run

from .cells import spectrum_url

ONE_ROW_EACH = ("pk", "spectrum")
"""Where the rows of a list lead to their spectra, if each has one row at most."""


@dataclass(frozen=True)
class Through:
    """``place`` counts from 1; ``previous`` and ``next`` are addresses, empty at the ends."""

    title: str
    place: int
    total: int
    previous: str
    next: str
    back: str


def can_lead(table: Table) -> bool:
    """Whether one can go through a list from spectrum to spectrum."""
    return getattr(table.filterset, "spectrum", "") in ONE_ROW_EACH


def within(table: Table, params: QueryDict) -> str:
    """What links from a list to its spectra carry as ``in``: the list with its filters and its sort."""
    query = params.copy()
    for name in ("after", "before", "columns"):
        query.pop(name, None)
    return f"{table.name}?{query.urlencode()}"


def through(request: HttpRequest, spectrum: Spectrum) -> Through | None:
    """The way through the list that the page's address names as ``in``.

    None where it names none, the list cannot be read, or the spectrum is not in it (any more).
    """
    asked = request.GET.get("in", "")
    name, _, query = asked.partition("?")
    table = TABLES.get(name)
    if table is None or not can_lead(table):
        return None
    params = QueryDict(query)
    sort = params.get("sort") or table.order
    try:
        run = current_run(params.get("run")) if table.of_run else None
        order = Order.by(table.column(sort.removeprefix("-")), descending=sort.startswith("-"))
    except (Run.DoesNotExist, ValueError, OverflowError, KeyError):
        return None
    filters = table.filter(run=run, params=params)
    if not filters.is_valid():
        return None
    rows = filters.qs
    here = lean(rows, order.path).filter(**{table.filterset.spectrum: spectrum.pk})
    start = here.order_by("pk").values_list(order.path, "pk").first()
    if start is None:
        return None
    total = lean(rows).count()
    before, after, place = neighbours(rows, order=order.among(total), start=start)
    release = "release" if rows.model is Spectrum else "spectrum__release"
    beside = rows.model.objects.select_related(release).in_bulk(
        [pk for pk in (before, after) if pk is not None]
    )
    pinned = run if params.get("run") else None
    return Through(
        title=table.title,
        place=place,
        total=total,
        previous=_address(beside.get(before), pinned, asked),
        next=_address(beside.get(after), pinned, asked),
        back=f"{reverse(table.name)}?{query}",
    )


def _address(row: Any, run: Run | None, asked: str) -> str:
    if row is None:
        return ""
    spectrum = row if isinstance(row, Spectrum) else row.spectrum
    return f"{spectrum_url(spectrum, run=run)}&{urlencode({'in': asked})}"

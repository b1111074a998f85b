"""Paging by key against a plain sort of the whole."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.db.models import F, QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Release, Spectrum
from catalog.paging import BadTokenError, Order, get_page
from tests import factories as f

pytestmark = pytest.mark.django_db

few = st.sampled_from([-1.5, 0.0, 0.1, 2.0])
numbers = st.none() | few | st.floats(allow_nan=False)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=4)


def held(values: list[float | None], texts: list[str]) -> QuerySet[Spectrum]:
    release = f.ReleaseFactory()
    Spectrum.objects.bulk_create(
        Spectrum(release=release, name=f"{text}{n}", subclass=text, role="other", cls="STAR", snr_r=value)
        for n, (value, text) in enumerate(zip(values, texts, strict=True))
    )
    return Spectrum.objects.filter(release=release)


def plainly(rows: QuerySet[Spectrum], order: Order) -> list[int]:
    """The whole list, sorted by Python: by id, then by value, then those without one to the end."""
    everything = list(rows.order_by("-pk" if order.descending else "pk"))

    def value(row: Any) -> Any:
        return getattr(row, order.path)

    known = (row for row in everything if value(row) is not None)
    known = sorted(known, key=value, reverse=order.descending)  # stable: equal values keep the order of ids
    return [row.pk for row in [*known, *(r for r in everything if value(r) is None)]]


def forwards(rows: QuerySet[Any], order: Order, size: int) -> tuple[list[list[int]], str | None]:
    """Every page from the first to the last, and the way back from the last."""
    pages, after = [], ""
    while True:
        page = get_page(rows, order=order, after=after, size=size)
        pages.append([row.pk for row in page.rows])
        if page.after is None:
            return pages, page.before
        after = page.after


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    values=st.lists(st.tuples(numbers, texts), max_size=14),
    path=st.sampled_from(["snr_r", "subclass", "annotated"]),
    descending=st.booleans(),
    size=st.integers(1, 6),
)
def test_pages_are_the_plain_sort(
    db: None, values: list[tuple[float | None, str]], path: str, descending: bool, size: int
) -> None:
    order = Order(path, descending)
    with transaction.atomic():
        rows = held([value for value, _ in values], [text for _, text in values])
        rows = rows.annotate(annotated=F("snr_r"))
        expected = plainly(rows, order)

        pages, before = forwards(rows, order, size)
        assert [pk for page in pages for pk in page] == expected
        assert all(len(page) == size for page in pages[:-1])

        back = [pages[-1]]
        while before:
            page = get_page(rows, order=order, before=before, size=size)
            back.insert(0, [row.pk for row in page.rows])
            before = page.before
        assert back == pages
        transaction.set_rollback(True)


def test_what_is_added_meanwhile_neither_repeats_nor_hides_a_row() -> None:
    rows = held([1.0, 2.0, 3.0, 4.0], ["a", "b", "c", "d"])
    order = Order("snr_r")
    first = get_page(rows, order=order, size=2)
    f.SpectrumFactory(release=rows[0].release, snr_r=0.5)
    second = get_page(rows, order=order, after=first.after, size=2)
    assert [row.snr_r for row in (*first.rows, *second.rows)] == [1.0, 2.0, 3.0, 4.0]


def test_follows_relations_also_empty_ones() -> None:
    inside = f.CandidateFactory(nebula=True, new_found=False, region=f.HIIRegionFactory(name="G1"))
    outside = f.CandidateFactory(nebula=True, run=inside.run)
    rows = type(inside).objects.all()
    pages, _ = forwards(rows, Order("region__name", descending=True), 1)
    assert pages == [[inside.pk], [outside.pk]]


def test_a_page_before_the_first_full_one_is_the_first() -> None:
    rows = held([1.0, 2.0, 3.0], ["a", "b", "c"])
    order = Order("snr_r")
    second = get_page(rows, order=order, after=get_page(rows, order=order, size=1).after, size=1)
    page = get_page(rows, order=order, before=second.before, size=3)
    assert [row.snr_r for row in page.rows] == [1.0, 2.0, 3.0]
    assert page.before is None


@pytest.mark.parametrize("token", ["x", "====", "W10", "bnVsbA", "é", "W10=" * 3])
def test_damaged_tokens_are_refused(token: str) -> None:
    with pytest.raises(BadTokenError):
        get_page(Spectrum.objects.all(), order=Order("snr_r"), after=token)


def test_a_token_of_another_sort_is_refused() -> None:
    rows = held([1.0, 2.0], ["a", "b"])
    token = get_page(rows, order=Order("snr_r"), size=1).after
    with pytest.raises(BadTokenError, match="another sort"):
        get_page(rows, order=Order("snr_r", descending=True), after=token)


def test_no_rows_no_pages() -> None:
    page = get_page(Release.objects.none(), order=Order("slug"))
    assert (page.rows, page.before, page.after) == ((), None, None)

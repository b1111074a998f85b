"""Stable paging by key: a page begins after (or ends before) a row, whatever was inserted meanwhile.

Rows with a value come first, rows without one last, whichever way the sort goes; equal values are told
apart by id, in the direction of the sort. The two kinds are read as two queries, so that each is a plain
range of an index. In the order of a text of another table few rows are sorted instead (see ``FEW``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.functions import Concat

from .columns import Column
from .lean import lean

PAGE_SIZE = 50
FEW = 50_000
"""So many rows are sorted in a tenth of a second. PostgreSQL would rather go through the other table in its
order until it has met enough of them, and goes through nearly all of it where they come last."""


class BadTokenError(ValueError):
    """A page token that this sort did not write."""


@dataclass(frozen=True)
class Order:
    """Sort by ``path`` (an ORM path or an annotation of the queryset), falling if ``descending``.

    ``text`` says that it leads to a text, ``few`` that the rows are few.
    """

    path: str
    descending: bool = False
    text: bool = False
    few: bool = False

    @classmethod
    def by(cls, column: Column, *, descending: bool = False) -> Order:
        return cls(column.path, descending, text=column.kind == "str")

    def among(self, total: int) -> Order:
        """The same order of so many rows."""
        return replace(self, few=total <= FEW)

    @property
    def value(self) -> Any:
        """What the database sorts by: where it shall sort, the text in words that no index holds."""
        sorts = self.few and self.text and "__" in self.path
        return Concat(self.path, Value("")) if sorts else F(self.path)

    @property
    def key(self) -> str:
        return f"-{self.path}" if self.descending else self.path


@dataclass(frozen=True)
class Page:
    """Some consecutive rows; ``before`` and ``after`` are the tokens of the pages next to it, if any."""

    rows: tuple[Any, ...]
    before: str | None
    after: str | None


def value_at(row: Any, path: str) -> Any:
    """The value at the end of an ORM path; None where a relation on the way is empty."""
    for step in path.split("__"):
        if row is None:
            return None
        row = getattr(row, step)
    return row


def get_page(
    queryset: QuerySet[Any],
    *,
    order: Order,
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
    shown: Collection[str] | None = None,
) -> Page:
    """The page that follows the row of token ``after``, or precedes ``before``, or is the first.

    A page before that has no ``size`` rows left is the first page, whole. Rows carry those annotations that
    the paths ``shown`` and the order need, or all. Raises BadTokenError.
    """
    whole = queryset
    if shown is not None:
        whole = queryset.all()
        whole.query.set_annotation_mask({order.path, *shown} & set(whole.query.annotation_select))
    if before:
        rows = _rows(queryset, whole, order, _parse(before, order), size + 1, backwards=True)
        if len(rows) > size:
            page = tuple(reversed(rows[:size]))
            return Page(page, _token(page[0], order), _token(page[-1], order))
        after = ""
    start = _parse(after, order) if after else None
    rows = _rows(queryset, whole, order, start, size + 1, backwards=False)
    page = tuple(rows[:size])
    return Page(
        page,
        _token(page[0], order) if after and page else None,
        _token(page[-1], order) if len(rows) > size else None,
    )


def neighbours(
    queryset: QuerySet[Any], *, order: Order, start: tuple[Any, int]
) -> tuple[int | None, int | None, int]:
    """Ids of the rows before and after that of ``start`` (its value and its id; None at the ends), and its
    place from 1."""
    before = _ids(queryset, order, start, 1, backwards=True)
    after = _ids(queryset, order, start, 1, backwards=False)
    earlier = _beyond(order.path, *start, not order.descending)
    if start[0] is None:
        earlier = Q(**{f"{order.path}__isnull": False}) | (Q(**{f"{order.path}__isnull": True}) & earlier)
    place = lean(queryset, order.path).filter(earlier).count() + 1
    return next(iter(before), None), next(iter(after), None), place


def _signer(order: Order) -> Signer:
    return Signer(salt=f"catalog.paging {order.key}")


def _token(row: Model, order: Order) -> str:
    return _signer(order).sign_object([value_at(row, order.path), row.pk])


def _parse(token: str, order: Order) -> tuple[Any, int]:
    """Value and id of the row. The signature vouches for their types, and for the sort they belong to."""
    try:
        value, pk = _signer(order).unsign_object(token)
    except BadSignature as error:
        raise BadTokenError(
            "This page's address is damaged or belongs to another sort; start from the first page."
        ) from error
    return value, pk


def _rows(
    queryset: QuerySet[Any],
    whole: QuerySet[Any],
    order: Order,
    start: tuple[Any, int] | None,
    wanted: int,
    *,
    backwards: bool,
) -> list[Any]:
    """Up to ``wanted`` rows beyond ``start``, nearest first, as ``whole`` has them.

    Their ids are asked for first: so a sort carries nothing but ids, and what is joined and annotated is
    worked out for the rows of the page alone.
    """
    ids = _ids(queryset, order, start, wanted, backwards=backwards)
    rows = whole.in_bulk(ids)
    return [rows[pk] for pk in ids if pk in rows]  # one may have gone between the two queries


def _ids(
    queryset: QuerySet[Any], order: Order, start: tuple[Any, int] | None, wanted: int, *, backwards: bool
) -> list[int]:
    """Ids of up to ``wanted`` rows beyond ``start``, nearest first."""
    queryset = lean(queryset, order.path)
    ids: list[int] = []
    falling = order.descending != backwards
    for empty in (True, False) if backwards else (False, True):
        if len(ids) == wanted:
            break
        leg = queryset.filter(**{f"{order.path}__isnull": empty})
        if start is not None:
            value, pk = start
            starts_in_empty = value is None
            if starts_in_empty != empty and empty == backwards:
                continue  # the start lies beyond this leg
            if starts_in_empty == empty:
                leg = leg.filter(_beyond(order.path, value, pk, falling))
        keys: list[Any] = [] if empty else [order.value.desc() if falling else order.value.asc()]
        keys.append("-pk" if falling else "pk")
        ids += leg.order_by(*keys).values_list("pk", flat=True)[: wanted - len(ids)]
    return ids


def _beyond(path: str, value: Any, pk: int, falling: bool) -> Q:
    side = "lt" if falling else "gt"
    if value is None:
        return Q(**{f"pk__{side}": pk})
    # The first condition is implied by the second, and lets the database begin at the row in its index.
    return Q(**{f"{path}__{side}e": value}) & (
        Q(**{f"{path}__{side}": value}) | Q(**{path: value, f"pk__{side}": pk})
    )

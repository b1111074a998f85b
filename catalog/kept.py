"""Numbers that take seconds to count: kept while the answers and votes that they rest on are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.core.cache import cache
from django.db.models import Max, Model
from django.utils import timezone

from .models import Adjudication, CounterpartLookup, Run, Vote

T = TypeVar("T")
LONGEST = 600
"""Seconds after which they are counted anew whatever happened."""


@dataclass(frozen=True)
class Kept(Generic[T]):
    """A value, and when it was counted: the page says so."""

    value: T
    counted_at: datetime


def kept(name: str, *, run: Run, count: Callable[[], T]) -> Kept[T]:
    """What ``count`` gives of a run, or gave since the last answer of a service, vote or decision.

    What leaves no such trace (a candidate withdrawn, a vote taken back) shows when the time is over.
    """
    key = "-".join((name, str(run.pk), *_traces()))
    found: Kept[T] | None = cache.get(key)
    if found is None:
        found = Kept(count(), timezone.now())
        cache.set(key, found, LONGEST)
    return found


def _traces() -> tuple[str, ...]:
    """Of each table that only grows, or tells when a row was written last: its end, by an index."""
    ends: tuple[tuple[type[Model], str], ...] = (
        (CounterpartLookup, "asked_at"), (CounterpartLookup, "pk"), (Vote, "pk"), (Adjudication, "pk"),
    )  # fmt: skip
    found = (model._default_manager.aggregate(end=Max(field))["end"] for model, field in ends)
    return tuple(end.strftime("%Y%m%dT%H%M%S.%f") if isinstance(end, datetime) else str(end) for end in found)

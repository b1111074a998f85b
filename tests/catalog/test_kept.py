"""Numbers are counted anew when an answer or a vote comes, and not before."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from catalog.kept import kept
from catalog.models import CounterpartLookup
from tests import factories as f

pytestmark = pytest.mark.django_db


def test_counted_anew_when_something_came(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    candidate = f.CandidateFactory()
    counted: list[int] = []

    def count() -> int:
        counted.append(len(counted) + 1)
        return counted[-1]

    def shown(run: Any = candidate.run) -> int:
        return kept("numbers", run=run, count=count).value

    assert (shown(), shown()) == (1, 1)
    assert kept("others", run=candidate.run, count=lambda: "words").value == "words"
    assert shown(f.RunFactory()) == 2
    assert shown() == 1
    lookup = f.CounterpartLookupFactory(source=candidate.spectrum.source)
    assert (shown(), shown()) == (3, 3)
    CounterpartLookup.objects.update(outcome="failed", asked_at=lookup.asked_at.replace(year=2100))
    assert shown() == 4
    f.VoteFactory(candidate=candidate)
    assert (shown(), shown()) == (5, 5)
    first = kept("numbers", run=candidate.run, count=count)
    assert kept("numbers", run=candidate.run, count=count).counted_at == first.counted_at
    cache.clear()

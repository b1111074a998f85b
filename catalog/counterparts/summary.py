"""How far the look-ups of a run are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from catalog.models import DECIDING, Candidate, Outage, Run, Service, Snapshot

from .selectors import Outcome, standing_of_sources


@dataclass(frozen=True)
class ServiceSummary:
    """How one service stands to the sources of a run that it is asked about (see plan.sources_of)."""

    service: str
    label: str
    decides: bool
    sources: int
    matched: int
    no_match: int
    not_covered: int
    failed: int
    outages: tuple[Outage, ...]

    @property
    def not_asked(self) -> int:
        return self.sources - self.matched - self.no_match - self.not_covered - self.failed

    @property
    def waiting(self) -> int:
        """Sources without an answer: never asked, failed, or not covered by what was asked."""
        return self.not_asked + self.failed + self.not_covered

    @property
    def in_words(self) -> str:
        return (
            f"{self.matched} of {self.sources} sources matched, {self.no_match} without match, "
            f"{self.not_covered} not covered, {self.failed} failed, {self.not_asked} not asked"
        )


def services_summary(*, run: Run | None) -> list[ServiceSummary]:
    """Every service, counted over unique sources (one primary candidate each)."""
    outages: dict[str, list[Outage]] = {}
    for outage in Outage.objects.order_by("since"):
        outages.setdefault(outage.service, []).append(outage)
    others = [service for service in Service if service not in DECIDING]
    counts = _counts(run, DECIDING, kind=Candidate.Kind.GALAXY) | _counts(run, others)
    return [
        ServiceSummary(
            service=service.value,
            label=str(service.label),
            decides=service in DECIDING,
            outages=tuple(outages.get(service.value, ())),
            **counts[service],
        )
        for service in Service
    ]


def _counts(run: Run | None, services: Sequence[Service], **chosen: Any) -> dict[Service, dict[str, int]]:
    """Sources of a run's chosen candidates, and how many have each outcome, by service: two queries."""
    candidates = Candidate.objects.filter(run=run, spectrum__source__isnull=False, **chosen)
    sources = candidates.aggregate(n=Count("spectrum__source", distinct=True))["n"]
    stand = standing_of_sources(candidates=candidates, services=[s.value for s in services])
    groups = stand.values_list("service", "outcome").annotate(n=Count("pk"))
    counted = {(service, outcome): n for service, outcome, n in groups}
    return {
        s: {"sources": sources}
        | {outcome.name.lower(): counted.get((s.value, outcome.value), 0) for outcome in Outcome}
        for s in services
    }


def snapshots_held() -> list[Snapshot]:
    """Snapshots, the newest first, without their coverage."""
    return list(Snapshot.objects.defer("coverage").order_by("service", "-pk"))

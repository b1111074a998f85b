"""What stands of the answers about a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Least, TruncDate
from django.db.models.lookups import Regex

from catalog.models import DECIDING, Candidate, Counterpart, CounterpartLookup, Service, Spectrum

Outcome = CounterpartLookup.Outcome

_AS_OF = Least("snapshot__dated", TruncDate("asked_at"))  # PostgreSQL passes over what is NULL
"""The day of which a look-up speaks: a snapshot asked today says what its service held when it was taken."""
SIMULATED = Q(snapshot__isnull=False, snapshot__simulated=True)
"""Look-ups in a simulated snapshot."""
_MONTH = r"^[0-9]{4}-[0-9]{2}$"
"""Releases that are months: the only ones of which it is known which of two is the newer."""


def standing(*, service: str) -> QuerySet[CounterpartLookup]:
    """For a subquery: the look-ups of a service that stand for the outer candidate, the first counts.

    That is its newest match that is not unsaid (see ``_unsaid``); else its newest "no match", a snapshot's
    answer being as old as the snapshot. Only where there is no answer it is that the service does not cover
    the place; else that it failed. What was asked about another position than the source's of now does not
    stand, and a simulated snapshot says nothing about a real spectrum.
    """
    return _ranked(
        CounterpartLookup.objects.filter(
            may_answer("spectrum__release__simulated"),
            source=OuterRef("spectrum__source"),
            ra=OuterRef("spectrum__source__ra"),
            dec=OuterRef("spectrum__source__dec"),
            service=service,
        )
    )


def standing_of_sources(
    *, candidates: QuerySet[Candidate], services: Sequence[str]
) -> QuerySet[CounterpartLookup]:
    """Of each service and source of the candidates, the look-up that stands (see ``standing``): one row each.

    A source that a real spectrum shares is real.
    """
    real = candidates.filter(spectrum__release__simulated=False)
    lookups = CounterpartLookup.objects.filter(
        source__in=candidates.order_by().values("spectrum__source"),
        ra=F("source__ra"), dec=F("source__dec"), service__in=services,
    ).exclude(SIMULATED, source__in=real.order_by().values("spectrum__source"))  # fmt: skip
    ranked = _ranked(lookups)
    first = ranked.order_by("service", "source", *ranked.query.order_by).distinct("service", "source")
    return CounterpartLookup.objects.filter(pk__in=first.values("pk")).order_by()


def unlike(*, candidates: QuerySet[Candidate], services: Sequence[str] = DECIDING) -> QuerySet[Any]:
    """Those candidates on which something else is stored than stands, with what does: of each service
    ``simbad_stands`` (an outcome) and ``simbad_first`` (the id of the nearest object of that answer).

    None, once ``storing.answers_store`` has been there.
    """
    told: dict[str, Any] = {}
    nearest: dict[str, Any] = {}
    differs = Q()
    for service in services:
        stands = standing(service=service)
        told[f"{service}_stands"] = Subquery(stands.values("outcome")[:1])
        told[f"{service}_lookup"] = Subquery(stands.values("pk")[:1])
        found = Counterpart.objects.filter(lookup=OuterRef(f"{service}_lookup"))
        nearest[f"{service}_first"] = Subquery(found.order_by("separation_arcsec", "pk").values("pk")[:1])
        differs |= Q(_Distinct(f"{service}_outcome", f"{service}_stands"))
        differs |= Q(_Distinct(f"{service}_nearest", f"{service}_first"))
    return candidates.annotate(**told).annotate(**nearest).filter(differs)


class _Distinct(Func):
    """Whether two values differ, where an empty one is like another empty one."""

    arg_joiner = " IS DISTINCT FROM "
    template = "(%(expressions)s)"
    output_field = BooleanField()


def _ranked(lookups: QuerySet[CounterpartLookup]) -> QuerySet[CounterpartLookup]:
    """A match that stands, before other answers, before "not covered", before a failure; the newest first."""
    rank = Case(
        When(Q(outcome=Outcome.MATCHED) & ~Exists(_unsaid()), then=Value(0)),
        When(outcome__in=CounterpartLookup.ANSWERED, then=Value(1)),
        When(outcome=Outcome.NOT_COVERED, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return lookups.annotate(as_of=_AS_OF, rank=rank).order_by("rank", "-as_of", "-asked_at", "-pk")


def _unsaid() -> QuerySet[CounterpartLookup]:
    """For a subquery: the "no match" answers that take the place of a match, the outer row (with ``as_of``).

    Each is later, of the same provider, about the same position, at the same radius or a larger one, and of
    the same release or a later month: an older release or another road may merely hold less.
    """
    later = Q(as_of__gt=OuterRef("as_of")) | Q(as_of=OuterRef("as_of"), asked_at__gt=OuterRef("asked_at"))
    later_month = Q(release__regex=_MONTH, release__gt=OuterRef("release")) & Q(
        Regex(OuterRef("release"), _MONTH)
    )
    return CounterpartLookup.objects.alias(as_of=_AS_OF).filter(
        later,
        later_month | Q(release=OuterRef("release")),
        may_answer("snapshot__simulated"),
        outcome=Outcome.NO_MATCH,
        source=OuterRef("source"),
        service=OuterRef("service"),
        provider=OuterRef("provider"),
        ra=OuterRef("ra"),
        dec=OuterRef("dec"),
        radius_arcsec__gte=OuterRef("radius_arcsec"),
    )


def may_answer(simulated: str, lookup: str = "") -> Q:
    """Look-ups that may speak about a spectrum; ``simulated`` leads from the outer row to its release's flag.

    ``lookup`` leads from the filtered row to the look-up ("lookup__", say).
    """
    snapshot = f"{lookup}snapshot"
    return (
        Q((f"{snapshot}__isnull", True))
        | Q((f"{snapshot}__simulated", False))
        | Q((f"{snapshot}__simulated", OuterRef(simulated)))
    )


@dataclass(frozen=True)
class ServiceAnswer:
    """What one service said about a source: ``lookup`` is None where it was never asked.

    ``failed_since`` is a later attempt that failed, ``moved`` says that the source has another position now.
    """

    service: str
    decides: bool
    lookup: CounterpartLookup | None
    counterparts: tuple[Counterpart, ...] = ()
    failed_since: CounterpartLookup | None = None
    moved: bool = False


@dataclass(frozen=True)
class SourceAnswers:
    """What every service that was asked, and each of the three that decide, said about a source."""

    services: tuple[ServiceAnswer, ...]

    @property
    def is_new(self) -> bool | None:
        """None until all three have answered, unless one has matched."""
        outcomes = [answer.lookup.outcome for answer in self._deciding() if answer.lookup]
        if Outcome.MATCHED in outcomes:
            return False
        return True if outcomes == [Outcome.NO_MATCH] * len(DECIDING) else None

    @property
    def waiting_for(self) -> list[str]:
        """The deciding services without an answer."""
        return [
            answer.service
            for answer in self._deciding()
            if not answer.lookup or answer.lookup.outcome not in CounterpartLookup.ANSWERED
        ]

    def _deciding(self) -> list[ServiceAnswer]:
        return [answer for answer in self.services if answer.decides and not answer.moved]


def source_answers(*, spectrum: Spectrum) -> SourceAnswers:
    """The standing answers about a spectrum's source, as the spectrum's page shows them."""
    source = spectrum.source
    held: dict[str, list[CounterpartLookup]] = {service: [] for service in Service.values}
    if source is not None:
        lookups = CounterpartLookup.objects.filter(source=source).select_related("snapshot")
        if not spectrum.release.simulated:
            lookups = lookups.exclude(snapshot__simulated=True)
        ordered = Prefetch("counterparts", queryset=Counterpart.objects.order_by("separation_arcsec"))
        for lookup in _ranked(lookups).prefetch_related(ordered):
            held[lookup.service].append(lookup)
    return SourceAnswers(
        tuple(
            _answer(service, held[service], (source.ra, source.dec) if source else None)
            for service in Service
            if service in DECIDING or held[service]
        )
    )


def _answer(
    service: Service, lookups: Sequence[CounterpartLookup], position: tuple[float, float] | None
) -> ServiceAnswer:
    """From the look-ups of one service, the one that counts first."""
    here = [lookup for lookup in lookups if (lookup.ra, lookup.dec) == position]
    chosen = next(iter(here or lookups), None)
    if chosen is None:
        return ServiceAnswer(str(service.label), service in DECIDING, None)
    later = [
        lookup
        for lookup in here
        if lookup.outcome == Outcome.FAILED != chosen.outcome and lookup.asked_at > chosen.asked_at
    ]
    return ServiceAnswer(
        str(service.label),
        service in DECIDING,
        chosen,
        tuple(chosen.counterparts.all()),
        later[0] if later else None,
        moved=not here,
    )

"""What stands of the answers about a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, IntegerField, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Least, TruncDate

from catalog.models import DECIDING, Counterpart, CounterpartLookup, Service, Spectrum

Outcome = CounterpartLookup.Outcome

_RANK = Case(
    When(outcome__in=[Outcome.MATCHED, Outcome.NO_MATCH], then=Value(0)),
    When(outcome=Outcome.NOT_COVERED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
"""An answer before "not covered" before a failure."""
_AS_OF = Least("snapshot__dated", TruncDate("asked_at"))  # PostgreSQL passes over what is NULL
"""The day of which a look-up speaks: a snapshot asked today says what its service held when it was taken."""


def standing(*, service: str, candidate: str = "") -> QuerySet[CounterpartLookup]:
    """For a subquery: the look-ups of a service that stand for a candidate, the one that counts first.

    That is its newest answer, a snapshot's being as old as the snapshot: asked while its service is out of
    reach, it unsays nothing that the service said since. Only where there is no answer it is that the service
    does not cover the place; else that it failed. What was asked about another position than the source's of
    now does not stand, and a simulated snapshot says nothing about a real spectrum. ``candidate`` leads from
    the outer row to the candidate ("candidate__", say).
    """
    return (
        CounterpartLookup.objects.filter(
            may_answer(f"{candidate}spectrum__release__simulated"),
            source=OuterRef(f"{candidate}spectrum__source"),
            ra=OuterRef(f"{candidate}spectrum__source__ra"),
            dec=OuterRef(f"{candidate}spectrum__source__dec"),
            service=service,
        )
        .annotate(rank=_RANK, as_of=_AS_OF)
        .order_by("rank", "-as_of", "-asked_at", "-pk")
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
        answered = (Outcome.MATCHED, Outcome.NO_MATCH)
        return [
            answer.service
            for answer in self._deciding()
            if not answer.lookup or answer.lookup.outcome not in answered
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
        for lookup in (
            lookups.annotate(rank=_RANK, as_of=_AS_OF)
            .order_by("rank", "-as_of", "-asked_at", "-pk")
            .prefetch_related(ordered)
        ):
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

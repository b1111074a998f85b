"""What stands of the answers about a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Value, When
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


def standing(*, service: str, candidate: str = "") -> QuerySet[CounterpartLookup]:
    """For a subquery: the look-ups of a service that stand for a candidate, the one that counts first.

    That is its newest match that is not unsaid (see ``_unsaid``); else its newest "no match", a snapshot's
    answer being as old as the snapshot. Only where there is no answer it is that the service does not cover
    the place; else that it failed. What was asked about another position than the source's of now does not
    stand, and a simulated snapshot says nothing about a real spectrum. ``candidate`` leads from the outer row
    to the candidate ("candidate__", say).
    """
    return _ranked(
        CounterpartLookup.objects.filter(
            may_answer(f"{candidate}spectrum__release__simulated"),
            source=OuterRef(f"{candidate}spectrum__source"),
            ra=OuterRef(f"{candidate}spectrum__source__ra"),
            dec=OuterRef(f"{candidate}spectrum__source__dec"),
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


def answered(*services: str) -> Q:
    """Candidates of which any of the services has said what it holds.

    That follows from ``standing``, too, but here the database may look up all sources at once.
    """
    return _about(services, CounterpartLookup.objects.filter(outcome__in=[Outcome.MATCHED, Outcome.NO_MATCH]))


def holding(*services: str) -> Q:
    """Candidates of which any of the services holds something: the first of ``standing`` is a match.

    A match that is not unsaid comes first there. One that is unsaid never does: what unsays it is later.
    """
    matches = CounterpartLookup.objects.alias(as_of=_AS_OF).filter(outcome=Outcome.MATCHED)
    return _about(services, matches.exclude(Exists(_unsaid())))


def _about(services: Sequence[str], lookups: QuerySet[CounterpartLookup]) -> Q:
    """Candidates about whose source, as it lies now, one of the look-ups may speak (see ``may_answer``).

    Nothing but the source ties a look-up to the candidate, so that the database may ask for all at once.
    """
    here = lookups.filter(
        source=OuterRef("spectrum__source"), ra=F("source__ra"), dec=F("source__dec"), service__in=services
    )
    of_simulated = Q(Exists(here.filter(SIMULATED)), spectrum__release__simulated=True)
    return Q(Exists(here.exclude(SIMULATED))) | of_simulated


def _ranked(lookups: QuerySet[CounterpartLookup]) -> QuerySet[CounterpartLookup]:
    """A match that stands, before other answers, before "not covered", before a failure; the newest first."""
    rank = Case(
        When(Q(outcome=Outcome.MATCHED) & ~Exists(_unsaid()), then=Value(0)),
        When(outcome__in=[Outcome.MATCHED, Outcome.NO_MATCH], then=Value(1)),
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

"""Asking services about sources, and keeping what they answer."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Counterpart, CounterpartLookup, Outage, Source

from .answers import Answer, Match, Provider, ServiceError
from .storing import answers_store, sources_lock

Outcome = CounterpartLookup.Outcome

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
_TURN = 0x63706174  # first key of the advisory locks by which callers of a provider take turns


@dataclass(frozen=True)
class Place:
    """A source and where it is asked about, degrees."""

    source_id: int
    ra: float
    dec: float


@dataclass(frozen=True)
class Result:
    """What one source's look-up came to."""

    place: Place
    outcome: str
    provider: str
    release: str
    snapshot_id: int | None
    query_sha256: str
    asked_at: datetime
    detail: str = ""
    matches: tuple[Match, ...] = ()


def places_unanswered(
    *, service: str, release: str, radius_arcsec: float, sources: Sequence[int]
) -> list[Place]:
    """Sources that the service, in this release and radius, has not answered about where they are now."""
    answered = (
        CounterpartLookup.objects.filter(
            service=service, release=release, radius_arcsec=radius_arcsec, source__in=sources,
            ra=F("source__ra"), dec=F("source__dec"),
        )
        .exclude(outcome=Outcome.FAILED)
        .values("source")
    )  # fmt: skip
    rows = Source.objects.filter(pk__in=sources).exclude(pk__in=answered).order_by("pk")
    return [Place(*row) for row in rows.values_list("pk", "ra", "dec")]


def look_up(*, roads: Sequence[Provider], places: Sequence[Place], radius_arcsec: float) -> list[Result]:
    """Ask the first road that answers; what none answers has failed. Writes only the memory of outages."""
    if not roads:
        raise ValueError("There is no road to that service: load a snapshot of it.")
    results: list[Result] = []
    for first in range(0, len(places), min(road.batch for road in roads)):
        some = places[first : first + min(road.batch for road in roads)]
        results += _ask(roads, some, radius_arcsec)
    return results


def _ask(roads: Sequence[Provider], places: Sequence[Place], radius_arcsec: float) -> list[Result]:
    ra, dec = np.array([(place.ra, place.dec) for place in places]).T
    reasons: list[str] = []
    for road in roads:
        if until := _out_until(road):
            reasons.append(f"{road.name} failed lately and is not asked before {until:%d %b %H:%M} UTC")
            continue
        asked_at = timezone.now()
        try:
            with _turn(road):
                answers = road.lookup(ra, dec, radius_arcsec)
        except ServiceError as error:
            reasons.append(f"{road.name}: {error}")
            outage_note(service=road.service, provider=road.name, detail=str(error))
            continue
        Outage.objects.filter(service=road.service, provider=road.name).delete()
        query = _checksum(road, places, radius_arcsec)
        return [
            Result(
                place,
                _outcome(answer),
                road.name, road.release, road.snapshot_id, query, asked_at, matches=answer.matches,
            )
            for place, answer in zip(places, answers, strict=True)
        ]  # fmt: skip
    last, now, detail = roads[0], timezone.now(), "; ".join(reasons)[:300]
    query = _checksum(last, places, radius_arcsec)
    return [
        Result(place, Outcome.FAILED, last.name, last.release, last.snapshot_id, query, now, detail)
        for place in places
    ]


def _outcome(answer: Answer) -> str:
    if answer.matches:
        return Outcome.MATCHED
    return Outcome.NO_MATCH if answer.covered else Outcome.NOT_COVERED


def _checksum(road: Provider, places: Sequence[Place], radius_arcsec: float) -> str:
    """Of what was asked: the road, its release, the radius and every position."""
    words = [road.name, road.release, repr(radius_arcsec)]
    words += [f"{place.ra!r} {place.dec!r}" for place in places]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


@contextmanager
def _turn(road: Provider) -> Iterator[None]:
    """Callers of a provider take turns, in all processes, each no sooner than its interval after the last."""
    if not road.interval:
        yield
        return
    keys = [_TURN, zlib.crc32(road.name.encode()) & 0x7FFFFFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", keys)
    begun = time.monotonic()
    try:
        yield
    finally:
        time.sleep(max(0.0, road.interval - (time.monotonic() - begun)))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)


def _out_until(road: Provider) -> datetime | None:
    outage = Outage.objects.filter(service=road.service, provider=road.name, until__gt=timezone.now()).first()
    return outage.until if outage else None


def outage_note(*, service: str, provider: str, detail: str) -> Outage:
    """Remember that a provider failed: it rests a minute, then twice as long after each further failure."""
    now = timezone.now()
    with transaction.atomic():
        outage, created = Outage.objects.select_for_update().get_or_create(
            service=service,
            provider=provider,
            defaults={"since": now, "until": now + FIRST_PAUSE, "detail": detail[:300]},
        )
        if not created:
            outage.failures += 1
            outage.until = now + min(FIRST_PAUSE * 2 ** min(outage.failures - 1, 12), LONGEST_PAUSE)
            outage.detail = detail[:300]
            outage.save()
    return outage


@transaction.atomic
def lookups_store(*, service: str, radius_arcsec: float, results: Sequence[Result]) -> Counter[str]:
    """Keep results, with all their matches; returns how many of each outcome there were.

    An answer takes the place of what its release said before, but a match gives way only to a match or to a
    "no match" of its own provider: another road may merely hold less. A failure is kept beside earlier
    answers and never in place of one. Both only while the source is where it was asked about.
    """
    ids = [result.place.source_id for result in results]
    sources_lock(sources=ids)
    held = {
        (lookup.source_id, lookup.release): lookup
        for lookup in CounterpartLookup.objects.filter(
            service=service, radius_arcsec=radius_arcsec, source__in=ids
        )
    }
    kept: list[tuple[Result, CounterpartLookup]] = []
    for result in results:
        place = result.place
        earlier = held.get((place.source_id, result.release))
        if earlier and (earlier.ra, earlier.dec) == (place.ra, place.dec) and _outweighs(earlier, result):
            continue
        lookup = earlier or CounterpartLookup(
            source_id=place.source_id, service=service, release=result.release, radius_arcsec=radius_arcsec
        )
        lookup.outcome, lookup.provider, lookup.snapshot_id = (
            result.outcome,
            result.provider,
            result.snapshot_id,
        )
        lookup.ra, lookup.dec, lookup.query_sha256 = place.ra, place.dec, result.query_sha256
        lookup.asked_at, lookup.detail = result.asked_at, result.detail
        kept.append((result, lookup))
    new = [lookup for _, lookup in kept if lookup.pk is None]
    again = [lookup for _, lookup in kept if lookup.pk is not None]
    Counterpart.objects.filter(lookup__in=again).delete()
    CounterpartLookup.objects.bulk_update(
        again,
        ["outcome", "provider", "snapshot", "ra", "dec", "query_sha256", "asked_at", "detail"],
        batch_size=500,
    )
    CounterpartLookup.objects.bulk_create(new, batch_size=1000)
    Counterpart.objects.bulk_create(
        (_counterpart(lookup, match) for result, lookup in kept for match in result.matches), batch_size=1000
    )
    answers_store(sources=ids, services=[service])
    return Counter(result.outcome for result in results)


def _outweighs(earlier: CounterpartLookup, result: Result) -> bool:
    """Whether what a release said before about a place is kept against a new result."""
    if result.outcome == Outcome.FAILED:
        return earlier.outcome != Outcome.FAILED
    if earlier.outcome != Outcome.MATCHED or result.outcome == Outcome.MATCHED:
        return False
    return result.outcome == Outcome.NOT_COVERED or result.provider != earlier.provider


def _counterpart(lookup: CounterpartLookup, match: Match) -> Counterpart:
    found = match.found
    return Counterpart(
        lookup=lookup,
        identifier=found.identifier[:120],
        object_type=found.object_type[:60],
        ra=found.ra,
        dec=found.dec,
        separation_arcsec=match.separation_arcsec,
        z=found.z,
        z_err=found.z_err,
        petro_radius_arcsec=found.petro_radius_arcsec,
        note=found.note[:200],
    )

"""What is kept of answers and failures, who is asked again, and what makes a galaxy new."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from catalog.counterparts.answers import Answer, Found, Match, ServiceError
from catalog.counterparts.flags import candidates_flag
from catalog.counterparts.lookups import Place, look_up, lookups_store, places_unanswered
from catalog.counterparts.selectors import source_answers, unlike
from catalog.counterparts.storing import answers_store
from catalog.counterparts.summary import services_summary
from catalog.models import Candidate, Counterpart, CounterpartLookup, Outage, Snapshot, Source
from catalog.tables import GALAXIES, LOOKUPS
from retrieval.flags import CandidateFlag
from tests import factories as f

THREE = ("simbad", "sdss", "ned")


class Scripted:
    """A provider that does what the test says: an exception, "not covered" (None), or these identifiers."""

    batch = 2
    snapshot_id = None

    def __init__(
        self, does: Any = (), *, name: str = "one", release: str = "2026-11", interval: float = 0
    ) -> None:
        self.service, self.name, self.release, self.interval = "simbad", name, release, interval
        self.does, self.calls = does, 0

    def lookup(self, ra: Any, dec: Any, radius_arcsec: float) -> list[Answer]:
        self.calls += 1
        if isinstance(self.does, Exception):
            raise self.does
        if self.does is None:
            return [Answer(covered=False) for _ in ra]
        return [
            Answer(tuple(Match(Found(i, a, d, "G", 0.1), 0.5) for i in self.does))
            for a, d in zip(ra, dec, strict=True)
        ]


def ask(roads: Any, sources: list[Source]) -> None:
    places = [Place(source.pk, source.ra, source.dec) for source in sources]
    results = look_up(roads=roads if isinstance(roads, list) else [roads], places=places, radius_arcsec=3.0)
    lookups_store(service="simbad", radius_arcsec=3.0, results=results)
    assert not unlike(candidates=Candidate.objects.all()).exists()


@pytest.fixture
def sources(db: None) -> list[Source]:
    return f.SourceFactory.create_batch(3)


def outcomes() -> list[str]:
    return list(CounterpartLookup.objects.order_by("source").values_list("outcome", flat=True))


def test_answers_are_kept_with_all_they_carry(sources: list[Source]) -> None:
    road = Scripted(["A", "B"])
    ask(road, sources)
    assert road.calls == 2, "three places in batches of two"
    assert outcomes() == ["matched"] * 3
    lookup = CounterpartLookup.objects.get(source=sources[0])
    assert (lookup.ra, lookup.dec, lookup.radius_arcsec) == (sources[0].ra, sources[0].dec, 3.0)
    assert (lookup.release, lookup.provider, len(lookup.query_sha256)) == ("2026-11", "one", 64)
    assert [c.identifier for c in lookup.counterparts.all()] == ["A", "B"]
    ask(Scripted(["C"]), sources)
    assert [c.identifier for c in lookup.counterparts.all()] == ["C"], "the same release, asked again"
    assert Counterpart.objects.count() == 3


def test_a_failure_never_takes_the_place_of_an_answer(sources: list[Source]) -> None:
    ask(Scripted([]), sources[:1])
    ask(Scripted(ServiceError("away")), sources)
    assert outcomes() == ["no-match", "failed", "failed"]
    assert CounterpartLookup.objects.get(source=sources[1]).detail == "one: away"
    Outage.objects.all().delete()
    ask(Scripted(["A"]), sources)
    assert outcomes() == ["matched"] * 3


def test_a_source_that_moved_is_asked_about_anew(sources: list[Source]) -> None:
    def waiting() -> set[int]:
        ids = [source.pk for source in sources]
        places = places_unanswered(service="simbad", release="2026-11", radius_arcsec=3.0, sources=ids)
        return {place.source_id for place in places}

    assert waiting() == {source.pk for source in sources}
    ask(Scripted(["A"]), sources)
    assert waiting() == set()
    sources[0].dec += 0.01
    sources[0].save()
    assert waiting() == {sources[0].pk}
    ask(Scripted(ServiceError("away")), sources[:1])
    assert outcomes() == ["failed", "matched", "matched"], "the answer was about another position"
    assert places_unanswered(
        service="simbad", release="2026-11", radius_arcsec=5.0, sources=[sources[1].pk]
    ), "another radius is another question"
    assert places_unanswered(service="simbad", release="2026-12", radius_arcsec=3.0, sources=[sources[1].pk])


def test_the_next_road_is_taken_and_outages_are_remembered(sources: list[Source]) -> None:
    broken, well = Scripted(ServiceError("away"), name="broken"), Scripted(["A"], name="well")
    ask([broken, well], sources)
    assert outcomes() == ["matched"] * 3
    assert set(CounterpartLookup.objects.values_list("provider", flat=True)) == {"well"}
    outage = Outage.objects.get()
    assert (outage.provider, outage.failures, outage.detail) == ("broken", 1, "away")
    assert outage.until > timezone.now()
    assert broken.calls == 1, "the second batch did not ask it: it rests"
    ask([broken], sources[:1])
    assert broken.calls == 1
    Outage.objects.update(until=timezone.now() - timedelta(seconds=1))
    ask([broken, well], sources[:1])
    outage.refresh_from_db()
    assert (broken.calls, outage.failures) == (2, 2)
    assert outage.until - timezone.now() > timedelta(seconds=100), "twice as long as the first time"
    Outage.objects.update(until=timezone.now() - timedelta(seconds=1))
    broken.does = []
    ask([broken], sources[:1])
    assert not Outage.objects.exists()


def test_resting_roads_fail_in_words(sources: list[Source]) -> None:
    broken = Scripted(ServiceError("away"), name="broken")
    ask(broken, sources[:1])
    ask(broken, sources[1:])
    assert (
        "broken failed lately and is not asked before"
        in CounterpartLookup.objects.get(source=sources[2]).detail
    )


@pytest.mark.django_db(transaction=True)
def test_two_callers_take_turns() -> None:
    """Never two calls at once, and the interval kept between them, over two connections."""
    spans: list[tuple[float, float]] = []

    class Slow(Scripted):
        def lookup(self, ra: Any, dec: Any, radius_arcsec: float) -> list[Answer]:
            begun = time.monotonic()
            time.sleep(0.1)
            spans.append((begun, time.monotonic()))
            return [Answer() for _ in ra]

    def call() -> None:
        try:
            look_up(roads=[Slow(name="slow", interval=0.3)], places=[Place(1, 1.0, 1.0)], radius_arcsec=3.0)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans.sort()
    assert len(spans) == 3
    for before, after in pairwise(spans):
        assert after[0] - before[0] >= 0.3


# What makes a galaxy new


@pytest.fixture
def galaxy(db: None) -> Candidate:
    return f.CandidateFactory()


def answered(candidate: Candidate, **changes: Any) -> None:
    for service in THREE:
        f.CounterpartLookupFactory(
            source=candidate.spectrum.source, service=service, **({"outcome": "no-match"} | changes)
        )


def new(candidate: Candidate) -> bool | None:
    """As the table says, and as the page does: they agree. Tests write as they like: it is stored anew."""
    answers_store(sources=[candidate.spectrum.source_id])
    row = GALAXIES.rows(candidate.run).get(pk=candidate.pk)
    shown = source_answers(spectrum=candidate.spectrum)
    assert shown.is_new is row.new_galaxy
    assert LOOKUPS.rows(candidate.run).filter(pk=candidate.pk).exists() is (row.new_galaxy is None)
    return row.new_galaxy


def test_new_only_when_all_three_deny(galaxy: Candidate) -> None:
    assert new(galaxy) is None
    answered(galaxy)
    assert new(galaxy) is True


@pytest.mark.parametrize("service", THREE)
@pytest.mark.parametrize(
    ("outcome", "is_new"), [("failed", None), ("not-covered", None), ("matched", False), (None, None)]
)
def test_one_that_does_not_deny_suffices(
    galaxy: Candidate, service: str, outcome: str | None, is_new: Any
) -> None:
    answered(galaxy)
    lookup = CounterpartLookup.objects.filter(service=service)
    lookup.update(outcome=outcome) if outcome else lookup.delete()
    assert new(galaxy) is is_new


def test_the_newest_answer_stands_and_failures_are_none(galaxy: Candidate) -> None:
    answered(galaxy)
    about = {"source": galaxy.spectrum.source, "service": "ned"}
    later = timezone.now() + timedelta(days=1)
    f.CounterpartLookupFactory(**about, outcome="failed", release="2026-02", asked_at=later)
    f.CounterpartLookupFactory(**about, outcome="not-covered", release="2026-03", asked_at=later)
    assert new(galaxy) is True
    shown = source_answers(spectrum=galaxy.spectrum).services[2]
    assert shown.lookup.outcome == "no-match"
    assert shown.failed_since.release == "2026-02"
    f.CounterpartFactory(
        lookup=f.CounterpartLookupFactory(**about, outcome="matched", release="2026-04", asked_at=later)
    )
    assert new(galaxy) is False


MATCH = {"provider": "ned-tap", "release": "2026-05", "radius_arcsec": 10.0}
SNAPSHOT = {"provider": "snapshot"}


@pytest.mark.parametrize(
    ("match", "denial", "is_new"),
    [
        ({}, {"release": "2026-06"}, True),
        ({}, {"release": "2026-06", "radius_arcsec": 15.0}, True),
        ({}, {"radius_arcsec": 15.0}, True),
        ({}, {"release": "2026-06", "radius_arcsec": 3.0}, False),
        ({}, {"radius_arcsec": 3.0}, False),
        ({}, {"release": "2026-06", "provider": "other"}, False),
        ({}, {"release": "2026-06", "days": 0}, True),
        ({}, {"release": "2026-06", "days": -1}, False),
        ({}, {"release": "2026-04"}, False),
        ({}, {"release": "2026-06", "dec": 2.5}, False),
        ({"release": "DR17"}, {"release": "DR8"}, False),
        ({"release": "DR8"}, {"release": "DR17"}, False),
        ({"release": "DR17"}, {"release": "DR8", "taken": 5, **SNAPSHOT}, False),
        ({"release": "DR17", "taken": 0, **SNAPSHOT}, {"release": "DR8", "taken": 5, **SNAPSHOT}, False),
        ({"release": "17"}, {"release": "2026-06"}, False),
        ({"taken": -60, **SNAPSHOT}, {"release": "2026-06", "taken": -30, **SNAPSHOT}, True),
        ({"taken": -30, **SNAPSHOT}, {"release": "2026-06", "taken": -60, **SNAPSHOT}, False),
    ],
)
def test_a_match_is_unsaid_only_by_its_own_provider_as_widely_asked(
    galaxy: Candidate, match: dict[str, Any], denial: dict[str, Any], is_new: bool
) -> None:
    """``denial`` is how the later "no match" differs; ``days`` after the match, snapshots ``taken`` then."""
    answered(galaxy)
    CounterpartLookup.objects.filter(service="ned").delete()
    said = timezone.now().replace(hour=12)

    def say(outcome: str, *, release: str, days: int, taken: int | None = None, **rest: Any) -> Any:
        snapshot = taken is not None and Snapshot.objects.create(
            service="ned", release=release, origin="", sha256="", n_objects=0,
            dated=said.date() + timedelta(days=taken),
        )  # fmt: skip
        return f.CounterpartLookupFactory(
            source=galaxy.spectrum.source, service="ned", outcome=outcome, release=release,
            snapshot=snapshot or None, asked_at=said + timedelta(days=days, hours=outcome == "no-match"),
            **rest,
        )  # fmt: skip

    f.CounterpartFactory(lookup=say("matched", **(MATCH | {"days": 0} | match)))
    assert new(galaxy) is False
    say("no-match", **(MATCH | {"days": 10} | match | {"taken": None} | denial))
    assert new(galaxy) is is_new


def test_another_road_of_the_same_release_takes_no_match_away(sources: list[Source]) -> None:
    ask(Scripted(["A"], name="tap"), sources)
    ask(Scripted([], name="snapshot"), sources[:1])
    assert outcomes() == ["matched"] * 3
    assert [c.identifier for c in Counterpart.objects.filter(lookup__source=sources[0])] == ["A"]
    ask(Scripted([], name="tap"), sources[1:2])
    assert outcomes() == ["matched", "no-match", "matched"]
    ask(Scripted(None, name="tap"), sources)
    assert outcomes() == ["matched", "not-covered", "matched"]


def test_simulated_denials_unsay_no_real_match(galaxy: Candidate) -> None:
    """Even of a simulated spectrum, about whose source both may speak."""
    galaxy.spectrum.release = f.ReleaseFactory(slug="sim", simulated=True)
    galaxy.spectrum.save()
    answered(galaxy)
    CounterpartLookup.objects.filter(service="ned").delete()
    said = timezone.now()
    for month, (simulated, outcome) in enumerate([(False, "matched"), (True, "no-match")], start=5):
        snapshot = Snapshot.objects.create(
            service="ned", release=f"2026-0{month}", origin="", sha256="", n_objects=0,
            dated=f"2026-0{month}-01", simulated=simulated,
        )  # fmt: skip
        f.CounterpartLookupFactory(
            source=galaxy.spectrum.source, service="ned", outcome=outcome, release=snapshot.release,
            snapshot=snapshot, provider="snapshot", asked_at=said,
        )  # fmt: skip
    assert new(galaxy) is False
    Snapshot.objects.update(simulated=False)
    assert new(galaxy) is True


def test_answers_about_another_position_are_void(galaxy: Candidate) -> None:
    answered(galaxy)
    Source.objects.filter(pk=galaxy.spectrum.source_id).update(dec=2.5)
    galaxy.spectrum.source.refresh_from_db()
    assert new(galaxy) is None
    assert all(answer.moved for answer in source_answers(spectrum=galaxy.spectrum).services)


def test_simulated_snapshots_say_nothing_of_real_spectra(galaxy: Candidate) -> None:
    for service in THREE:
        snapshot = Snapshot.objects.create(
            service=service,
            release="simulated",
            origin="",
            dated="2026-11-01",
            sha256="",
            n_objects=0,
            simulated=True,
        )
        f.CounterpartLookupFactory(
            source=galaxy.spectrum.source, service=service, outcome="no-match", snapshot=snapshot
        )
    assert new(galaxy) is None
    galaxy.spectrum.release = f.ReleaseFactory(slug="sim", simulated=True)
    galaxy.spectrum.save()
    assert new(galaxy) is True


def test_a_source_is_counted_once(galaxy: Candidate) -> None:
    again = f.SpectrumFactory(source=galaxy.spectrum.source)
    f.CandidateFactory(run=galaxy.run, spectrum=again, is_primary=False)
    answered(galaxy)
    f.CandidateFactory(run=galaxy.run)
    summary = {row.service: row for row in services_summary(run=galaxy.run)}
    assert [(summary[s].sources, summary[s].no_match, summary[s].waiting) for s in THREE] == [(2, 1, 1)] * 3
    assert (summary["gaia"].sources, summary["gaia"].not_asked) == (2, 2)
    assert GALAXIES.rows(galaxy.run).filter(new_galaxy=True).count() == 2, "two spectra"
    assert LOOKUPS.rows(galaxy.run).count() == 1


# Flags


def flags(candidate: Candidate) -> CandidateFlag:
    candidates_flag(run=candidate.run)
    candidate.refresh_from_db()
    return CandidateFlag(candidate.flags)


@pytest.mark.parametrize(
    ("service", "kind", "z", "flag"),
    [
        ("gaia", "star", None, CandidateFlag.GAIA_STAR),
        ("gaia", "", None, CandidateFlag(0)),
        ("pn", "PN", None, CandidateFlag.PLANETARY_NEBULA),
        ("snr", "", None, CandidateFlag.SUPERNOVA_REMNANT),
        ("lamost", "GALAXY", 0.1, CandidateFlag.OTHER_SURVEY),
        ("lamost", "Unknown", None, CandidateFlag(0)),
        ("desi", "", 0.1, CandidateFlag.OTHER_SURVEY),
        ("simbad", "star", 0.1, CandidateFlag(0)),
    ],
)
def test_flags_come_from_matches_and_leave_the_others(
    galaxy: Candidate, service: str, kind: str, z: float | None, flag: CandidateFlag
) -> None:
    Candidate.objects.update(flags=int(CandidateFlag.NEAR_GALAXY | CandidateFlag.PLANETARY_NEBULA))
    lookup = f.CounterpartLookupFactory(source=galaxy.spectrum.source, service=service)
    f.CounterpartFactory(lookup=lookup, object_type=kind, z=z)
    assert flags(galaxy) == CandidateFlag.NEAR_GALAXY | flag
    Source.objects.filter(pk=galaxy.spectrum.source_id).update(dec=2.5)
    assert flags(galaxy) == CandidateFlag.NEAR_GALAXY, "about another position"


def test_the_same_redshift_beside_on_the_plate(db: None) -> None:
    run = f.RunFactory()

    def on(fiber: int, z: float, **place: Any) -> Candidate:
        return f.CandidateFactory(run=run, spectrum=f.SpectrumFactory(fiber=fiber, **place), z_cl=z)

    alike = [on(10, 0.1), on(15, 0.1004)]
    alone = [
        on(21, 0.1), on(11, 0.2), on(10, 0.1, spectrograph=3), on(12, 0.1, plan_id="OTHER"),
        on(10, 0.1, mjd=1), on(12, 0.1, plan_id=""), on(100, 0.3), on(100, 0.3),
    ]  # fmt: skip
    candidates_flag(run=run)
    flagged = set(Candidate.objects.filter(flags=128).values_list("pk", flat=True))
    assert flagged == {candidate.pk for candidate in alike}
    assert not flagged & {candidate.pk for candidate in alone}

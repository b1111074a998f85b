"""What stands of any answers: stored, shown and counted as the definition below has it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.candidates import candidates_confirm
from catalog.counterparts.selectors import source_answers, standing_of_sources, unlike
from catalog.counterparts.storing import answers_store
from catalog.models import Candidate, Counterpart, CounterpartLookup, Snapshot, Source
from catalog.tables import SERVICES
from tests import factories as f

Outcome = CounterpartLookup.Outcome
UNIQUE = ("source", "service", "release", "radius_arcsec")
FIRST = datetime(2026, 1, 10, 12, tzinfo=UTC)
FILL = import_module("catalog.migrations.0022_standing_answers").FILL

said = st.fixed_dictionaries(
    {
        "source": st.integers(0, 7),
        "service": st.sampled_from(SERVICES),
        "outcome": st.sampled_from(Outcome.values),
        "release": st.sampled_from(["2026-01", "2026-02", "DR17"]),
        "provider": st.sampled_from(["one", "other"]),
        "snapshot": st.sampled_from([None, "real", "simulated"]),
        "radius_arcsec": st.sampled_from([3.0, 5.0, 7.0]),
        "moved": st.booleans(),
        "day": st.integers(0, 4),
    }
)


def stands(candidate: Candidate, service: str) -> CounterpartLookup | None:
    """The definition, one look-up after another."""
    source = candidate.spectrum.source
    simulated = candidate.spectrum.release.simulated
    assert source
    speak = [
        one
        for one in source.lookups.filter(service=service).select_related("snapshot")
        if (one.ra, one.dec) == (source.ra, source.dec) and (simulated or not of_simulated(one))
    ]

    def rank(one: CounterpartLookup) -> int:
        if one.outcome == "matched" and not any(unsays(other, one) for other in speak):
            return 0
        return {"matched": 1, "no-match": 1, "not-covered": 2, "failed": 3}[one.outcome]

    return max(speak, key=lambda one: (-rank(one), as_of(one), one.asked_at, one.pk), default=None)


def of_simulated(one: CounterpartLookup) -> bool:
    return bool(one.snapshot and one.snapshot.simulated)


def as_of(one: CounterpartLookup) -> Any:
    asked = one.asked_at.date()
    return min(asked, one.snapshot.dated) if one.snapshot else asked


def unsays(denial: CounterpartLookup, match: CounterpartLookup) -> bool:
    months = all(re.fullmatch("[0-9]{4}-[0-9]{2}", one.release) for one in (denial, match))
    return (
        denial.outcome == "no-match"
        and denial.provider == match.provider
        and denial.radius_arcsec >= match.radius_arcsec
        and (of_simulated(match) or not of_simulated(denial))
        and (as_of(denial), denial.asked_at) > (as_of(match), match.asked_at)
        and (denial.release == match.release or (months and denial.release > match.release))
    )


def stored() -> list[tuple[Any, ...]]:
    fields = [f"{service}_{what}" for service in SERVICES for what in ("outcome", "nearest_id")]
    return list(Candidate.objects.order_by("pk").values_list("pk", "new_galaxy", *fields))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(answers=st.lists(said, max_size=60, unique_by=lambda a: tuple(a[k] for k in UNIQUE)))
def test_stored_is_what_stands(db: None, answers: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        run = f.RunFactory()
        releases = [f.ReleaseFactory(simulated=simulated) for simulated in (False, True)]
        rows = [
            f.CandidateFactory(run=run, spectrum__release=release) for release in releases for _ in range(4)
        ]
        snapshots = {
            kind: Snapshot.objects.create(
                service="simbad", release=kind, dated=FIRST.date() + timedelta(days=2), n_objects=1,
                simulated=kind == "simulated",
            )
            for kind in ("real", "simulated")
        }  # fmt: skip
        lookups = CounterpartLookup.objects.bulk_create(
            f.CounterpartLookupFactory.build(
                source=source, ra=source.ra + answer["moved"], snapshot=snapshots.get(answer["snapshot"]),
                asked_at=FIRST + timedelta(days=answer["day"]),
                **{k: answer[k] for k in ("service", "outcome", "release", "provider", "radius_arcsec")},
            )
            for answer in answers
            for source in [rows[answer["source"]].spectrum.source]
        )  # fmt: skip
        Counterpart.objects.bulk_create(
            f.CounterpartFactory.build(lookup=lookup, separation_arcsec=separation)
            for lookup in lookups
            if lookup.outcome == Outcome.MATCHED
            for separation in (0.4, 0.1, 0.1)
        )
        answers_store(sources=[row.spectrum.source_id for row in rows])
        assert not unlike(candidates=Candidate.objects.all()).exists()
        of_sources = {
            (one.service, one.source_id): one
            for one in standing_of_sources(candidates=Candidate.objects.filter(run=run), services=SERVICES)
        }
        for row in Candidate.objects.select_related("spectrum__source", "spectrum__release"):
            shown = source_answers(spectrum=row.spectrum)
            assert row.new_galaxy is shown.is_new
            for service, answer in zip(SERVICES, shown.services, strict=True):
                stands_of = stands(row, service)
                assert of_sources.get((service, row.spectrum.source_id)) == stands_of
                assert (None if answer.moved else answer.lookup) == stands_of
                assert getattr(row, f"{service}_outcome") == (stands_of.outcome if stands_of else None)
                found = stands_of and stands_of.counterparts.order_by("separation_arcsec", "pk").first()
                assert getattr(row, f"{service}_nearest") == found
        told = stored()
        nothing = {f"{service}_{what}": None for service in SERVICES for what in ("outcome", "nearest")}
        Candidate.objects.update(**nothing)
        with connection.cursor() as cursor:
            for step in FILL:
                cursor.execute(step)
        assert stored() == told, "as the migration filled it"
        transaction.set_rollback(True)


def test_a_candidate_has_the_answers_that_were_there_before_it(db: None) -> None:
    """A later run finds the spectrum again."""
    spectrum = f.SpectrumFactory()
    match = f.CounterpartFactory(lookup__source=spectrum.source)
    book = f.CodebookFactory()
    f.LineRedshiftFactory(run=book.run, spectrum=spectrum, z=0.1)
    f.NeighbourFactory(codebook=book, spectrum=spectrum, z=0.1)
    candidates_confirm(run=book.run, spectrum_ids=[spectrum.pk])
    made = Candidate.objects.get()
    assert (made.simbad_outcome, made.simbad_nearest, made.new_galaxy) == ("matched", match, False)
    assert made.ned_outcome is None


@pytest.mark.parametrize("change", ["outcome", "gone", "moved"])
def test_the_check_finds_what_was_changed_behind_the_portal_s_back(db: None, change: str) -> None:
    candidate = f.CandidateFactory()
    f.CounterpartFactory(lookup__source=candidate.spectrum.source)
    out = StringIO()
    call_command("check_answers", stdout=out)
    assert "has the answers that stand" in out.getvalue()
    if change == "outcome":
        CounterpartLookup.objects.update(outcome="failed")
    elif change == "gone":
        CounterpartLookup.objects.all().delete()
    else:
        Source.objects.update(dec=2.5)
    with pytest.raises(CommandError, match="1 candidates have other answers"):
        call_command("check_answers", stdout=out)
    call_command("check_answers", "--mend", stdout=out)
    assert not unlike(candidates=Candidate.objects.all()).exists()
    candidate.refresh_from_db()
    assert candidate.new_galaxy is None

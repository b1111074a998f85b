"""What stands of any answers, asked for one candidate after another and for all at once: it is the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, When
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.counterparts.selectors import answered, holding, standing_of_sources
from catalog.models import Candidate, CounterpartLookup, Snapshot
from catalog.tables import SERVICES, with_answers
from tests import factories as f

Outcome = CounterpartLookup.Outcome
UNIQUE = ("source", "service", "release", "radius_arcsec")
FIRST = datetime(2026, 1, 10, 12, tzinfo=UTC)

said = st.fixed_dictionaries(
    {
        "source": st.integers(0, 7),
        "service": st.sampled_from(SERVICES[:2]),
        "outcome": st.sampled_from(Outcome.values),
        "release": st.sampled_from(["2026-01", "2026-02", "DR17"]),
        "provider": st.sampled_from(["one", "other"]),
        "snapshot": st.sampled_from([None, "real", "simulated"]),
        "radius_arcsec": st.sampled_from([3.0, 5.0, 7.0]),
        "moved": st.booleans(),
        "day": st.integers(0, 4),
    }
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(answers=st.lists(said, max_size=60, unique_by=lambda a: tuple(a[k] for k in UNIQUE)))
def test_all_at_once_is_one_after_another(db: None, answers: list[dict[str, Any]]) -> None:
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
        for answer in answers:
            source = rows[answer["source"]].spectrum.source
            f.CounterpartLookupFactory(
                source=source, ra=source.ra + answer["moved"], snapshot=snapshots.get(answer["snapshot"]),
                asked_at=FIRST + timedelta(days=answer["day"]),
                **{k: answer[k] for k in ("service", "outcome", "release", "provider", "radius_arcsec")},
            )  # fmt: skip
        found = with_answers(Candidate.objects.all()).annotate(
            **{f"{s}_answered": Case(When(answered(s), then=True), default=False) for s in SERVICES},
            **{f"{s}_holds": Case(When(holding(s), then=True), default=False) for s in SERVICES},
        )
        of_sources = {
            (one.service, one.source_id): one.pk
            for one in standing_of_sources(candidates=Candidate.objects.filter(run=run), services=SERVICES)
        }
        for row in found.select_related("spectrum"):
            outcomes = [getattr(row, f"{s}_outcome") for s in SERVICES]
            assert [getattr(row, f"{s}_holds") for s in SERVICES] == [o == "matched" for o in outcomes]
            assert [getattr(row, f"{s}_answered") for s in SERVICES] == [
                o in ("matched", "no-match") for o in outcomes
            ]
            for service in SERVICES:
                alone = of_sources.get((service, row.spectrum.source_id))
                assert alone == getattr(row, f"{service}_lookup")
        transaction.set_rollback(True)

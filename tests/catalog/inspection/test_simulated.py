"""The demonstration's inspectors err as often as they say, and never on observed spectra."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.inspection.overview import chain, overview
from catalog.inspection.selectors import simulated_votes
from catalog.inspection.simulated import GOLD_STANDARDS, VOTERS, simulated_inspection
from catalog.models import Adjudication, Candidate, GoldStandard, Inspector, Run, Vote
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Run:
    """180 candidates: 120 right, 30 at a wrong redshift, 30 stars."""
    run = f.RunFactory()
    for n in range(180):
        kind = "F star" if n % 6 == 5 else "star-forming"
        z = 0.3 if n % 6 == 4 else 0.1
        truth = f.TruthFactory(kind=kind, z=z)
        f.CandidateFactory(run=run, spectrum=truth.spectrum, z_cl=0.1)
    return run


def test_errors_are_as_stated(demo: Run) -> None:
    assert simulated_inspection(run=demo, seed=3) == 360
    right = {n for n in range(180) if n % 6 < 4}
    order = {pk: n for n, pk in enumerate(Candidate.objects.order_by("pk").values_list("pk", flat=True))}
    for voter in VOTERS:
        votes = Vote.objects.filter(inspector__user__username=voter.name)
        assert votes.count() == 120
        missed = [vote.verdict == "reject" for vote in votes if order[vote.candidate_id] in right]
        false = [vote.verdict == "keep" for vote in votes if order[vote.candidate_id] not in right]
        for errors, rate in ((missed, voter.miss_rate), (false, voter.false_rate)):
            spread = (rate * (1 - rate) / len(errors)) ** 0.5
            assert abs(sum(errors) / len(errors) - rate) < 4 * spread
    assert all(row.simulated for row in Inspector.objects.all())
    assert not any(vote.seconds for vote in Vote.objects.all())


def test_it_ends_with_every_candidate_decided(demo: Run) -> None:
    simulated_inspection(run=demo)
    steps = {step.key: step.count for step in chain(run=demo)}
    assert steps["waiting"] == steps["conflict"] == 0
    assert steps["adjudicated_kept"] + steps["adjudicated_rejected"] == Adjudication.objects.count() > 0
    assert steps["kept"] + steps["rejected"] == 180
    assert 110 <= steps["kept"] <= 130
    assert GoldStandard.objects.count() == GOLD_STANDARDS
    seen = overview(run=demo)
    assert seen.simulated
    assert len(seen.pairs) == 3
    assert seen.fleiss is not None
    assert 0.6 < seen.fleiss < 1
    assert sum(row.gold_votes for row in seen.progress) == 2 * GOLD_STANDARDS
    assert simulated_votes(run=demo) == 360 + Adjudication.objects.count()
    assert simulated_votes(run=demo, observed_only=True) == 0


def test_the_same_seed_gives_the_same_votes_once(demo: Run) -> None:
    again = f.RunFactory()
    for candidate in Candidate.objects.order_by("pk"):
        f.CandidateFactory(run=again, spectrum=candidate.spectrum, z_cl=0.1)
    assert simulated_inspection(run=demo, seed=1) == 360
    assert simulated_inspection(run=demo, seed=1) == 0
    simulated_inspection(run=again, seed=1)
    said = Vote.objects.order_by("pk").values_list("candidate__spectrum", "verdict", "seen_class")
    assert list(said.filter(candidate__run=again)) == list(said.filter(candidate__run=demo))


def test_not_on_observed_spectra(demo: Run) -> None:
    f.CandidateFactory(run=demo)
    with pytest.raises(ValidationError, match="simulated spectra only"):
        simulated_inspection(run=demo)
    assert not Vote.objects.exists()
    assert not Inspector.objects.exists()


def test_nobody_logs_in_as_one(demo: Run) -> None:
    simulated_inspection(run=demo)
    for inspector in Inspector.objects.select_related("user"):
        assert not inspector.user.has_usable_password()
        assert "simulated" in str(inspector)

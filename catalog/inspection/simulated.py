"""Inspectors for the demonstration: their votes are drawn from the truth of simulated spectra.

Each says in its row with what probability it rejects what is right and keeps what is wrong. They never vote
on spectra that a telescope took.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import (
    Adjudication,
    Candidate,
    GoldStandard,
    Inspector,
    Run,
    SeenClass,
    Truth,
    Verdict,
    Vote,
)

from .groups import INSPECTORS, RESOLVERS
from .reasons import VoteReason
from .selectors import rule_of
from .services import states_settle
from .truth import KnownTruth, simulated_truth

GOLD_STANDARDS = 12


@dataclass(frozen=True)
class Simulated:
    """An account name with its error rates."""

    name: str
    miss_rate: float
    false_rate: float
    group: str = INSPECTORS


RESOLVER = Simulated("simulated-resolver", 0.01, 0.01, RESOLVERS)
VOTERS = (
    Simulated("simulated-inspector-1", 0.03, 0.05),
    Simulated("simulated-inspector-2", 0.08, 0.10),
    Simulated("simulated-inspector-3", 0.05, 0.15),
)


@transaction.atomic
def simulated_inspection(*, run: Run, seed: int = 0) -> int:
    """Let simulated inspectors vote on a run's candidates of known truth, and a simulated resolver decide
    their conflicts; returns the number of votes.

    Each candidate gets the votes that the rule asks, from inspectors by turns; some are gold standards.
    The same seed gives the same votes. What was done before is not done again (0). Raises ValidationError
    for candidates whose spectra a telescope took.
    """
    if run.completed_at is None:
        raise ValidationError(f"Run {run.pk} has not ended, so its candidates may still change.")
    candidates = list(
        Candidate.objects.filter(run=run, withdrawn_at__isnull=True)
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
        .select_related("spectrum__release")
    )
    if not all(candidate.spectrum.release.simulated for candidate in candidates):
        raise ValidationError(
            "Simulated inspectors vote on simulated spectra only; some of these were observed."
        )
    if Vote.objects.filter(candidate__run=run).exists():
        return 0
    truths = Truth.objects.in_bulk([c.spectrum_id for c in candidates], field_name="spectrum_id")
    candidates = [candidate for candidate in candidates if candidate.spectrum_id in truths]
    rule = rule_of(run=run)
    if rule.votes_needed > len(VOTERS):
        raise ValidationError(
            f"The rule asks {rule.votes_needed} votes; there are {len(VOTERS)} simulated inspectors."
        )
    opinions = _Opinions(run, truths)
    voters = [_inspector(voter) for voter in VOTERS]
    streams = [np.random.default_rng([seed, number]) for number in range(len(voters) + 1)]
    draws = [stream.random(len(candidates)) for stream in streams]
    votes = []
    for place, candidate in enumerate(candidates):
        for turn in range(rule.votes_needed):
            number = (place + turn) % len(voters)
            verdict, seen_class, reasons = opinions.of(candidate, voters[number], draws[number][place])
            votes.append(
                Vote(
                    candidate=candidate, inspector=voters[number], verdict=verdict, seen_class=seen_class,
                    reasons=reasons,
                )
            )  # fmt: skip
    Vote.objects.bulk_create(votes, batch_size=1000)
    ids = [candidate.pk for candidate in candidates]
    states_settle(run=run, candidate_ids=ids)
    _decide(run, candidates, opinions, draws[-1])
    states_settle(run=run, candidate_ids=ids)
    _gold_standards(candidates, opinions)
    return len(votes)


class _Opinions:
    """What is right about each candidate, and what an inspector with errors says."""

    def __init__(self, run: Run, truths: dict[int, Truth]) -> None:
        self.run = run
        self.truths = truths

    def truth(self, candidate: Candidate) -> KnownTruth:
        return simulated_truth(
            candidate=candidate,
            truth=self.truths[candidate.spectrum_id],
            z_tolerance=self.run.z_tolerance,
        )

    def of(self, candidate: Candidate, inspector: Inspector, draw: float) -> tuple[str, str, int]:
        """Verdict, class and reasons of an inspector whose draw is uniform in 0 to 1."""
        truth = self.truth(candidate)
        right, truth_class = truth.verdict == Verdict.KEEP, truth.seen_class
        errs = draw < ((inspector.miss_rate if right else inspector.false_rate) or 0)
        if right != errs:
            return Verdict.KEEP, candidate.kind, 0
        if right:
            return Verdict.REJECT, SeenClass.NOISE, VoteReason.LOW_SNR
        if truth_class == SeenClass.STAR:
            return Verdict.REJECT, truth_class, VoteReason.STELLAR
        if truth_class == SeenClass.NOISE:
            return Verdict.REJECT, truth_class, VoteReason.NO_LINES
        return Verdict.REJECT, truth_class, VoteReason.WRONG_REDSHIFT


def _inspector(simulated: Simulated) -> Inspector:
    user, created = User.objects.get_or_create(username=simulated.name)
    if created:
        user.set_unusable_password()  # nobody logs in as one
        user.save()
        user.groups.add(Group.objects.get(name=simulated.group))
    inspector, _ = Inspector.objects.get_or_create(
        user=user,
        defaults={
            "simulated": True,
            "miss_rate": simulated.miss_rate,
            "false_rate": simulated.false_rate,
        },
    )
    if not inspector.simulated:
        raise ValidationError(f"{simulated.name} is an account of a person; rename it.")
    return inspector


def _decide(run: Run, candidates: list[Candidate], opinions: _Opinions, draws: np.ndarray) -> None:
    resolver = _inspector(RESOLVER)
    conflicts = set(
        Candidate.objects.filter(run=run, inspection_state=Candidate.InspectionState.CONFLICT).values_list(
            "pk", flat=True
        )
    )
    decided = []
    for candidate, draw in zip(candidates, draws, strict=True):
        if candidate.pk in conflicts:
            verdict, seen_class, _ = opinions.of(candidate, resolver, float(draw))
            decided.append(
                Adjudication(
                    candidate=candidate, resolver=resolver.user, verdict=verdict, seen_class=seen_class
                )
            )
    Adjudication.objects.bulk_create(decided, batch_size=1000)


def _gold_standards(candidates: list[Candidate], opinions: _Opinions) -> None:
    """Let some candidates, evenly over the run, be gold standards."""
    step = max(1, len(candidates) // GOLD_STANDARDS)
    GoldStandard.objects.bulk_create(
        GoldStandard(
            candidate=candidate,
            verdict=truth.verdict,
            seen_class=truth.seen_class,
            z=truth.z if truth.verdict == Verdict.KEEP else None,
            origin=truth.origin,
        )
        for candidate in candidates[::step][:GOLD_STANDARDS]
        for truth in (opinions.truth(candidate),)
    )

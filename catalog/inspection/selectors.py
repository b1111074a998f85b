"""Reads: the rule, what stands, the state that follows, who may see what, and what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from catalog.models import Adjudication, Candidate, ConsensusRule, Inspector, Run, Vote

from . import consensus, reasons

Row = TypeVar("Row", bound=Model)

OPEN = Q(withdrawn_at__isnull=True) & (
    Q(inspection_state=Candidate.InspectionState.WAITING) | Q(gold_standard__isnull=False)
)
"""Candidates that take votes: those that wait, and gold standards, on which every inspector is scored."""


def rule_of(*, run: Run, at: datetime | None = None) -> ConsensusRule:
    """The rule of a run (as it was at a time): the newest set, else two votes that agree, cast blind."""
    rules = ConsensusRule.objects.filter(run=run, **({"created_at__lte": at} if at else {}))
    return rules.order_by("-id").first() or ConsensusRule(run=run)


def standing(rows: QuerySet[Row], at: datetime | None = None) -> QuerySet[Row]:
    """Votes or adjudications that stand now, or stood at a time."""
    if at is None:
        return rows.filter(replaced_at__isnull=True)
    return rows.filter(Q(replaced_at__isnull=True) | Q(replaced_at__gt=at), created_at__lte=at)


def states(*, run: Run, candidate_ids: Sequence[int], at: datetime | None = None) -> dict[int, str]:
    """States of a run's candidates, worked out from the history of votes, adjudications and rules alone."""
    rule = rule_of(run=run, at=at)
    ballots: dict[int, list[consensus.Ballot]] = defaultdict(list)
    votes = standing(Vote.objects.filter(candidate__in=candidate_ids), at).values_list(
        "candidate_id", "verdict", "z", "candidate__z_cl", "seen_class"
    )
    for pk, verdict, z, z_cl, seen_class in votes:
        ballots[pk].append(consensus.Ballot(verdict, z_cl if z is None else z, seen_class))
    adjudications = standing(Adjudication.objects.filter(candidate__in=candidate_ids), at)
    adjudicated = dict(adjudications.values_list("candidate_id", "verdict"))
    terms = consensus.Rule(rule.votes_needed, rule.share_needed, run.z_tolerance)
    return {
        pk: consensus.state(ballots[pk], terms, adjudicated=adjudicated.get(pk, "")) for pk in candidate_ids
    }


def is_open(candidate: Candidate) -> bool:
    """Whether a candidate takes votes (see ``OPEN``)."""
    if candidate.withdrawn_at:
        return False
    return candidate.inspection_state == Candidate.InspectionState.WAITING or hasattr(
        candidate, "gold_standard"
    )


def votes_visible(*, candidate: Candidate, user: User | AnonymousUser) -> bool:
    """Whether a reader may see how others voted: under a blind rule, after their own vote or the last."""
    if not is_open(candidate) or not rule_of(run=candidate.run).blind:
        return True
    return user.is_authenticated and candidate.votes.filter(inspector__user=user).exists()


def standing_vote(*, candidate: Candidate, user: User | AnonymousUser) -> Vote | None:
    """The user's own vote that stands."""
    if not user.is_authenticated:
        return None
    return standing(candidate.votes.filter(inspector__user=user)).first()


def conflicts(*, run: Run) -> QuerySet[Candidate]:
    """Candidates that wait for a resolver."""
    state = Candidate.InspectionState.CONFLICT
    return Candidate.objects.filter(run=run, inspection_state=state, withdrawn_at__isnull=True)


def simulated_votes(*, run: Run, observed_only: bool = False) -> int:
    """Standing votes and adjudications of simulated inspectors in a run; ``observed_only``: on spectra of
    releases that are not simulated, which a catalogue must never rest on."""
    rows: tuple[QuerySet[Vote] | QuerySet[Adjudication], ...] = (
        standing(Vote.objects.filter(candidate__run=run, inspector__simulated=True)),
        standing(Adjudication.objects.filter(candidate__run=run, resolver__inspector__simulated=True)),
    )
    if observed_only:
        rows = tuple(found.filter(candidate__spectrum__release__simulated=False) for found in rows)
    return sum(found.count() for found in rows)


@dataclass(frozen=True)
class Event:
    """One step in the history of a candidate. ``replaced`` tells when it ceased to count."""

    at: datetime
    who: str
    simulated: bool
    what: str
    seen_class: str = ""
    z: float | None = None
    reasons: tuple[str, ...] = ()
    comment: str = ""
    seconds: float | None = None
    replaced: datetime | None = None


def history(*, candidate: Candidate, user: User | AnonymousUser) -> list[Event]:
    """All that happened to a candidate, the earliest first; without votes that the user may not see yet."""
    events = []
    if votes_visible(candidate=candidate, user=user):
        events = [
            Event(
                vote.created_at, str(vote.inspector), vote.inspector.simulated,
                f"votes to {vote.verdict}" if vote.verdict != "unsure" else "is unsure",
                vote.get_seen_class_display(), vote.z, reasons.decode(vote.reasons), vote.comment,
                vote.seconds, vote.replaced_at,
            )
            for vote in candidate.votes.select_related("inspector__user")
        ]  # fmt: skip
    simulated = Inspector.objects.filter(user=OuterRef("resolver"), simulated=True)
    for row in candidate.adjudications.select_related("resolver").annotate(simulated=Exists(simulated)):
        events.append(
            Event(
                row.created_at, row.resolver.get_username(), row.simulated, f"decides to {row.verdict}",
                row.get_seen_class_display(), row.z, (), row.comment, None, row.replaced_at,
            )
        )  # fmt: skip
    if candidate.withdrawn_at:
        who = candidate.withdrawn_by.get_username() if candidate.withdrawn_by else "an operator"
        events.append(
            Event(
                candidate.withdrawn_at, who, False, "withdraws the candidate",
                comment=candidate.withdrawn_reason,
            )
        )  # fmt: skip
    return sorted(events, key=lambda event: event.at)

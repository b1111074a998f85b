"""Reads: the rule, what stands, the state that follows, who may see what, and what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Case, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Adjudication, Candidate, ConsensusRule, Inspector, Run, Vote

from . import consensus, reasons
from .groups import MAY_RESOLVE, MAY_VOTE

Row = TypeVar("Row", bound=Model)

OPEN = Q(withdrawn_at__isnull=True) & (
    Q(inspection_state=Candidate.InspectionState.WAITING) | Q(gold_standard__isnull=False)
)
"""Candidates that take votes: those that wait, and gold standards, on which every inspector is scored."""

DECIDED = (Candidate.InspectionState.KEPT, Candidate.InspectionState.REJECTED)
CLOSED = Q(withdrawn_at__isnull=False) | (Q(inspection_state__in=DECIDED) & Q(gold_standard__isnull=True))
"""Candidates whose votes a blind rule shows to everybody. A gold standard always has votes to come."""

_BLIND = Subquery(ConsensusRule.objects.filter(run=OuterRef("run")).order_by("-id").values("blind")[:1])
VEILED = Q(withdrawn_at__isnull=True, gold_standard__isnull=False) & Q(Coalesce(_BLIND, Value(True)))
"""Gold standards under a blind rule: to readers they wait for votes, whatever the votes have come to."""

SLIP = timedelta(minutes=2)
"""How long after it was cast a vote that decided its candidate can still be taken back."""

STATE_SHOWN = Case(When(VEILED, then=Value("waiting")), default=F("inspection_state"))
"""The state of a candidate that lists, filters and downloads show."""


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
    """Whether a reader may see how others voted: under a blind rule once the candidate is closed.

    One's own vote opens nothing, since it can be taken back and cast anew. Resolvers see what they are to
    decide, after their own vote where a gold standard wants it.
    """
    gold = hasattr(candidate, "gold_standard")
    if candidate.withdrawn_at or (candidate.inspection_state in DECIDED and not gold):
        return True
    if not rule_of(run=candidate.run).blind:
        return True
    if candidate.inspection_state == Candidate.InspectionState.WAITING or not user.has_perm(MAY_RESOLVE):
        return False
    return (
        not gold or not user.has_perm(MAY_VOTE) or standing_vote(candidate=candidate, user=user) is not None
    )


def state_shown(*, candidate: Candidate, user: User | AnonymousUser) -> str:
    """The state in words, as this reader may know it (see ``STATE_SHOWN``)."""
    veiled = hasattr(candidate, "gold_standard") and not votes_visible(candidate=candidate, user=user)
    state = Candidate.InspectionState.WAITING if veiled else candidate.inspection_state
    return str(Candidate.InspectionState(state).label)


def standing_vote(*, candidate: Candidate, user: User | AnonymousUser) -> Vote | None:
    """The user's own vote that stands."""
    if not user.is_authenticated:
        return None
    return standing(candidate.votes.filter(inspector__user=user)).first()


def vote_fixed_for(*, candidate: Candidate, vote: Vote) -> str:
    """Why a standing vote can no longer be taken back, in words; empty where it can.

    Once its votes have decided a candidate they are open to all, so one can be taken back only as a slip of
    the key: the last one, within ``SLIP``.
    """
    if candidate.withdrawn_at:
        return "This candidate was withdrawn, so its votes stay as they are."
    if standing(candidate.adjudications.all()).exists():
        return "A resolver has decided this candidate, so its votes stay as they are."
    if is_open(candidate) or candidate.inspection_state not in DECIDED:
        return ""
    if vote == standing(candidate.votes.all()).last() and timezone.now() - vote.created_at <= SLIP:
        return ""
    return (
        f"This candidate is {candidate.get_inspection_state_display()} and its votes are shown to all, "
        "so they stay as they are; a resolver can decide otherwise."
    )


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
    """What happened to a candidate that the user may see, their own votes always; the earliest first."""
    shown = votes_visible(candidate=candidate, user=user)
    votes = candidate.votes.all() if shown else candidate.votes.none()
    if not shown and user.is_authenticated:
        votes = candidate.votes.filter(inspector__user=user)
    events = [
        Event(
            vote.created_at, str(vote.inspector), vote.inspector.simulated,
            f"votes to {vote.verdict}" if vote.verdict != "unsure" else "is unsure",
            vote.get_seen_class_display(), vote.z, reasons.decode(vote.reasons), vote.comment,
            vote.seconds, vote.replaced_at,
        )
        for vote in votes.select_related("inspector__user")
    ]  # fmt: skip
    simulated = Inspector.objects.filter(user=OuterRef("resolver"), simulated=True)
    adjudications = candidate.adjudications.all() if shown else candidate.adjudications.none()
    for row in adjudications.select_related("resolver").annotate(simulated=Exists(simulated)):
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

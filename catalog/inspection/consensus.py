"""How votes and an adjudication come to a candidate's state: a pure function of what stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.models import Candidate, Verdict

State = Candidate.InspectionState


@dataclass(frozen=True)
class Ballot:
    """What one standing vote says; ``z`` is the inspector's redshift, or z_CL where they gave none."""

    verdict: str
    z: float
    seen_class: str = ""


@dataclass(frozen=True)
class Rule:
    """``votes`` that a verdict needs, the ``share`` of them that must agree, and by how much the redshifts
    of those who keep a candidate may differ."""

    votes: int
    share: float
    z_tolerance: float


def state(ballots: Sequence[Ballot], rule: Rule, *, adjudicated: str = "") -> str:
    """The state that standing votes (in any order) and a standing adjudication's verdict come to.

    An adjudication decides. Else the candidate waits until it has the rule's number of votes. It is then kept
    or rejected where that verdict has the rule's share of all votes ("unsure" agrees with nothing), and a
    conflict where neither has. It is a conflict as well where those who keep it do not mean the same: they
    name different classes, or redshifts farther apart than the tolerance.
    """
    if adjudicated:
        return State.KEPT if adjudicated == Verdict.KEEP else State.REJECTED
    if len(ballots) < rule.votes:
        return State.WAITING
    keeping = [ballot for ballot in ballots if ballot.verdict == Verdict.KEEP]
    rejecting = sum(ballot.verdict == Verdict.REJECT for ballot in ballots)
    if _suffices(rejecting, len(ballots), rule.share):
        return State.REJECTED
    if _suffices(len(keeping), len(ballots), rule.share) and _same(keeping, rule.z_tolerance):
        return State.KEPT
    return State.CONFLICT


def _suffices(n: int, total: int, share: float) -> bool:
    return n >= share * total - 1e-9


def _same(keeping: Sequence[Ballot], z_tolerance: float) -> bool:
    redshifts = [ballot.z for ballot in keeping]
    classes = {ballot.seen_class for ballot in keeping} - {""}
    return len(classes) <= 1 and max(redshifts) - min(redshifts) <= z_tolerance

"""Writes of inspection. Nothing is overwritten: what no longer counts says since when.

Each service locks its candidate, checks, writes, and brings the candidate's state up to date, all in one
transaction. What is refused is refused in words: PermissionDenied where the right is missing,
ValidationError for the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import (
    Adjudication,
    Candidate,
    ConsensusRule,
    GoldStandard,
    InspectionLease,
    Inspector,
    Run,
    SeenClass,
    Verdict,
    Vote,
)

from . import reasons as reason_bits
from .groups import MAY_RESOLVE, MAY_RULE, MAY_SET_GOLD, MAY_VOTE, MAY_WITHDRAW
from .selectors import is_open, standing, standing_vote, states, vote_fixed_for

LOWEST_Z, HIGHEST_Z = -0.5, 10.0
CLOCK_SLACK = 1.0  # s: the page's clock and ours begin at different ends of one request
LONGEST_COMMENT = 2000


@transaction.atomic
def vote_cast(
    *,
    candidate_id: int,
    user: User,
    verdict: str,
    seen_class: str = "",
    z: float | None = None,
    reasons: int = 0,
    comment: str = "",
    seconds: float | None = None,
    client_id: UUID | None = None,
) -> Vote:
    """Cast an inspector's vote. ``seconds`` beyond the time since the candidate was lent are not kept."""
    _allow(user, MAY_VOTE, "Only accounts in the group “inspectors” vote; an operator can add yours.")
    candidate = _locked(candidate_id)
    _opinion_check(verdict, Verdict.values, seen_class, z, comment)
    if reasons & ~reason_bits.ALL or reasons < 0:
        raise ValidationError(f"{reasons} holds a reason that the registry does not know.")
    inspector, _ = Inspector.objects.get_or_create(user=user)
    if inspector.simulated and not candidate.spectrum.release.simulated:
        raise ValidationError("Simulated inspectors vote on simulated spectra only; this one was observed.")
    if standing(candidate.votes.filter(inspector=inspector)).exists():
        raise ValidationError("Your vote on this candidate stands. Take it back before you vote anew.")
    gold = getattr(candidate, "gold_standard", None)
    if gold and gold.set_by_id == user.pk:
        raise ValidationError("You set the truth of this candidate, so your vote would say nothing.")
    if not is_open(candidate):
        raise ValidationError(
            f"This candidate takes no more votes: it is {candidate.get_inspection_state_display()}."
        )
    lease = InspectionLease.objects.filter(inspector=inspector, candidate=candidate).first()
    vote = Vote.objects.create(
        candidate=candidate, inspector=inspector, verdict=verdict, seen_class=seen_class, z=z,
        reasons=reasons, comment=comment.strip(),
        seconds=_possible(seconds, lease.begun_at if lease else None), client_id=client_id,
    )  # fmt: skip
    if lease:
        lease.delete()
    states_settle(run=candidate.run, candidate_ids=[candidate.pk])
    return vote


@transaction.atomic
def vote_withdraw(*, candidate_id: int, user: User) -> Vote:
    """Take back a user's own standing vote, where nothing rests on it yet; the row stays, as replaced."""
    candidate = _locked(candidate_id)
    vote = standing_vote(candidate=candidate, user=user)
    if vote is None:
        raise ValidationError("You have no vote on this candidate to take back.")
    if reason := vote_fixed_for(candidate=candidate, vote=vote):
        raise ValidationError(reason)
    vote.replaced_at = timezone.now()
    vote.save(update_fields=["replaced_at"])
    states_settle(run=candidate.run, candidate_ids=[candidate.pk])
    return vote


@transaction.atomic
def adjudicate(
    *,
    candidate_id: int,
    user: User,
    verdict: str,
    seen_class: str = "",
    z: float | None = None,
    comment: str = "",
) -> Adjudication:
    """Give a resolver's last word on a candidate that has its votes; an earlier one is replaced."""
    _allow(user, MAY_RESOLVE, "Only accounts in the group “resolvers” decide; an operator can add yours.")
    candidate = _locked(candidate_id)
    _opinion_check(verdict, (Verdict.KEEP, Verdict.REJECT), seen_class, z, comment)
    if candidate.inspection_state == Candidate.InspectionState.WAITING:
        raise ValidationError("This candidate still waits for votes; a resolver decides after them.")
    resolver = Inspector.objects.filter(user=user).first()
    if resolver and resolver.simulated and not candidate.spectrum.release.simulated:
        raise ValidationError("Simulated resolvers decide on simulated spectra only; this one was observed.")
    standing(candidate.adjudications.all()).update(replaced_at=timezone.now())
    adjudication = Adjudication.objects.create(
        candidate=candidate,
        resolver=user,
        verdict=verdict,
        seen_class=seen_class,
        z=z,
        comment=comment.strip(),
    )
    states_settle(run=candidate.run, candidate_ids=[candidate.pk])
    return adjudication


@transaction.atomic
def candidate_withdraw(*, candidate_id: int, user: User, reason: str) -> Candidate:
    """Take a candidate out of inspection and of every later catalogue, for good."""
    _allow(user, MAY_WITHDRAW, "Only operators withdraw candidates.")
    candidate = _locked(candidate_id)
    if not reason.strip():
        raise ValidationError("Say why the candidate is withdrawn.")
    candidate.withdrawn_at, candidate.withdrawn_by = timezone.now(), user
    candidate.withdrawn_reason = reason.strip()
    candidate.clean_fields(exclude=["run", "spectrum", "region"])
    candidate.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    candidate.leases.all().delete()
    return candidate


@transaction.atomic
def gold_standard_set(
    *, candidate_id: int, user: User, verdict: str, seen_class: str, origin: str, z: float | None = None
) -> GoldStandard:
    """Set the known truth of a candidate. From then on every inspector meets it, and is scored by it."""
    _allow(user, MAY_SET_GOLD, "Only operators set gold standards.")
    candidate = _locked(candidate_id)
    _opinion_check(verdict, (Verdict.KEEP, Verdict.REJECT), seen_class, z, "")
    if not seen_class:
        raise ValidationError("Say what the object is.")
    if not origin.strip():
        raise ValidationError("Say how the truth is known.")
    if GoldStandard.objects.filter(candidate=candidate).exists():
        raise ValidationError("This candidate is a gold standard already.")
    if candidate.votes.filter(inspector__user=user).exists():
        raise ValidationError("You have voted on this candidate: somebody else must say what is true of it.")
    gold = GoldStandard(
        candidate=candidate, verdict=verdict, seen_class=seen_class, z=z, origin=origin.strip(), set_by=user
    )
    gold.full_clean()
    gold.save()
    return gold


@transaction.atomic
def rule_set(
    *,
    run_id: int,
    user: User,
    votes_needed: int,
    share_needed: float,
    blind: bool = True,
    guidelines: str = "",
) -> ConsensusRule:
    """Set the rule of a run. The states of its candidates follow at once; earlier rules stay on record."""
    _allow(user, MAY_RULE, "Only operators set the rule of a run.")
    run = Run.objects.select_for_update(no_key=True).get(pk=run_id)
    if votes_needed < 1:
        raise ValidationError(f"{votes_needed} votes decide nothing: ask for at least 1.")
    if not 0.5 < share_needed <= 1:
        raise ValidationError(
            f"A share of {share_needed:g} is no majority: give more than 0.5, at most 1 (all agree)."
        )
    rule = ConsensusRule.objects.create(
        run=run, votes_needed=votes_needed, share_needed=share_needed, blind=blind,
        guidelines=guidelines.strip(), created_by=user,
    )  # fmt: skip
    locked = Candidate.objects.filter(run=run).order_by("pk").select_for_update(no_key=True)
    states_settle(run=run, candidate_ids=list(locked.values_list("pk", flat=True)))
    return rule


def states_settle(*, run: Run, candidate_ids: Sequence[int]) -> None:
    """Bring the states of candidates, which the caller has locked, up to what their history says."""
    found = states(run=run, candidate_ids=candidate_ids)
    for state in Candidate.InspectionState.values:
        ids = [pk for pk, now in found.items() if now == state]
        if ids:
            Candidate.objects.filter(pk__in=ids).exclude(inspection_state=state).update(
                inspection_state=state
            )


def _locked(candidate_id: int) -> Candidate:
    """The candidate, locked until the transaction ends, of a complete run and not withdrawn."""
    candidate = (
        Candidate.objects.select_for_update(of=("self",), no_key=True)
        .select_related("run", "spectrum__release")
        .get(pk=candidate_id)
    )
    if candidate.run.completed_at is None:
        raise ValidationError(f"Run {candidate.run_id} has not ended, so its candidates may still change.")
    if candidate.withdrawn_at:
        raise ValidationError(f"This candidate was withdrawn: {candidate.withdrawn_reason}.")
    return candidate


def _allow(user: User, permission: str, otherwise: str) -> None:
    if not user.has_perm(permission):
        raise PermissionDenied(otherwise)


def _opinion_check(
    verdict: str, verdicts: Sequence[str], seen_class: str, z: float | None, comment: str
) -> None:
    faults = []
    if verdict not in verdicts:
        faults.append(f"Choose a verdict: {', '.join(verdicts)}.")
    if seen_class and seen_class not in SeenClass.values:
        faults.append(f"“{seen_class}” is no class; there are {', '.join(SeenClass.values)}.")
    if z is not None and not (math.isfinite(z) and LOWEST_Z <= z <= HIGHEST_Z):
        faults.append(f"{z} is not a redshift between {LOWEST_Z:g} and {HIGHEST_Z:g}.")
    if len(comment) > LONGEST_COMMENT:
        faults.append(f"The comment has {len(comment)} characters; {LONGEST_COMMENT} are kept.")
    if faults:
        raise ValidationError(faults)


def _possible(seconds: float | None, begun_at: datetime | None) -> float | None:
    """The time that the page measured, where it can be: not longer than the candidate has been lent."""
    if seconds is None or begun_at is None or not math.isfinite(seconds):
        return None
    lent = (timezone.now() - begun_at).total_seconds()
    return seconds if 0 <= seconds <= lent + CLOCK_SLACK else None

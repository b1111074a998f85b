"""Voting, taking back, deciding, withdrawing: what is written, and what is refused in which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from catalog.inspection import selectors, services
from catalog.inspection.assignment import candidate_lend
from catalog.inspection.reasons import ALL, DESCRIPTIONS, VoteReason, decode
from catalog.inspection.selectors import history, simulated_votes, states, votes_visible
from catalog.models import Adjudication, Candidate, GoldStandard, InspectionLease, Run, Vote
from tests import factories as f

pytestmark = pytest.mark.django_db
State = Candidate.InspectionState


def state(candidate: Candidate) -> str:
    candidate.refresh_from_db()
    return candidate.inspection_state


def vote(candidate: Candidate, user: User, verdict: str = "keep", **given: Any) -> Vote:
    return services.vote_cast(candidate_id=candidate.pk, user=user, verdict=verdict, **given)


def said(refused: pytest.ExceptionInfo[Any]) -> str:
    return " ".join(getattr(refused.value, "messages", [str(refused.value)]))


def test_two_who_agree_keep_it(candidate: Candidate, ann: User, ben: User) -> None:
    vote(candidate, ann, seen_class="galaxy", reasons=int(VoteReason.ONE_LINE), comment=" faint ")
    assert state(candidate) == State.WAITING
    vote(candidate, ben)
    assert state(candidate) == State.KEPT
    first = Vote.objects.get(inspector__user=ann)
    assert (first.seen_class, first.reasons, first.comment) == ("galaxy", 2, "faint")


def test_two_who_differ_make_a_conflict_that_a_resolver_ends(
    candidate: Candidate, ann: User, ben: User, resolver: User
) -> None:
    vote(candidate, ann)
    vote(candidate, ben, "reject")
    assert state(candidate) == State.CONFLICT
    services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="reject", seen_class="sky")
    assert state(candidate) == State.REJECTED
    services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="keep", z=0.25)
    assert state(candidate) == State.KEPT
    first, second = Adjudication.objects.filter(candidate=candidate)
    assert (first.verdict, first.replaced_at is None) == ("reject", False)
    assert (second.verdict, second.z, second.replaced_at) == ("keep", 0.25, None)


def test_a_vote_taken_back_stays_on_record(candidate: Candidate, ann: User, ben: User) -> None:
    vote(candidate, ann, "reject")
    vote(candidate, ben)
    services.vote_withdraw(candidate_id=candidate.pk, user=ann)
    assert state(candidate) == State.WAITING
    vote(candidate, ann)
    assert state(candidate) == State.KEPT
    assert [(row.verdict, row.replaced_at is None) for row in Vote.objects.filter(inspector__user=ann)] == [
        ("reject", False),
        ("keep", True),
    ]
    assert [event.what for event in history(candidate=candidate, user=ben)] == [
        "votes to reject", "votes to keep", "votes to keep",
    ]  # fmt: skip


def test_a_redshift_is_kept_digit_for_digit(candidate: Candidate, ann: User) -> None:
    vote(candidate, ann, z=0.123456789012345)
    assert Vote.objects.get().z == 0.123456789012345


REFUSED_VOTES: dict[str, tuple[dict[str, Any], str]] = {
    "blank": ({"verdict": ""}, "Choose a verdict"),
    "unknown verdict": ({"verdict": "maybe"}, "Choose a verdict"),
    "unknown class": ({"verdict": "keep", "seen_class": "comet"}, "is no class"),
    "no redshift": ({"verdict": "keep", "z": float("nan")}, "is not a redshift"),
    "far redshift": ({"verdict": "keep", "z": 11.0}, "between -0.5 and 10"),
    "unknown reason": ({"verdict": "keep", "reasons": ALL + 1}, "the registry does not know"),
    "long comment": ({"verdict": "keep", "comment": "x" * 2001}, "2000 are kept"),
}


@pytest.mark.parametrize("case", REFUSED_VOTES)
def test_a_vote_that_says_nothing_sound_is_refused(candidate: Candidate, ann: User, case: str) -> None:
    given, words = REFUSED_VOTES[case]
    with pytest.raises(ValidationError) as refused:
        services.vote_cast(candidate_id=candidate.pk, user=ann, **given)
    assert words in said(refused)
    assert not Vote.objects.exists()


def test_one_vote_of_each_stands(candidate: Candidate, ann: User) -> None:
    vote(candidate, ann)
    with pytest.raises(ValidationError, match="Take it back"):
        vote(candidate, ann, "reject")
    assert Vote.objects.count() == 1


def test_only_inspectors_vote_and_only_resolvers_decide(
    candidate: Candidate, account: Callable[..., User], ann: User, ben: User, resolver: User
) -> None:
    with pytest.raises(PermissionDenied, match="inspectors"):
        vote(candidate, account())
    with pytest.raises(PermissionDenied, match="inspectors"):
        vote(candidate, resolver)
    vote(candidate, ann)
    vote(candidate, ben, "reject")
    with pytest.raises(PermissionDenied, match="resolvers"):
        services.adjudicate(candidate_id=candidate.pk, user=ann, verdict="keep")
    with pytest.raises(PermissionDenied, match="operators"):
        services.candidate_withdraw(candidate_id=candidate.pk, user=resolver, reason="doubtful")
    with pytest.raises(PermissionDenied, match="operators"):
        services.rule_set(run_id=candidate.run_id, user=ann, votes_needed=1, share_needed=1.0)
    assert state(candidate) == State.CONFLICT


def test_what_was_withdrawn_takes_nothing_more(
    candidate: Candidate, ann: User, resolver: User, operator: User
) -> None:
    services.candidate_withdraw(candidate_id=candidate.pk, user=operator, reason="the fibre was broken")
    attempts: list[Callable[[], object]] = [
        lambda: vote(candidate, ann),
        lambda: services.vote_withdraw(candidate_id=candidate.pk, user=ann),
        lambda: services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="keep"),
        lambda: services.candidate_withdraw(candidate_id=candidate.pk, user=operator, reason="again"),
    ]
    for attempt in attempts:
        with pytest.raises(ValidationError, match="was withdrawn: the fibre was broken"):
            attempt()
    candidate.refresh_from_db()
    assert [(e.who, e.what) for e in history(candidate=candidate, user=ann)] == [
        ("otto", "withdraws the candidate")
    ]


def test_a_withdrawal_says_why(candidate: Candidate, operator: User) -> None:
    for reason in (" ", "x" * 201):
        with pytest.raises(ValidationError):
            services.candidate_withdraw(candidate_id=candidate.pk, user=operator, reason=reason)
    candidate.refresh_from_db()
    assert candidate.withdrawn_at is None


def test_enough_is_enough(candidate: Candidate, account: Callable[..., User], ann: User, ben: User) -> None:
    vote(candidate, ann)
    vote(candidate, ben)
    with pytest.raises(ValidationError, match="takes no more votes: it is kept"):
        vote(candidate, account("inspectors"))


def test_a_resolver_waits_for_the_votes(candidate: Candidate, ann: User, resolver: User) -> None:
    vote(candidate, ann)
    with pytest.raises(ValidationError, match="still waits for votes"):
        services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="keep")


def test_a_resolver_is_never_unsure(candidate: Candidate, ann: User, ben: User, resolver: User) -> None:
    vote(candidate, ann)
    vote(candidate, ben, "unsure")
    with pytest.raises(ValidationError, match="Choose a verdict: keep, reject"):
        services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="unsure")


def test_after_a_decision_votes_stay(candidate: Candidate, ann: User, ben: User, resolver: User) -> None:
    vote(candidate, ann)
    vote(candidate, ben, "reject")
    services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="keep")
    with pytest.raises(ValidationError, match="A resolver has decided"):
        services.vote_withdraw(candidate_id=candidate.pk, user=ann)


def test_what_votes_have_decided_stays_but_for_a_slip_of_the_key(
    candidate: Candidate, ann: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Votes are shown once they decide: who could still change theirs would do so knowing the others'."""
    vote(candidate, ann)
    vote(candidate, ben, "reject")
    services.vote_withdraw(candidate_id=candidate.pk, user=ann)  # in conflict: nobody has seen the other's
    vote(candidate, ann, "reject")
    assert state(candidate) == State.REJECTED
    with pytest.raises(ValidationError, match="votes are shown to all"):
        services.vote_withdraw(candidate_id=candidate.pk, user=ben)
    services.vote_withdraw(candidate_id=candidate.pk, user=ann)
    assert state(candidate) == State.WAITING
    vote(candidate, ann, "reject")
    monkeypatch.setattr(selectors, "SLIP", timedelta())
    with pytest.raises(ValidationError, match="so they stay as they are"):
        services.vote_withdraw(candidate_id=candidate.pk, user=ann)
    assert state(candidate) == State.REJECTED


def test_there_is_a_vote_to_take_back(candidate: Candidate, ann: User) -> None:
    with pytest.raises(ValidationError, match="no vote on this candidate"):
        services.vote_withdraw(candidate_id=candidate.pk, user=ann)


def test_a_run_under_way_is_not_inspected(ann: User) -> None:
    candidate = f.CandidateFactory(run__completed_at=None)
    with pytest.raises(ValidationError, match="has not ended"):
        vote(candidate, ann)


def test_gold_is_not_set_by_who_voted_nor_voted_on_by_who_set_it(
    candidate: Candidate, ann: User, ben: User, operator: User
) -> None:
    known = {"verdict": "keep", "seen_class": "galaxy", "origin": "a deeper spectrum"}
    vote(candidate, ann)
    ann.is_superuser = True
    ann.save()
    with pytest.raises(ValidationError, match="You have voted"):
        services.gold_standard_set(candidate_id=candidate.pk, user=ann, **known)
    with pytest.raises(PermissionDenied):
        services.gold_standard_set(candidate_id=candidate.pk, user=ben, **known)
    for missing in ("origin", "seen_class"):
        with pytest.raises(ValidationError):
            services.gold_standard_set(candidate_id=candidate.pk, user=operator, **{**known, missing: ""})
    services.gold_standard_set(candidate_id=candidate.pk, user=operator, **known)
    with pytest.raises(ValidationError, match="already"):
        services.gold_standard_set(candidate_id=candidate.pk, user=operator, **known)
    with pytest.raises(ValidationError, match="You set the truth"):
        vote(candidate, operator)
    assert GoldStandard.objects.get().set_by == operator


def test_gold_takes_the_vote_of_every_inspector(
    candidate: Candidate, account: Callable[..., User], operator: User, run: Run
) -> None:
    services.gold_standard_set(
        candidate_id=candidate.pk, user=operator, verdict="keep", seen_class="galaxy", origin="known"
    )
    for _ in range(4):
        user = account("inspectors")
        assert candidate_lend(run=run, user=user) == candidate
        vote(candidate, user)
        later = account("inspectors")
        assert not votes_visible(candidate=Candidate.objects.get(), user=later)


def test_others_votes_are_hidden_and_ones_own_is_not(
    candidate: Candidate, ann: User, ben: User, operator: User
) -> None:
    vote(candidate, ann)
    assert [event.who for event in history(candidate=candidate, user=ann)] == ["ann"]
    assert history(candidate=candidate, user=ben) == []
    services.rule_set(run_id=candidate.run_id, user=operator, votes_needed=2, share_needed=1.0, blind=False)
    assert [event.who for event in history(candidate=candidate, user=ben)] == ["ann"]


def test_seconds_are_kept_where_they_can_be(run: Run, ann: User) -> None:
    for seconds, lent_for, kept in ((12.5, 20, 12.5), (120.0, 20, None), (-1.0, 20, None), (5.0, None, None)):
        candidate = f.CandidateFactory(run=run)
        if lent_for:
            candidate_lend(run=run, user=ann, candidate_id=candidate.pk)
            InspectionLease.objects.update(begun_at=timezone.now() - timedelta(seconds=lent_for))
        assert vote(candidate, ann, seconds=seconds).seconds == kept


def test_a_rule_moves_every_state(run: Run, ann: User, ben: User, operator: User) -> None:
    one, both = f.CandidateFactory(run=run), f.CandidateFactory(run=run)
    vote(one, ann, "reject")
    vote(both, ann)
    vote(both, ben, "reject")
    elsewhere = f.CandidateFactory(inspection_state=State.KEPT)
    services.rule_set(run_id=run.pk, user=operator, votes_needed=1, share_needed=0.6)
    assert (state(one), state(both)) == (State.REJECTED, State.CONFLICT)
    services.rule_set(run_id=run.pk, user=operator, votes_needed=3, share_needed=1.0)
    assert (state(one), state(both)) == (State.WAITING, State.WAITING)
    assert state(elsewhere) == State.KEPT


@pytest.mark.parametrize(("votes", "share"), [(0, 1.0), (2, 0.5), (2, 1.5), (-1, 1.0)])
def test_a_rule_without_sense_is_refused(run: Run, operator: User, votes: int, share: float) -> None:
    with pytest.raises(ValidationError):
        services.rule_set(run_id=run.pk, user=operator, votes_needed=votes, share_needed=share)


@pytest.mark.parametrize("seed", range(4))
def test_the_stored_state_is_that_of_the_history(
    run: Run, account: Callable[..., User], operator: User, seed: int
) -> None:
    """After any steps, refused ones too, and for every moment on the way."""
    rng = np.random.default_rng(seed)
    people = [account("inspectors") for _ in range(3)] + [account("resolvers")]
    candidates = f.CandidateFactory.create_batch(3, run=run, z_cl=0.1)
    ids = [candidate.pk for candidate in candidates]
    seen = []
    for _ in range(60):
        step = rng.integers(10)
        pk, user = int(rng.choice(ids)), people[rng.integers(3)]
        verdict = str(rng.choice(["keep", "reject", "unsure"]))
        try:
            if step < 6:
                services.vote_cast(
                    candidate_id=pk, user=user, verdict=verdict, z=[None, 0.1005, 0.2][rng.integers(3)],
                    seen_class=["", "galaxy", "qso"][rng.integers(3)],
                )  # fmt: skip
            elif step < 8:
                services.vote_withdraw(candidate_id=pk, user=user)
            elif step == 8:
                services.adjudicate(candidate_id=pk, user=people[3], verdict=verdict)
            else:
                services.rule_set(
                    run_id=run.pk, user=operator, votes_needed=int(rng.integers(1, 4)),
                    share_needed=[1.0, 0.6][rng.integers(2)],
                )  # fmt: skip
        except ValidationError:
            pass
        stored = dict(Candidate.objects.values_list("pk", "inspection_state"))
        assert states(run=run, candidate_ids=ids) == stored
        seen.append((timezone.now(), stored))
    for at, stored in seen:
        assert states(run=run, candidate_ids=ids, at=at) == stored
    assert len({tuple(stored.values()) for _, stored in seen}) > 3


def test_simulated_inspectors_keep_off_observed_spectra(candidate: Candidate, ann: User) -> None:
    f.InspectorFactory(user=ann, simulated=True, miss_rate=0.1, false_rate=0.1)
    with pytest.raises(ValidationError, match="simulated spectra only"):
        vote(candidate, ann)
    f.VoteFactory(candidate=candidate, inspector=ann.inspector)
    assert simulated_votes(run=candidate.run) == 1
    assert simulated_votes(run=candidate.run, observed_only=True) == 1


def test_each_reason_is_one_bit_with_words() -> None:
    assert set(DESCRIPTIONS) == set(VoteReason)
    assert all(re.fullmatch("0b10*", bin(reason)) for reason in VoteReason)
    assert decode(VoteReason.SKY_RESIDUE | VoteReason.NO_LINES) == (
        "no emission lines seen", "residue of night-sky lines",
    )  # fmt: skip

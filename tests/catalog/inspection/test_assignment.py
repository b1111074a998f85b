"""Who is given what: no two the same vote, whatever happens at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from catalog.inspection import services
from catalog.inspection.assignment import candidate_lend, wanting_count
from catalog.models import Candidate, InspectionLease, Run
from tests import factories as f


@pytest.fixture
def three(run: Run) -> list[Candidate]:
    return f.CandidateFactory.create_batch(3, run=run)


def one_vote(run: Run, operator: User) -> None:
    services.rule_set(run_id=run.pk, user=operator, votes_needed=1, share_needed=1.0)


@pytest.mark.django_db
def test_each_gets_another_where_one_vote_decides(
    run: Run, three: list[Candidate], account: Callable[..., User], operator: User
) -> None:
    one_vote(run, operator)
    people = [account("inspectors") for _ in range(4)]
    assert [candidate_lend(run=run, user=user) for user in people] == [*three, None]
    assert [candidate_lend(run=run, user=user) for user in people[:3]] == three  # and keeps it


@pytest.mark.django_db
def test_two_votes_are_lent_twice(run: Run, three: list[Candidate], account: Callable[..., User]) -> None:
    people = [account("inspectors") for _ in range(3)]
    assert [candidate_lend(run=run, user=user) for user in people] == [three[0], three[0], three[1]]


@pytest.mark.django_db
def test_nobody_gets_one_twice_and_the_last_gets_none(run: Run, three: list[Candidate], ann: User) -> None:
    given = []
    while candidate := candidate_lend(run=run, user=ann):
        given.append(candidate)
        services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="keep")
        assert wanting_count(run=run, user=ann) == 3 - len(given)
    assert given == three
    assert not InspectionLease.objects.exists()


@pytest.mark.django_db
def test_a_lease_that_has_run_out_goes_to_others(
    run: Run, three: list[Candidate], ann: User, ben: User, operator: User
) -> None:
    one_vote(run, operator)
    candidate_lend(run=run, user=ann)
    InspectionLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert candidate_lend(run=run, user=ben) == three[0]
    assert candidate_lend(run=run, user=ann) == three[1]


@pytest.mark.django_db
def test_the_one_asked_for_or_none(
    run: Run, three: list[Candidate], ann: User, ben: User, operator: User
) -> None:
    one_vote(run, operator)
    assert candidate_lend(run=run, user=ann, candidate_id=three[2].pk) == three[2]
    assert candidate_lend(run=run, user=ben, candidate_id=three[2].pk) is None
    services.candidate_withdraw(candidate_id=three[2].pk, user=operator, reason="broken fibre")
    assert candidate_lend(run=run, user=ann) == three[0]


@pytest.mark.django_db
def test_only_inspectors_are_lent_any(run: Run, three: list[Candidate], resolver: User) -> None:
    with pytest.raises(PermissionDenied):
        candidate_lend(run=run, user=resolver)


@pytest.mark.django_db(transaction=True)
def test_at_once(account: Callable[..., User], operator: User) -> None:
    """Eight ask in the same moment for eight candidates that want one vote each."""
    run = f.RunFactory()
    candidates = f.CandidateFactory.create_batch(8, run=run)
    one_vote(run, operator)
    people = [account("inspectors") for _ in candidates]

    def ask(user: User) -> Candidate | None:
        try:
            return candidate_lend(run=run, user=user)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(ask, people))
    assert sorted(candidate.pk for candidate in given if candidate) == [c.pk for c in candidates]


@pytest.mark.django_db(transaction=True)
def test_votes_at_once_leave_one_true_state(account: Callable[..., User]) -> None:
    candidate = f.CandidateFactory()
    people = [account("inspectors") for _ in range(2)]

    def cast(user: User) -> None:
        try:
            services.vote_cast(candidate_id=candidate.pk, user=user, verdict="keep")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(cast, people))
    candidate.refresh_from_db()
    assert candidate.inspection_state == Candidate.InspectionState.KEPT

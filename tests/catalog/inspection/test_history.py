"""Nothing that was said in inspection is overwritten: the database refuses it, whoever asks."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from catalog.inspection import services
from catalog.models import Adjudication, Candidate, ConsensusRule, GoldStandard, Run, Vote
from tests import factories as f

pytestmark = pytest.mark.django_db

ROWS = {
    "vote": ("verdict = 'reject'", "comment = 'x'", "z = 0.5", "created_at = now()", "inspector_id = NULL"),
    "adjudication": ("verdict = 'keep'", "comment = 'x'", "created_at = now()"),
    "consensusrule": ("votes_needed = 1", "blind = NOT blind", "created_at = now()"),
    "goldstandard": ("verdict = 'reject'", "origin = 'x'", "z = 0.5"),
}


@pytest.fixture
def inspected(candidate: Candidate, ann: User, ben: User, resolver: User, operator: User) -> Run:
    """A run with a rule, votes, a decision and a gold standard."""
    run = candidate.run
    services.rule_set(run_id=run.pk, user=operator, votes_needed=2, share_needed=1.0)
    for user, verdict in ((ann, "keep"), (ben, "reject")):
        services.vote_cast(candidate_id=candidate.pk, user=user, verdict=verdict)
    services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="reject")
    services.gold_standard_set(
        candidate_id=f.CandidateFactory(run=run).pk, user=operator, verdict="keep", seen_class="galaxy",
        origin="a deeper spectrum",
    )  # fmt: skip
    return run


def refused(command: str, words: str = "the history of inspection never changes") -> None:
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(command)


@pytest.mark.parametrize("table", ROWS)
def test_the_database_refuses_changes(inspected: Run, table: str) -> None:
    for change in ROWS[table]:
        refused(f"UPDATE catalog_{table} SET {change}")
    refused(f"DELETE FROM catalog_{table}")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL glowworm.may_truncate = 'off'")
    refused(f"TRUNCATE catalog_{table} CASCADE", "TRUNCATE of")
    refused("TRUNCATE catalog_candidate CASCADE", "TRUNCATE of|never changes")


@pytest.mark.parametrize("table", ["vote", "adjudication"])
def test_what_was_replaced_stays_replaced(inspected: Run, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE catalog_{table} SET replaced_at = now()")
    refused(f"UPDATE catalog_{table} SET replaced_at = NULL")
    refused(f"UPDATE catalog_{table} SET replaced_at = now() - interval '1 day'")


def test_accounts_go_and_what_they_set_stays(inspected: Run, operator: User) -> None:
    operator.delete()
    assert (ConsensusRule.objects.get().created_by, GoldStandard.objects.get().set_by) == (None, None)


def test_who_voted_or_decided_stays(inspected: Run, ann: User, resolver: User) -> None:
    for user in (ann, resolver):
        with pytest.raises(ProtectedError):
            user.delete()


def test_what_was_inspected_stays(inspected: Run, candidate: Candidate) -> None:
    for row in (inspected, candidate, candidate.spectrum, candidate.spectrum.release):
        with pytest.raises(ProtectedError):
            row.delete()
    assert (Vote.objects.count(), Adjudication.objects.count()) == (2, 1)


def test_a_withdrawal_stays(candidate: Candidate, operator: User) -> None:
    services.candidate_withdraw(candidate_id=candidate.pk, user=operator, reason="the fibre was broken")
    for change in ({"withdrawn_at": None}, {"withdrawn_at": timezone.now()}, {"withdrawn_reason": "none"}):
        with pytest.raises(DatabaseError, match="was withdrawn, and that never"), transaction.atomic():
            Candidate.objects.update(**change)
    Candidate.objects.update(flags=1)
    operator.delete()
    assert Candidate.objects.get().withdrawn_by is None

"""Rules and gold standards are set in the admin; history is read there and never changed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from catalog.inspection import services
from catalog.models import Candidate, ConsensusRule, GoldStandard
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def test_a_rule_is_set_and_states_follow(admin: Client, candidate: Candidate, ann: User) -> None:
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="reject")
    address = reverse("admin:catalog_consensusrule_add")
    given = {"run": candidate.run_id, "votes_needed": "1", "share_needed": "0.4", "blind": "on"}
    refused = admin.post(address, given)
    assert "A share of 0.4 is no majority" in refused.content.decode()
    assert not ConsensusRule.objects.exists()
    assert admin.post(address, given | {"share_needed": "0.75"}).status_code == 302
    rule = ConsensusRule.objects.get()
    assert (rule.votes_needed, rule.share_needed, rule.created_by.username) == (1, 0.75, "otto")
    candidate.refresh_from_db()
    assert candidate.inspection_state == "rejected"


def test_a_gold_standard_is_set_by_somebody_else(admin: Client, candidate: Candidate, operator: User) -> None:
    address = reverse("admin:catalog_goldstandard_add")
    given = {"candidate": candidate.pk, "verdict": "keep", "seen_class": "galaxy", "origin": "known"}
    services.vote_cast(candidate_id=candidate.pk, user=operator, verdict="keep")
    assert "You have voted on this candidate" in admin.post(address, given).content.decode()
    other = f.CandidateFactory(run=candidate.run)
    assert admin.post(address, given | {"candidate": other.pk}).status_code == 302
    assert GoldStandard.objects.get().set_by == operator


@pytest.mark.parametrize("model", ["vote", "adjudication", "consensusrule", "goldstandard", "inspector"])
def test_history_is_only_read(admin: Client, candidate: Candidate, operator: User, model: str) -> None:
    services.vote_cast(candidate_id=candidate.pk, user=operator, verdict="keep")
    services.rule_set(run_id=candidate.run_id, user=operator, votes_needed=1, share_needed=1.0)
    services.adjudicate(candidate_id=candidate.pk, user=operator, verdict="reject")
    services.gold_standard_set(
        candidate_id=f.CandidateFactory(run=candidate.run).pk, user=operator, verdict="keep",
        seen_class="galaxy", origin="known",
    )  # fmt: skip
    listed = admin.get(reverse(f"admin:catalog_{model}_changelist"))
    assert listed.status_code == 200
    [row] = listed.context["cl"].result_list
    assert admin.get(reverse(f"admin:catalog_{model}_change", args=[row.pk])).status_code == 200
    assert admin.post(reverse(f"admin:catalog_{model}_change", args=[row.pk]), {}).status_code == 403
    assert admin.post(reverse(f"admin:catalog_{model}_delete", args=[row.pk]), {}).status_code == 403


def test_the_groups_are_there_with_their_rights() -> None:
    rights = {
        group.name: set(group.permissions.values_list("codename", flat=True)) for group in Group.objects.all()
    }
    assert rights == {"inspectors": {"add_vote"}, "resolvers": {"add_adjudication"}}

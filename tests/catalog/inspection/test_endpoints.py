"""What the keyboard page asks: nothing counts twice, nothing is lost, nobody sees what they must not."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from catalog.inspection import desk, services
from catalog.models import Adjudication, Candidate, GivenList, InspectionLease, Run, Vote
from tests import factories as f

pytestmark = pytest.mark.django_db
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(client: Client) -> Ask:
    """POST JSON as a user; gives status and answer."""

    def post(user: User, endpoint: str, /, **said: Any) -> tuple[int, dict[str, Any]]:
        client.force_login(user)
        answer = client.post(reverse(endpoint), {"user": user.pk, **said}, content_type="application/json")
        return answer.status_code, answer.json()

    return post


def vote(candidate: Candidate, /, **said: Any) -> dict[str, Any]:
    return {"client_id": str(uuid4()), "candidate": candidate.pk, "verdict": "keep", **said}


def test_a_vote_sent_again_is_one_vote(ask: Ask, candidate: Candidate, ann: User) -> None:
    sent = vote(candidate, z=" 0.1000000000000001 ", reasons=["2", "8"], comment="faint", seen_class="galaxy")
    first, again = ask(ann, "inspect-vote", **sent), ask(ann, "inspect-vote", **sent)
    assert first == again
    assert first[0] == 200
    cast = Vote.objects.get()
    assert (cast.z, cast.reasons, cast.comment, cast.seen_class) == (
        0.1000000000000001,
        10,
        "faint",
        "galaxy",
    )
    services.candidate_withdraw(
        candidate_id=candidate.pk, user=f.UserFactory(is_superuser=True), reason="broken fibre"
    )
    assert ask(ann, "inspect-vote", **sent) == first  # it was kept, whatever came later


def test_it_is_taken_back_once_and_cast_anew(ask: Ask, candidate: Candidate, ann: User) -> None:
    sent = vote(candidate)
    back = {name: sent[name] for name in ("client_id", "candidate")}
    assert ask(ann, "inspect-take-back", **back) == (200, {"taken_back": False})  # it never arrived
    ask(ann, "inspect-vote", **sent)
    assert ask(ann, "inspect-take-back", **back) == (200, {"taken_back": True})
    assert ask(ann, "inspect-take-back", **back) == (200, {"taken_back": False})
    assert ask(ann, "inspect-vote", **sent)[0] == 200  # a copy that comes late casts nothing
    assert not Vote.objects.filter(replaced_at__isnull=True).exists()
    assert ask(ann, "inspect-vote", **vote(candidate, verdict="reject"))[0] == 200
    assert [one.verdict for one in Vote.objects.filter(replaced_at__isnull=True)] == ["reject"]


def test_what_cannot_be_kept_is_said(ask: Ask, candidate: Candidate, ann: User, operator: User) -> None:
    for wrong, words in (
        ({"verdict": ""}, "Choose a verdict."),
        ({"z": "0.1.2"}, "“0.1.2” is not a redshift"),
        ({"client_id": "7"}, "no identifier"),
        ({"candidate": "x"}, "not an identifier"),
    ):
        status, answer = ask(ann, "inspect-vote", **vote(candidate, **wrong))
        assert status == 400
        assert words in answer["error"]
    assert ask(ann, "inspect-vote", **vote(candidate, candidate=10**9))[0] == 404
    services.candidate_withdraw(candidate_id=candidate.pk, user=operator, reason="broken fibre")
    assert ask(ann, "inspect-vote", **vote(candidate)) == (
        409, {"error": "This candidate was withdrawn: broken fibre."},
    )  # fmt: skip
    assert not Vote.objects.exists()


def test_a_candidate_that_others_closed_meanwhile(
    ask: Ask, candidate: Candidate, ann: User, ben: User, operator: User
) -> None:
    services.rule_set(run_id=candidate.run_id, user=operator, votes_needed=1, share_needed=1.0)
    assert ask(ben, "inspect-vote", **vote(candidate))[0] == 200
    status, answer = ask(ann, "inspect-vote", **vote(candidate))
    assert status == 409
    assert "takes no more votes: it is kept" in answer["error"]


def test_nobody_sends_in_anothers_name(
    client: Client, ask: Ask, candidate: Candidate, ann: User, ben: User
) -> None:
    sent = {"user": ann.pk, **vote(candidate)}
    endpoints = (
        "inspect-queue", "inspect-vote", "inspect-take-back", "conflicts-queue", "conflicts-decision",
        "practice-queue", "practice-answer",
    )  # fmt: skip
    client.force_login(ben)
    for endpoint in endpoints:
        assert client.post(reverse(endpoint), sent, content_type="application/json").status_code == 401
        assert client.get(reverse(endpoint)).status_code == 405
    client.logout()
    for endpoint in endpoints:
        answer = client.post(reverse(endpoint), sent, content_type="application/json")
        assert answer.status_code == 401
        assert "Log in again" in answer.json()["error"]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann)
    for endpoint in endpoints:
        assert strict.post(reverse(endpoint), sent, content_type="application/json").status_code == 403
    client.force_login(ann)
    assert client.post(reverse("inspect-vote"), "[]", content_type="application/json").status_code == 400
    assert ask(ann, "inspect-vote", **sent)[0] == 200
    taken = {**vote(candidate), "client_id": sent["client_id"]}
    assert ask(ben, "inspect-vote", **taken) == (409, {"error": "Another vote has this identifier."})
    assert ask(ben, "inspect-take-back", **taken) == (200, {"taken_back": False})


def test_rights(
    ask: Ask, candidate: Candidate, account: Callable[..., User], ann: User, resolver: User
) -> None:
    for user in (account(), resolver):
        assert ask(user, "inspect-queue", run=candidate.run_id)[0] == 403
        assert ask(user, "inspect-vote", **vote(candidate))[0] == 403
    assert ask(ann, "conflicts-queue", run=candidate.run_id)[0] == 403
    assert ask(ann, "conflicts-decision", **vote(candidate))[0] == 403


def test_the_desk_is_lent_ahead_and_shared_with_nobody(
    ask: Ask, run: Run, ann: User, ben: User, operator: User
) -> None:
    services.rule_set(run_id=run.pk, user=operator, votes_needed=1, share_needed=1.0)
    made = [one.pk for one in f.CandidateFactory.create_batch(3 * desk.AHEAD, run=run)]
    orders = {}
    for user in (ann, ben):
        status, answer = ask(user, "inspect-queue", run=run.pk)
        assert status == 200
        orders[user] = answer["order"]
        assert [one["id"] for one in answer["items"]] == answer["order"]
    assert orders[ann] == made[: desk.AHEAD]
    assert orders[ben] == made[desk.AHEAD : 2 * desk.AHEAD]
    ask(ann, "inspect-vote", **vote(Candidate.objects.get(pk=made[0])))
    _, answer = ask(ann, "inspect-queue", run=run.pk, first=made[1], have=made[1 : desk.AHEAD], count=True)
    assert answer["order"] == [*made[1 : desk.AHEAD], made[2 * desk.AHEAD]]
    assert [one["id"] for one in answer["items"]] == [made[2 * desk.AHEAD]]
    assert "left" not in ask(ann, "inspect-queue", run=run.pk)[1]  # counting takes time
    assert (answer["left"], answer["done"]) == (3 * desk.AHEAD - 1 - desk.AHEAD, 1)


def test_another_browser_begins_where_this_one_is(client: Client, ask: Ask, run: Run, ann: User) -> None:
    made = [one.pk for one in f.CandidateFactory.create_batch(4, run=run)]
    ask(ann, "inspect-queue", run=run.pk)
    ask(ann, "inspect-queue", run=run.pk, first=made[2])  # went past two of them for later
    assert client.get("/inspect/").url == reverse("inspect-candidate", args=[made[2]])
    assert InspectionLease.objects.count() == 4  # and gave none of the others back


def test_one_that_is_gone_is_left_out(ask: Ask, run: Run, ann: User, operator: User) -> None:
    first, second = f.CandidateFactory.create_batch(2, run=run)
    ask(ann, "inspect-queue", run=run.pk, first=first.pk)
    services.candidate_withdraw(candidate_id=first.pk, user=operator, reason="broken fibre")
    assert ask(ann, "inspect-queue", run=run.pk, first=first.pk)[1]["order"] == [second.pk]


def test_items_are_blind(ask: Ask, candidate: Candidate, ann: User, ben: User, resolver: User) -> None:
    """Complaint 9: votes are hidden until one's own is cast, here also in what is fetched ahead."""
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="reject", comment="telltale")
    _, answer = ask(ben, "inspect-queue", run=candidate.run_id)
    assert answer["order"] == [candidate.pk]
    assert "telltale" not in json.dumps(answer)
    assert "votes" not in answer["items"][0]["html"]
    assert ask(resolver, "conflicts-queue", run=candidate.run_id)[1]["items"] == []
    services.vote_cast(candidate_id=candidate.pk, user=ben, verdict="keep")
    [shown] = ask(resolver, "conflicts-queue", run=candidate.run_id)[1]["items"]
    assert "telltale" in shown["html"]["votes"]


def test_a_resolver_decides(ask: Ask, candidate: Candidate, ann: User, ben: User, resolver: User) -> None:
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="reject")
    services.vote_cast(candidate_id=candidate.pk, user=ben, verdict="keep")
    assert ask(resolver, "conflicts-decision", candidate=candidate.pk, verdict="unsure")[0] == 400
    said = {"candidate": candidate.pk, "verdict": "keep", "z": "0.1234567890123456"}
    assert ask(resolver, "conflicts-decision", **said)[0] == 200
    assert Adjudication.objects.get().z == 0.1234567890123456
    _, answer = ask(resolver, "conflicts-queue", run=candidate.run_id)
    assert (answer["order"], answer["left"]) == ([], 0)


def test_queries_of_the_desk(ask: Ask, run: Run, ann: User, django_assert_max_num_queries: Any) -> None:
    f.CandidateFactory.create_batch(30, run=run)
    ask(ann, "inspect-queue", run=run.pk)
    first = InspectionLease.objects.order_by("pk").values_list("candidate_id", flat=True)[0]
    ask(ann, "inspect-vote", **vote(Candidate.objects.get(pk=first)))
    held = list(InspectionLease.objects.values_list("candidate_id", flat=True))
    with django_assert_max_num_queries(32):
        ask(ann, "inspect-queue", run=run.pk, have=held)
    candidate = Candidate.objects.get(pk=held[0])
    with django_assert_max_num_queries(30):
        ask(ann, "inspect-vote", **vote(candidate))


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_once(account: Callable[..., User]) -> None:
    candidate, ann, client_id = f.CandidateFactory(), account("inspectors"), uuid4()

    def send(_: int) -> Vote:
        try:
            return desk.vote_receive(client_id=client_id, candidate_id=candidate.pk, user=ann, verdict="keep")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        votes = list(pool.map(send, range(4)))
    assert {one.pk for one in votes} == {Vote.objects.get().pk}


def test_a_list_lends_only_what_is_in_it(client: Client, ask: Ask, run: Run, ann: User) -> None:
    made = f.CandidateFactory.create_batch(4, run=run)
    given = GivenList.objects.create(sha256="0" * 64, entries="", n_entries=2, radius_arcsec=3.0)
    given.spectra.set([made[1].spectrum, made[3].spectrum])
    client.force_login(ann)
    assert client.get(f"/inspect/?list={given.token}").url == f"/inspect/{made[1].pk}/?list={given.token}"
    _, answer = ask(ann, "inspect-queue", run=run.pk, list=given.token, first=made[1].pk, count=True)
    assert (answer["order"], answer["left"]) == ([made[1].pk, made[3].pk], 2)
    assert client.get("/inspect/?list=none").status_code == 404
    assert ask(ann, "inspect-queue", run=run.pk, list="none")[0] == 409

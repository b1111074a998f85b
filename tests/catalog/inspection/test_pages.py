"""The pages of inspection: who may see and do what, blindness, refusals in words, downloads."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.inspection import services
from catalog.models import Candidate, GoldStandard, Run, Vote
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client: Client) -> Callable[[User], Client]:
    def as_user(user: User) -> Client:
        client.force_login(user)
        return client

    return as_user


def page_of(candidate: Candidate) -> str:
    return reverse("inspect-candidate", args=[candidate.pk])


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def rows(client: Client, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    if response.status_code == 404:
        return []
    assert response.status_code == 200
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_an_inspector_votes_and_is_given_the_next(
    enter: Callable[[User], Client], run: Run, ann: User
) -> None:
    first, second = f.CandidateFactory.create_batch(2, run=run)
    client = enter(ann)
    assert client.get("/inspect/").url == page_of(first)
    shown = words(client.get(page_of(first)))
    assert "Cast the vote and go on" in shown
    sent = client.post(
        page_of(first),
        {
            "action": "vote",
            "verdict": "keep",
            "seen_class": "galaxy",
            "z": " 0.1000000000000001 ",
            "reasons": ["2", "8"],
            "comment": "faint",
            "seconds": "0.2",
        },
    )
    assert sent.status_code == 302
    vote = Vote.objects.get()
    assert (vote.z, vote.reasons, vote.comment, vote.seconds) == (0.1000000000000001, 10, "faint", 0.2)
    following = client.get(sent.url)
    assert following.url == page_of(second)
    assert f'Your vote on <a href="{page_of(first)}">' in words(client.get(following.url))
    assert "Your vote: keep" in words(client.get(page_of(first)))


def test_what_is_wrong_is_said_and_what_was_typed_stays(
    enter: Callable[[User], Client], candidate: Candidate, ann: User
) -> None:
    response = enter(ann).post(
        page_of(candidate), {"action": "vote", "z": "0.1.2", "comment": "half", "reasons": ["1"]}
    )
    assert response.status_code == 400
    shown = words(response)
    for expected in ("Choose a verdict.", "“0.1.2” is not a redshift", 'value="0.1.2"', ">\nhalf", "checked"):
        assert " ".join(expected.split()) in shown
    assert not Vote.objects.exists()


def test_a_withdrawn_candidate_takes_no_vote(
    enter: Callable[[User], Client], candidate: Candidate, ann: User, operator: User
) -> None:
    services.candidate_withdraw(candidate_id=candidate.pk, user=operator, reason="broken fibre")
    response = enter(ann).post(page_of(candidate), {"action": "vote", "verdict": "keep"})
    assert response.status_code == 400
    assert "This candidate was withdrawn: broken fibre" in words(response)
    assert not Vote.objects.exists()


def test_others_votes_are_blind_on_every_page_and_download(
    enter: Callable[[User], Client], client: Client, candidate: Candidate, ann: User, ben: User
) -> None:
    services.vote_cast(
        candidate_id=candidate.pk, user=ann, verdict="reject", seen_class="sky", comment="telltale"
    )
    spectrum = reverse("spectrum", args=[candidate.spectrum.name])
    places = (page_of(candidate), spectrum, "/votes/", "/votes/download.csv", "/inspected/download.csv")
    enter(ben)
    for address in places:
        response = client.get(address)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        assert b"telltale" not in content, address
    [row] = rows(client, "/inspected/download.csv")
    assert (row["votes"], row["votes_reject"], row["state"]) == ("", "", "waiting")
    services.vote_cast(candidate_id=candidate.pk, user=ben, verdict="reject", seen_class="sky")
    for address in (page_of(candidate), spectrum, "/votes/"):
        assert "telltale" in words(client.get(address)), address
    client.logout()
    assert [row["comment"] for row in rows(client, "/votes/download.csv")] == ["telltale", ""]
    [row] = rows(client, "/inspected/download.csv")
    assert (row["votes_reject"], row["state"], row["class_final"], row["z_final"]) == (
        "2",
        "rejected",
        "sky",
        "",
    )


def test_ones_own_vote_opens_no_other_before_the_candidate_is_closed(
    enter: Callable[[User], Client], run: Run, ann: User, ben: User, resolver: User, operator: User
) -> None:
    """Else one could vote, read the others, take the vote back and vote anew."""
    services.rule_set(run_id=run.pk, user=operator, votes_needed=3, share_needed=1.0)
    candidate = f.CandidateFactory(run=run)
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="keep", comment="telltale")
    client = enter(ben)
    assert "telltale" not in words(client.get(page_of(candidate)))
    services.vote_cast(candidate_id=candidate.pk, user=ben, verdict="reject")
    spectrum = reverse("spectrum", args=[candidate.spectrum.name])
    services.rule_set(run_id=run.pk, user=operator, votes_needed=2, share_needed=1.0)
    candidate.refresh_from_db()
    assert candidate.inspection_state == "conflict"
    for address in (page_of(candidate), spectrum, "/votes/"):
        assert "telltale" not in words(client.get(address)), address
    [row] = rows(client, "/inspected/download.csv")
    assert (row["state"], row["votes_keep"], row["votes_reject"]) == ("conflict", "", "")
    enter(resolver)
    assert "telltale" in words(client.get(page_of(candidate)))
    services.adjudicate(candidate_id=candidate.pk, user=resolver, verdict="keep")
    enter(ben)
    for address in (page_of(candidate), spectrum, "/votes/"):
        assert "telltale" in words(client.get(address)), address


def test_withdrawal_opens_the_votes(candidate: Candidate, client: Client, ann: User, operator: User) -> None:
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="keep", comment="telltale")
    assert rows(client, "/votes/download.csv") == []
    services.candidate_withdraw(candidate_id=candidate.pk, user=operator, reason="broken fibre")
    assert [row["comment"] for row in rows(client, "/votes/download.csv")] == ["telltale"]


def test_nothing_tells_a_gold_standard_from_a_candidate_that_waits(
    client: Client, run: Run, account: Callable[..., User], resolver: User, operator: User
) -> None:
    gold, waiting = (
        f.CandidateFactory(run=run, z_cl=0.1, spectrum__name=name) for name in ("spec-gold", "spec-waiting")
    )
    services.gold_standard_set(
        candidate_id=gold.pk, user=operator, verdict="keep", seen_class="galaxy", origin="known"
    )
    services.vote_cast(candidate_id=waiting.pk, user=account("inspectors"), verdict="keep")

    def look() -> list[Any]:
        seen: list[Any] = []
        for candidate in (gold, waiting):
            name = candidate.spectrum.name
            for table in ("inspected", "candidates"):
                [row] = rows(client, f"/{table}/download.csv?name={name}&inspection_state=waiting")
                told = ("state", "inspection", "class_final", "z_final", "adjudicated")
                seen.append([row[key] for key in row if key in told or key.startswith("votes")])
                assert rows(client, f"/{table}/download.csv?name={name}&inspection_state=kept") == []
            assert rows(client, f"/inspected/download.csv?name={name}&adjudicated=true") == []
            assert rows(client, f"/galaxies/download.csv?name={name}&inspection_state=kept") == []
            assert rows(client, f"/votes/download.csv?name={name}") == []
            page = words(client.get(reverse("spectrum", args=[name])))
            seen.append(page.partition('id="inspection"')[2].partition("</strong>")[0])
            assert "decides to" not in page
        assert seen[:3] == seen[3:]
        return seen

    before = look()
    for _ in range(3):
        services.vote_cast(
            candidate_id=gold.pk, user=account("inspectors"), verdict="keep", seen_class="galaxy", z=0.2
        )
    gold.refresh_from_db()
    assert gold.inspection_state == "kept"
    assert look() == before
    services.adjudicate(candidate_id=gold.pk, user=resolver, verdict="keep", seen_class="galaxy")
    assert look() == before
    client.force_login(account("inspectors"))
    assert look() == before


def test_a_resolver_sees_both_sides_and_decides(
    enter: Callable[[User], Client], candidate: Candidate, ann: User, ben: User, resolver: User
) -> None:
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="keep")
    services.vote_cast(candidate_id=candidate.pk, user=ben, verdict="reject", reasons=16, comment="step")
    client = enter(resolver)
    listed = words(client.get("/conflicts/"))
    for expected in ("ann", "ben", "step or wiggle where the arms are joined", page_of(candidate)):
        assert expected in listed
    refused = client.post(page_of(candidate), {"action": "decide"})
    assert refused.status_code == 400
    assert "Choose a verdict." in words(refused)
    decided = client.post(
        page_of(candidate),
        {"action": "decide", "decision-verdict": "keep", "decision-seen_class": "galaxy"},
    )
    assert decided.url == f"/conflicts/?run={candidate.run_id}"
    assert "No conflict waits" in words(client.get(decided.url))
    candidate.refresh_from_db()
    assert candidate.inspection_state == "kept"
    [row] = rows(client, "/inspected/download.csv")
    assert (row["adjudicated"], row["class_final"], float(row["z_final"])) == ("1", "galaxy", 0.1)


def test_the_page_offers_to_take_a_vote_back_only_where_that_is_done(
    enter: Callable[[User], Client], run: Run, ann: User, ben: User, resolver: User, operator: User
) -> None:  # fmt: skip
    """In every state: with the button it is done, without it the page says why, in the service's words."""
    offers = []
    open_, conflict, kept, slipped, decided, withdrawn = f.CandidateFactory.create_batch(6, run=run)
    for candidate in (open_, conflict, kept, slipped, decided, withdrawn):
        if candidate == slipped:
            services.vote_cast(candidate_id=candidate.pk, user=ben, verdict="keep")
        services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="keep")
    for candidate, verdict in ((conflict, "reject"), (kept, "keep"), (decided, "reject")):
        services.vote_cast(candidate_id=candidate.pk, user=ben, verdict=verdict)
    services.adjudicate(candidate_id=decided.pk, user=resolver, verdict="keep")
    services.candidate_withdraw(candidate_id=withdrawn.pk, user=operator, reason="broken fibre")
    client = enter(ann)
    for candidate in (open_, conflict, kept, slipped, decided, withdrawn):
        shown = words(client.get(page_of(candidate)))
        assert "Your vote: keep" in shown
        offers.append("Take it back" in shown)
        done = client.post(page_of(candidate), {"action": "take-back"})
        assert (done.status_code == 302) == offers[-1]
        assert ("votes stay as they are" in shown or "so they stay as they are" in shown) != offers[-1]
    assert offers == [True, True, False, True, False, False]
    shown = words(enter(resolver).get(page_of(decided)))
    assert "Decide otherwise, as resolver" in shown
    assert "It is kept already." in shown


def test_rights(
    client: Client, candidate: Candidate, account: Callable[..., User], ann: User, resolver: User
) -> None:
    for address in ("/inspect/", page_of(candidate), "/conflicts/"):
        assert client.get(address).url.startswith("/accounts/login/?next=/")
    for user, address, status in (
        (account(), "/inspect/", 403),
        (account(), page_of(candidate), 403),
        (ann, "/conflicts/", 403),
        (resolver, "/inspect/", 403),
        (resolver, page_of(candidate), 200),
    ):
        client.force_login(user)
        assert client.get(address).status_code == status, (user, address)
    for user, action in ((resolver, "vote"), (ann, "decide"), (ann, "withdraw")):
        client.force_login(user)
        given = {"verdict": "keep", "decision-verdict": "keep", "reason": "no"}
        assert client.post(page_of(candidate), {"action": action, **given}).status_code == 403
    assert client.post(page_of(candidate), {"action": "delete"}).status_code == 404
    assert client.get("/inspect/999999/").status_code == 404


def test_no_script_in_what_people_write(
    enter: Callable[[User], Client], candidate: Candidate, ann: User
) -> None:
    services.vote_cast(
        candidate_id=candidate.pk, user=ann, verdict="keep", comment="<script>alert(1)</script>"
    )
    assert "<script>alert" not in words(enter(ann).get(page_of(candidate)))


def test_an_account_logs_in_and_out(client: Client, account: Callable[..., User]) -> None:
    account("inspectors", username="ida")
    shown = client.get("/accounts/login/?next=/inspection/")
    assert "Log in" in words(shown)
    wrong = client.post("/accounts/login/", {"username": "ida", "password": "wrong"})
    assert "Please enter a correct username" in words(wrong)
    right = client.post(
        "/accounts/login/", {"username": "ida", "password": "correct horse", "next": "/inspection/"}
    )
    assert right.url == "/inspection/"
    assert client.post("/accounts/logout/").url == "/"
    assert client.get("/inspect/").status_code == 302


def test_the_chain(client: Client, run: Run, ann: User, ben: User, resolver: User, operator: User) -> None:
    made = [*f.CandidateFactory.create_batch(5, run=run), f.CandidateFactory(run=run, nebula=True)]
    for candidate, verdicts in zip(made, ("kk", "rr", "kr", "kr", "k", "kk"), strict=True):
        for user, verdict in zip((ann, ben), verdicts, strict=False):
            services.vote_cast(
                candidate_id=candidate.pk, user=user, verdict={"k": "keep", "r": "reject"}[verdict]
            )
    services.adjudicate(candidate_id=made[2].pk, user=resolver, verdict="keep")
    withdrawn = f.CandidateFactory(run=run)
    services.candidate_withdraw(candidate_id=withdrawn.pk, user=operator, reason="broken fibre")
    found = {
        row["step"]: (int(row["candidates"]), row["paper"]) for row in rows(client, "/inspection/chain.csv")
    }
    assert found == {
        "candidates": (7, "16,188"), "withdrawn": (1, ""), "waiting": (1, ""), "voted": (5, ""),
        "agreed_kept": (2, ""), "agreed_rejected": (1, ""), "adjudicated_kept": (1, ""),
        "adjudicated_rejected": (0, ""), "conflict": (1, ""), "rejected": (1, "5,922 (16,188 − 10,266)"),
        "kept": (3, "10,266"), "kept_galaxy": (2, "5,828"), "kept_nebula": (1, "4,438"),
    }  # fmt: skip
    shown = words(client.get("/inspection/"))
    for expected in ("10,266", "ann, ben", "Fleiss’ κ", "Kept"):
        assert expected in shown


def test_first_votes_count_for_agreement_and_gold(
    client: Client, candidate: Candidate, ann: User, ben: User, operator: User
) -> None:
    """Ann sees Ben's vote and follows him: her own first vote is what is compared."""
    from catalog.inspection.overview import overview

    services.gold_standard_set(
        candidate_id=candidate.pk, user=operator, verdict="reject", seen_class="sky", origin="known"
    )
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="keep")
    services.vote_cast(candidate_id=candidate.pk, user=ben, verdict="reject")
    services.vote_withdraw(candidate_id=candidate.pk, user=ann)
    services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="reject")
    seen = overview(run=candidate.run)
    assert {row.name: (row.reject, row.gold_right, row.gold_votes) for row in seen.progress} == {
        "ann": (1, 0, 1),
        "ben": (1, 1, 1),
    }
    assert seen.pairs[0].kappa == 0
    assert "gold" not in words(client.get(reverse("spectrum", args=[candidate.spectrum.name]))).lower()


def test_a_resolver_who_votes_sees_no_conflict_that_wants_their_vote(
    enter: Callable[[User], Client], candidate: Candidate, account: Callable[..., User]
) -> None:
    both = account("inspectors", "resolvers", username="bo")
    GoldStandard.objects.create(candidate=candidate, verdict="keep", seen_class="galaxy", origin="known")
    f.VoteFactory(candidate=candidate, verdict="keep", comment="as clear as can be")
    f.VoteFactory(candidate=candidate, verdict="reject")
    Candidate.objects.update(inspection_state="conflict")
    client = enter(both)
    shown = words(client.get("/conflicts/"))
    assert "as clear as can be" not in shown
    assert "your own vote" in shown
    services.vote_cast(candidate_id=candidate.pk, user=both, verdict="keep")
    assert "as clear as can be" in words(client.get("/conflicts/"))


def test_simulated_inspectors_are_named(client: Client, candidate: Candidate) -> None:
    simulated = f.InspectorFactory(
        user__username="simulated-inspector-1", simulated=True, miss_rate=0.03, false_rate=0.05
    )
    f.VoteFactory.create_batch(1, candidate=candidate, inspector=simulated)
    Candidate.objects.update(inspection_state="kept")
    for address in ("/inspection/", "/votes/", reverse("spectrum", args=[candidate.spectrum.name])):
        assert "simulated" in words(client.get(address)).lower(), address
    assert "simulated inspector" in words(client.get("/inspection/"))
    [row] = rows(client, "/votes/download.csv")
    assert row["simulated_inspector"] == "1"
    [row] = rows(client, "/inspected/download.csv")
    assert row["votes_simulated"] == "1"


@pytest.mark.parametrize(
    "query", ["inspection_state=kept", "inspection_state=kept&inspection_state=conflict"]
)
def test_lists_filter_by_state(client: Client, run: Run, query: str) -> None:
    for state in ("waiting", "kept", "conflict"):
        f.CandidateFactory(run=run, inspection_state=state, spectrum__name=f"spec-{state}")
        f.CandidateFactory(run=run, inspection_state=state, nebula=True, spectrum__name=f"neb-{state}")
    wanted = [part.partition("=")[2] for part in query.split("&")]
    for table, prefixes in (("galaxies", ["spec"]), ("nebulae", ["neb"]), ("candidates", ["spec", "neb"])):
        names = {row["file_LAMOST"] for row in rows(client, f"/{table}/download.csv?{query}")}
        assert names == {f"{prefix}-{state}" for prefix in prefixes for state in wanted}


PINNED = {"/inspection/": 7, "/votes/": 6, "/inspected/": 8}


@pytest.mark.parametrize("url", PINNED)
def test_queries(client: Client, run: Run, django_assert_num_queries: Any, url: str) -> None:
    people = f.InspectorFactory.create_batch(3)
    for n in range(30):
        candidate = f.CandidateFactory(run=run, inspection_state="kept")
        f.VoteFactory(candidate=candidate, inspector=people[n % 3], reasons=n)
        f.VoteFactory(candidate=candidate, inspector=people[(n + 1) % 3])
    with django_assert_num_queries(PINNED[url]):
        client.get(url)


def test_queries_of_an_inspector(
    enter: Callable[[User], Client], run: Run, ann: User, django_assert_max_num_queries: Any
) -> None:
    candidates = f.CandidateFactory.create_batch(30, run=run)
    client = enter(ann)
    with django_assert_max_num_queries(24):
        client.get("/inspect/")
    with django_assert_max_num_queries(40):
        client.get(page_of(candidates[0]))

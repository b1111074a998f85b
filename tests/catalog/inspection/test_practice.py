"""Practice: truth after each answer, no vote kept, and never the truth of what still wants a vote."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.inspection import practice, services
from catalog.models import Candidate, Run, Vote
from tests import factories as f

pytestmark = pytest.mark.django_db
CONTENTS = (b"%d" % n for n in count())  # no two spectra of a release have the same file


def simulated(run: Run, *, kind: str = "star-forming", z: float = 0.1, state: str = "kept") -> Candidate:
    truth = f.TruthFactory(kind=kind, z=z, spectrum__with_file=next(CONTENTS))
    return f.CandidateFactory(run=run, spectrum=truth.spectrum, z_cl=0.1, inspection_state=state)


def test_what_still_wants_a_vote_is_no_practice(run: Run, ann: User, ben: User, operator: User) -> None:
    decided, waiting = simulated(run), simulated(run, state="waiting")
    gold = f.CandidateFactory(run=run, spectrum__with_file=next(CONTENTS))
    services.gold_standard_set(
        candidate_id=gold.pk, user=operator, verdict="keep", seen_class="galaxy", origin="known"
    )
    assert set(practice.practice_set(run=run, user=ann)) == {decided}
    for candidate in (waiting, gold):
        services.vote_cast(candidate_id=candidate.pk, user=ann, verdict="keep")
    assert set(practice.practice_set(run=run, user=ann)) == {decided, waiting, gold}
    assert set(practice.practice_set(run=run, user=ben)) == {decided}


def test_right_and_wrong_ones_by_turns(run: Run, ann: User) -> None:
    right = {simulated(run).pk for _ in range(8)}
    wrong = {simulated(run, z=0.3).pk, simulated(run, kind="F star").pk}
    drawn = practice.practice_draw(run=run, user=ann, n=4)
    assert len(drawn) == len(set(drawn)) == 4
    assert len(right & set(drawn)) == len(wrong & set(drawn)) == 2
    assert set(practice.practice_draw(run=run, user=ann, n=20, seen=drawn)) == (right | wrong) - set(drawn)


@pytest.mark.parametrize(
    ("truth", "verdict", "z", "right", "z_right"),
    [
        (("star-forming", 0.1), "keep", None, True, True),
        (("star-forming", 0.1), "keep", 0.2, False, False),
        (("star-forming", 0.1), "reject", None, False, None),
        (("star-forming", 0.1), "unsure", None, False, None),
        (("star-forming", 0.3), "reject", None, True, None),
        (("star-forming", 0.3), "keep", None, False, False),
        (("star-forming", 0.3), "keep", 0.3002, True, True),
        (("F star", 0.0), "reject", None, True, None),
        (("F star", 0.0), "keep", None, False, None),
    ],
)
def test_marks(
    run: Run, truth: tuple[str, float], verdict: str, z: float | None, right: bool, z_right: bool | None
) -> None:
    candidate = simulated(run, kind=truth[0], z=truth[1])
    marked = practice.practice_mark(candidate=candidate, verdict=verdict, seen_class="star", z=z)
    assert (marked.right, marked.z_right) == (right, z_right)
    assert marked.class_right == (truth[0] == "F star")


def test_an_answer_tells_the_truth_and_keeps_no_vote(client: Client, run: Run, ann: User) -> None:
    candidate = simulated(run, kind="F star", z=0.0)
    client.force_login(ann)
    said = {"user": ann.pk, "run": run.pk}
    queue = client.post(reverse("practice-queue"), said, content_type="application/json").json()
    assert queue["order"] == [candidate.pk]
    assert "simulator" not in json.dumps(queue)  # the truth comes with the answer
    answered = client.post(
        reverse("practice-answer"), said | {"candidate": candidate.pk, "verdict": "reject"},
        content_type="application/json",
    ).json()  # fmt: skip
    assert answered["right"] is True
    assert "what the simulator put into the spectrum" in answered["html"]
    assert not Vote.objects.exists()
    again = client.post(
        reverse("practice-queue"), said | {"have": [candidate.pk]}, content_type="application/json"
    ).json()
    assert (again["order"], again["left"]) == ([], 0)


def test_without_scripts_the_form_carries_the_score(client: Client, run: Run, ann: User) -> None:
    candidate = simulated(run)
    client.force_login(ann)
    assert client.get("/practice/").url == f"/practice/{candidate.pk}/?right=0&answers=0"
    page = client.post(f"/practice/{candidate.pk}/", {"verdict": "keep", "right": "3", "answers": "4"})
    shown = " ".join(page.content.decode().split())
    for expected in ("Right.", "4 of 5 right.", "right=4&amp;answers=5"):
        assert expected in shown
    assert client.post(f"/practice/{candidate.pk}/", {"right": "9", "answers": "x"}).status_code == 400
    assert not Vote.objects.exists()


def test_where_there_is_none_it_says_so(
    client: Client, candidate: Candidate, account: Callable[..., User]
) -> None:
    assert client.get("/practice/").status_code == 302
    client.force_login(account())
    page = client.get("/practice/").content.decode()
    assert "nothing to practise on" in page
    assert "All spectra of this run were observed" in page
    f.TruthFactory(spectrum=f.CandidateFactory(run=candidate.run, spectrum__with_file=b"x").spectrum)
    assert "This run holds 1 simulated candidate: they come" in client.get("/practice/").content.decode()
    assert client.get(f"/practice/{candidate.pk}/").status_code == 404


def test_another_run_serves_where_this_one_has_none(run: Run, ann: User) -> None:
    other = f.RunFactory()
    assert practice.practice_run(run=run, user=ann) is None
    simulated(other)
    assert practice.practice_run(run=run, user=ann) == other

"""The registry of keys: no two on one page, one for every action, the help the same as the keys."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.inspection import keys
from catalog.inspection.forms import VoteForm
from catalog.inspection.reasons import VoteReason
from catalog.models import Candidate, SeenClass


@pytest.mark.parametrize("page", keys.PAGES)
def test_no_two_actions_of_a_page_share_a_key(page: str) -> None:
    """Complaint 16: a hotkey never collides with another."""
    assert {key: n for key, n in Counter(one.key for one in keys.keys_of(page)).items() if n > 1} == {}
    assert {name: n for name, n in Counter(one.action for one in keys.keys_of(page)).items() if n > 1} == {}


def test_keys_are_single_and_leave_the_browser_its_own() -> None:
    for one in keys.KEYS:
        assert len(one.key) == 1 or one.key == "Backspace", one
        assert one.key not in ("Enter", " ", "Tab", "Escape", "/", "'"), one
        assert one.key == "Backspace" or one.key == one.key.lower(), one


def test_everything_that_a_vote_says_has_a_key() -> None:
    actions = {one.action for one in keys.keys_of(keys.VOTE)}
    assert {f"verdict:{value}" for value, _ in VoteForm().fields["verdict"].choices} <= actions
    assert {f"class:{seen.value}" for seen in SeenClass} <= actions
    assert {f"reason:{int(reason)}" for reason in VoteReason} <= actions
    assert {"type-z", "type-comment", "undo", "later", "help", "guide"} <= actions


@pytest.mark.django_db
def test_page_help_and_script_say_the_same(client: Client, candidate: Candidate, ann: User) -> None:
    """Complaint 15: the help on the page, the labels and the script's keys come from the registry."""
    client.force_login(ann)
    page = client.get(reverse("inspect-candidate", args=[candidate.pk])).content.decode()
    found = re.search(r'<script id="desk" type="application/json">(.*?)</script>', page)
    assert found
    scripted = {one["action"]: one["name"] for one in json.loads(found[1])["keys"]}
    assert scripted == {one.action: one.name for one in keys.keys_of(keys.VOTE)}
    shown = dict(re.findall(r'<kbd data-key="([^"]+)">([^<]+)</kbd>', page))
    assert shown == scripted
    beside = dict(re.findall(r'<kbd class="scripted" data-key="([^"]+)">([^<]+)</kbd>', page))
    assert beside == scripted  # each action has a control of its own

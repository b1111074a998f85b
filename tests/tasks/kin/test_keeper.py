"""The usual codebook is loaded before anybody asks for it, once, and anew for a newer run."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Codebook, Run
from portal import web
from tasks.kin import keeper
from tasks.kin.books import SHELF, NoBookError, codebook_usual, codebooks_ready
from tasks.kin.keeper import Keeper

from .conftest import queries

pytestmark = pytest.mark.django_db


def test_the_first_search_need_not_read_codes(run: Run, client: Client) -> None:
    assert Keeper().look()
    answer = client.get(reverse("kin-api"), {"spectrum": queries(run)[0].name}).json()
    assert answer["seconds"]["load"] == 0


def test_it_loads_once_and_again_for_a_newer_run(run: Run) -> None:
    kept = Keeper()
    assert kept.look()
    assert not kept.look()
    usual = codebook_usual(codebooks_ready(run))
    SHELF.clear()
    assert not kept.look(), "what the shelf drops for others is not fetched back at once"
    other = next(codebook for codebook in codebooks_ready(run) if codebook.pk != usual.pk)
    Codebook.objects.filter(pk=usual.pk).update(encoded_at=None)
    assert kept.look()
    assert SHELF.book(other)[1] == 0


def test_without_a_run_it_waits(db: None) -> None:
    Run.objects.update(completed_at=None)
    assert not Keeper().look()


def test_a_failure_does_not_end_it(run: Run, monkeypatch: Any) -> None:
    ended = threading.Event()
    looks: list[int] = []

    def look(self: Keeper) -> bool:
        looks.append(1)
        if len(looks) == 3:
            ended.set()
        raise NoBookError("too large")

    monkeypatch.setattr(Keeper, "look", look)
    monkeypatch.setattr(keeper, "EVERY", 0.001)
    monkeypatch.setattr(keeper.connection, "close", lambda: None)
    Keeper().keep(ended)
    assert len(looks) == 3


def test_each_web_process_has_one(monkeypatch: Any) -> None:
    started: list[int] = []
    monkeypatch.setattr(keeper, "start", lambda: started.append(1))
    web.post_worker_init(None)
    assert started == [1]
    assert len(SHELF) == 0

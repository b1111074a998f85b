"""Codebooks that are kept ready: loaded once, within the memory that there is."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from catalog.models import Run
from tasks.kin.books import NoBookError, Shelf, book_bytes, codebook_usual, codebooks_ready
from tests.factories import CodebookFactory, RunFactory

pytestmark = pytest.mark.django_db


def test_a_book_is_loaded_once_and_the_least_used_goes(run: Run, settings: Any) -> None:
    first, second = codebooks_ready(run)
    shelf = Shelf()
    assert shelf.book(first)[1] > 0
    book, seconds = shelf.book(first)
    assert seconds == 0
    assert shelf.book(first)[0] is book
    settings.KIN_MEMORY_MB = max(book_bytes(first), book_bytes(second)) / 2**20
    shelf.book(second)
    assert len(shelf) == 1
    assert shelf.book(first)[1] > 0


def test_one_thread_loads_for_all(run: Run, monkeypatch: Any) -> None:
    codebook = codebooks_ready(run)[0]
    loads = []
    shelf = Shelf()
    made = shelf.book(codebook)[0]
    shelf.clear()
    monkeypatch.setattr("tasks.kin.books.usable_ids", lambda blocks: made.templates)
    monkeypatch.setattr("tasks.kin.books.read_searcher", lambda book: loads.append(1) or made.searcher)
    threads = [threading.Thread(target=shelf.book, args=(codebook,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [1]


def test_what_no_memory_holds_is_refused_with_numbers(run: Run, settings: Any) -> None:
    settings.KIN_MEMORY_MB = 0
    with pytest.raises(NoBookError, match="0 MB for such searches"):
        Shelf().book(codebooks_ready(run)[0])


def test_the_usual_configuration_is_near_the_middle_and_fits(settings: Any) -> None:
    of = RunFactory()
    made = [
        CodebookFactory(run=of, number=n, step=s, segments=m, centers=k, n_templates=177_270)
        for n, (s, m, k) in enumerate([(2, 25, 100), (2, 1250, 3200), (1, 100, 400), (2, 100, 400)])
    ]
    assert codebook_usual(made) == made[2]
    settings.KIN_MEMORY_MB = 100
    assert codebook_usual(made) == made[0]

"""Codebooks with their codes, loaded once in a process and kept while there is room."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from catalog.codebooks import read_searcher
from catalog.models import Codebook, Run, SpectrumBlock
from catalog.runs import usable_ids
from retrieval.grid import make_grid
from retrieval.quantizer import MAXIMUM_CENTERS
from retrieval.search import Searcher

USUAL = (100, 400)
"""Segments and centres of the configuration that is searched where none is asked for: the middle of the
paper's twelve, fine enough for narrow lines and quick for a single spectrum."""


class NoBookError(LookupError):
    """There is nothing to search; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Book:
    """A codebook ready to be searched: `templates` (n,) holds spectrum ids in the order of the codes."""

    searcher: Searcher
    templates: NDArray[np.int64]


class Shelf:
    """The books of this process: least recently used ones go when `limit` bytes are passed."""

    def __init__(self) -> None:
        self._books: OrderedDict[tuple[object, ...], Book] = OrderedDict()
        self._lock = threading.Lock()

    def book(self, codebook: Codebook) -> tuple[Book, float]:
        """The book of a codebook, and the seconds that loading it took: 0 where it was here.

        One thread loads at a time; the others wait for it. Raises NoBookError for one that no limit holds,
        DamagedError for one that is not what was stored.
        """
        key = book_key(codebook)
        started = time.perf_counter()
        with self._lock:
            if found := self._books.get(key):
                self._books.move_to_end(key)
                return found, 0.0
            size, limit = book_bytes(codebook), settings.KIN_MEMORY_MB * 2**20
            if size > limit:
                raise NoBookError(
                    f"Configuration {codebook.label} would take {size / 2**20:.0f} MB; this portal keeps "
                    f"{settings.KIN_MEMORY_MB} MB for such searches. Choose one with fewer segments."
                )
            while self._books and size + sum(map(_held_bytes, self._books.values())) > limit:
                self._books.popitem(last=False)
            templates = usable_ids(codebook.run.blocks.filter(part=SpectrumBlock.Part.TEMPLATES))
            self._books[key] = Book(read_searcher(codebook), templates)
            return self._books[key], time.perf_counter() - started

    def clear(self) -> None:
        with self._lock:
            self._books.clear()

    def __len__(self) -> int:
        return len(self._books)


SHELF = Shelf()


def book_key(codebook: Codebook) -> tuple[object, ...]:
    """What tells a codebook, with its codes, from every other and from itself computed anew."""
    return codebook.pk, codebook.trained_at, codebook.encoded_at


def book_bytes(codebook: Codebook) -> int:
    """Memory that a codebook takes when searched: centres, codes, ids, and the sums of one search.

    Centres twice: as they are, and about the mean in the index.
    """
    samples = make_grid(codebook.step).size
    code = 1 if codebook.centers <= 256 else 2
    return _bytes(samples * codebook.centers, codebook.n_templates or 0, codebook.segments, code)


def _held_bytes(book: Book) -> int:
    templates, segments = book.searcher.codes.shape
    return _bytes(book.searcher.codebook.size, templates, segments, book.searcher.codes.itemsize)


def _bytes(values: int, templates: int, segments: int, code: int) -> int:
    return 8 * values + templates * (segments * code + 16) + 8 * templates * segments


def codebooks_ready(run: Run) -> list[Codebook]:
    """The configurations of a run that can be searched, in its order."""
    ready = run.codebooks.filter(encoded_at__isnull=False, centers__lte=MAXIMUM_CENTERS)
    return [_of(run, codebook) for codebook in ready]


def _of(run: Run, codebook: Codebook) -> Codebook:
    codebook.run = run
    return codebook


def codebook_usual(codebooks: list[Codebook]) -> Codebook:
    """The configuration nearest to the usual one, of those that fit the memory if any does."""
    fitting = [one for one in codebooks if book_bytes(one) <= settings.KIN_MEMORY_MB * 2**20]
    segments, centers = USUAL
    return min(
        fitting or codebooks,
        key=lambda one: (
            abs(math.log(one.segments / segments)) + abs(math.log(one.centers / centers)),
            one.number,
        ),
    )

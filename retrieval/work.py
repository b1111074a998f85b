"""Pieces of one computation in threads, with progress and cancellation between the pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


class CancelledError(Exception):
    """The caller asked the computation to stop."""


class Watch:
    """Counts finished pieces of all that a computation has, tells `progress`, and asks `cancelled`."""

    def __init__(self, progress: Progress | None = None, cancelled: Cancelled | None = None) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._done = 0
        self._lock = Lock()
        self.total = 0

    def check(self) -> None:
        """CancelledError when the computation is to stop."""
        if self._cancelled is not None and self._cancelled():
            raise CancelledError(f"Stopped after {self._done} of {self.total} pieces, as asked.")

    def finished(self) -> None:
        with self._lock:
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, self.total)


def in_threads(
    work: Callable[[int], None], starts: Sequence[int], threads: int, watch: Watch, *, counted: bool = True
) -> None:
    """Call `work` for each of `starts`, `threads` at once; the first error ends it."""

    def piece(start: int) -> None:
        watch.check()
        work(start)
        if counted:
            watch.finished()

    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        for _ in pool.map(piece, starts):
            pass
    finally:
        pool.shutdown(cancel_futures=True)

"""Keeps ready what most seekers ask for: the usual codebook of the current run, in each web process.

To read and index the codes of a whole survey takes seconds, which nobody who sends a spectrum should wait.
"""

from __future__ import annotations

import logging
import threading

from django.db import Error, connection

from catalog.arrays import load_spectrum
from catalog.models import Spectrum
from catalog.tables import current_run

from .books import SHELF, NoBookError, book_key, codebook_usual, codebooks_ready
from .search import find_kin

logger = logging.getLogger(__name__)

EVERY = 20.0
"""Seconds between two looks for a newer run."""


class Keeper:
    """Puts the usual codebook on the shelf once; the shelf may drop it for others that are asked for."""

    def __init__(self) -> None:
        self._last: tuple[object, ...] = ()

    def look(self) -> bool:
        """Whether there was a codebook to load, which now is loaded and indexed.

        Raises NoBookError, DamagedError, and OSError or ValueError where the file of a template is not read.
        """
        run = current_run()
        ready = codebooks_ready(run) if run else []
        if not ready or (key := book_key(usual := codebook_usual(ready))) == self._last:
            return False
        self._last = key
        book, _ = SHELF.book(usual)
        book.searcher.prepare()
        # One search brings in what else the first would wait for: libraries, mean stars, near galaxies.
        template = Spectrum.objects.filter(pk=book.templates[0]).select_related("release").first()
        if template is not None:
            find_kin(observed=load_spectrum(template), codebook=usual, k=1)
        return True

    def keep(self, ended: threading.Event) -> None:
        """Look again and again until the event is set."""
        while True:
            try:
                self.look()
            except (Error, NoBookError, OSError, ValueError) as error:  # DamagedError is a ValueError
                logger.warning("the usual codebook is not kept ready: %s", error)
            finally:
                connection.close()
            if ended.wait(EVERY):
                return


def start() -> threading.Thread:
    """Keep for as long as this process lives."""
    thread = threading.Thread(target=Keeper().keep, args=(threading.Event(),), name="kin", daemon=True)
    thread.start()
    return thread

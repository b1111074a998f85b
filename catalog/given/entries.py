"""A list as people paste it: a file name or a position on each line, or a table with a line of headings."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

NAMES = ("file_lamost", "spectrum", "file", "filename", "file_name", "name", "wise_region")
RIGHT_ASCENSIONS = ("ra", "raj2000", "ra_icrs", "ra_deg", "radeg", "ra_obs")
DECLINATIONS = ("dec", "dej2000", "decj2000", "de_icrs", "dec_deg", "decdeg", "dec_obs")
_SUFFIX = re.compile(r"(\.fits|\.fit)?(\.gz)?$", re.IGNORECASE)
_FIELD = re.compile(r"[,;|\t ]")


@dataclass(frozen=True)
class Entry:
    """One line: its number from 1, and what it asks for."""

    line: int
    text: str

    @property
    def name(self) -> str:
        """What would be a spectrum's name: the first field without archive, folder, .fits and .gz."""
        first = _FIELD.split(self.text.rpartition(": ")[2], maxsplit=1)[0].strip("\"'")
        return _SUFFIX.sub("", first.rpartition("/")[2])


def parse(text: str) -> list[Entry]:
    """The entries of a text, in its order. Empty lines and those that begin with # are none.

    Under a line of headings that names RA and Dec, or file names, each line's own columns are taken.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    found = [
        Entry(number, line.strip())
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    return _of_table(found) or found


def _of_table(entries: list[Entry]) -> list[Entry]:
    """The entries under headings; none where the first line is no line of headings."""
    if not entries:
        return []
    head = entries[0].text
    delimiter = next((mark for mark in ",;\t|" if mark in head), None)
    headings = [cell.strip().lower() for cell in _cells(head, delimiter)]
    at = [headings.index(name) for name in NAMES if name in headings][:1]
    if not at:
        ra = [headings.index(name) for name in RIGHT_ASCENSIONS if name in headings][:1]
        dec = [headings.index(name) for name in DECLINATIONS if name in headings][:1]
        at = ra + dec if ra and dec else []
    if not at:
        return []
    found = []
    for entry in entries[1:]:
        cells = _cells(entry.text, delimiter)
        whole = max(at) < len(cells)
        found.append(Entry(entry.line, " ".join(cells[i].strip() for i in at) if whole else entry.text))
    return found


def _cells(line: str, delimiter: str | None) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), []) if delimiter else line.split()

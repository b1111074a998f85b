"""Tables written as text: CSV and its relatives, and ECSV."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterable, Iterator

import numpy as np
from astropy.table import Table

from retrieval.readers.refusals import Refused
from retrieval.readers.table1d import MAX_PIXELS, Column, RawTable

_EMPTY = {"", "--", "-", "null", "none", "n/a"}
_WORDS = {"true": 1.0, "false": 0.0}
_LONGEST = 2000  # characters of a line
_BARE = ("wavelength", "flux")  # two columns of bare numbers can be nothing else


def read_ecsv(raw: bytes) -> RawTable:
    """An ECSV table with its units and its meta. Raises Refused."""
    lines = _lines(raw)
    rows = sum(not line.startswith("#") for line in lines)
    if rows > MAX_PIXELS + 1:
        raise Refused("too-large", f"{rows} lines; at most {MAX_PIXELS} pixels.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Table.read(lines, format="ascii.ecsv")
        columns = [
            Column(name, str(table[name].unit or ""), np.ma.asarray(table[name])) for name in table.colnames
        ]
    except Exception as error:  # astropy raises many types for a header that it cannot read
        raise Refused("table-unreadable", f"ECSV: {type(error).__name__}: {error}"[:300]) from error
    return RawTable(columns, {str(key).upper(): value for key, value in table.meta.items()})


def read_csv(raw: bytes) -> RawTable:
    """Lines of values, parted by comma, semicolon, tab or blanks, after a line of names. Raises Refused.

    The names may stand behind a ``#``, as numpy writes them; two columns of numbers need none.
    """
    lines = _lines(raw)
    comments = [line.lstrip("#%! ") for line in lines if line.startswith(("#", "%", "!"))]
    content = [line for line in lines if not line.startswith(("#", "%", "!"))]
    if not content:
        raise Refused("table-unreadable", "It holds no line of values.")
    part = _separator(content[0])
    names = next(_rows(content[:1], part))
    body = content[1:]
    if all(_number(cell) is not None for cell in names):
        body = content
        names = _names_of_comment(comments, len(names), part)
    if len(body) > MAX_PIXELS:
        raise Refused("too-large", f"{len(body)} lines; at most {MAX_PIXELS} pixels.")
    cells = np.empty((len(body), len(names)))
    for number, row in enumerate(_rows(body, part)):
        if len(row) != len(names):
            raise Refused(
                "table-unreadable", f"Row {number + 1} has {len(row)} values under {len(names)} names."
            )
        for place, cell in enumerate(row):
            value = _number(cell)
            if value is None:
                raise Refused(
                    "table-unreadable",
                    f"Row {number + 1} has {cell.strip()[:24]!r} under {names[place][:24]!r}.",
                )
            cells[number, place] = value
    # What is empty is masked, what is written as nan is a number that went wrong.
    columns = [
        Column(name.strip(), "", np.ma.array(cells[:, place], mask=np.isneginf(cells[:, place])))
        for place, name in enumerate(names)
    ]
    return RawTable(columns)


def _lines(raw: bytes) -> list[str]:
    """Lines that are not blank. Raises Refused for what is no text."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("table-unreadable", f"It starts with {raw[:16]!r}, and is no text in UTF-8.") from error
    if "\0" in text:
        raise Refused("table-unreadable", "It holds bytes of 0, as no text does.")
    lines = [line.strip() for line in re.split(r"\r\n|\n|\r", text) if line.strip()]
    if any(len(line) > _LONGEST and not line.startswith("#") for line in lines):
        raise Refused("table-unreadable", f"A line is longer than {_LONGEST} characters.")
    return lines


def _separator(line: str) -> str:
    """The one of comma, semicolon and tab that the line holds; else blanks."""
    return next((part for part in (",", ";", "\t") if part in line), " ")


def _rows(lines: Iterable[str], part: str) -> Iterator[list[str]]:
    if part == " ":
        return (line.split() for line in lines)
    return _quoted(lines, part)


def _quoted(lines: Iterable[str], part: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=part)
    except csv.Error as error:
        raise Refused("table-unreadable", f"CSV: {error}.") from error


def _names_of_comment(comments: list[str], size: int, part: str) -> list[str]:
    """Names for columns of bare numbers: the last comment of as many words. Raises Refused."""
    for comment in reversed(comments):
        for words in (next(_rows([comment], part), []), comment.split()):
            if len(words) == size and all(_number(word) is None for word in words):
                return words
    if size == len(_BARE):
        return list(_BARE)
    raise Refused("columns-missing", f"It has {size} columns of numbers and no line of names.")


def _number(cell: str) -> float | None:
    """A cell as a number, minus infinity where it is empty; None for text."""
    text = cell.strip().lower()
    if text in _EMPTY:
        return -np.inf
    if text in _WORDS:
        return _WORDS[text]
    try:
        value = float(text.replace("d", "e")) if "_" not in text else None
    except ValueError:
        return None
    return np.nan if value in (np.inf, -np.inf) else value

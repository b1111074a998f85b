"""Rows as a VOTable 1.4 (IVOA Recommendation 2019) in TABLEDATA, written as they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from catalog.columns import Column

from .provenance import cards

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DATATYPES = {"str": "unicodeChar", "int": "long", "float": "double", "bool": "short"}
FRAMES = {"pos.eq.": ("icrs", "ICRS"), "pos.galactic.": ("galactic", "galactic")}
"""Coordinate systems: how a UCD begins, the ID, and the name of the system."""


def write(
    columns: Sequence[Column], batches: Iterable[Sequence[tuple[Any, ...]]], *, facts: dict[str, Any]
) -> Iterator[bytes]:
    """Pieces of the file. A missing value (NULL, NaN, an empty text) is an empty cell."""
    head, tail = document(columns, facts)
    yield f"{head}<DATA>\n<TABLEDATA>\n".encode()
    cells = [_CELLS.get(column.kind, str) for column in columns]
    for batch in batches:
        yield "".join(
            f"<TR>{''.join(_td(cell, value) for cell, value in zip(cells, row, strict=True))}</TR>\n"
            for row in batch
        ).encode()
    yield f"</TABLEDATA>\n</DATA>\n{tail}".encode()


def document(columns: Sequence[Column], facts: dict[str, Any]) -> tuple[str, str]:
    """The document before and after the data: without data between them it is whole, too."""
    frames = dict.fromkeys(frame for frame in map(_frame, columns) if frame)
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n<RESOURCE type="results">\n',
        *(
            f"<INFO name={_attribute(keyword)} value={_attribute(_info(value))}>{_text(comment)}</INFO>\n"
            for keyword, value, comment in cards(facts)
        ),
        *(f'<COOSYS ID="{name}" system="{system}"/>\n' for name, system in frames),
        f"<TABLE name={_attribute(facts['table'])} nrows={_attribute(facts['rows'])}>\n",
        f"<DESCRIPTION>{_text(facts['title'])}</DESCRIPTION>\n",
        *map(_field, columns),
    ]
    return "".join(parts), "</TABLE>\n</RESOURCE>\n</VOTABLE>\n"


def _field(column: Column) -> str:
    identifier = re.sub(r"[^\w.-]", "_", column.name, flags=re.ASCII)
    attributes = {"ID": identifier, "name": column.name, "datatype": DATATYPES[column.kind]}
    if column.kind == "str":
        attributes["arraysize"] = "*"
    if column.unit:
        attributes["unit"] = column.unit
    attributes["ucd"] = column.ucd
    if frame := _frame(column):
        attributes["ref"] = frame[0]
    written = "".join(f" {name}={_attribute(value)}" for name, value in attributes.items())
    return f"<FIELD{written}><DESCRIPTION>{_text(column.description)}</DESCRIPTION></FIELD>\n"


def _frame(column: Column) -> tuple[str, str] | None:
    return next((frame for begin, frame in FRAMES.items() if column.ucd.startswith(begin)), None)


def _td(cell: Callable[[Any], str], value: Any) -> str:
    return "<TD/>" if value is None or value == "" or value != value else f"<TD>{cell(value)}</TD>"


def _text(value: Any) -> str:
    """Text of an element; what XML cannot hold is escaped, as in \\x07."""
    return escape(NOT_XML.sub(_escaped, str(value)), {"\r": "&#13;"})


def _attribute(value: Any) -> str:
    return quoteattr(NOT_XML.sub(_escaped, str(value)))


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()


def _info(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: float) -> str:
    text = repr(float(value))
    return {"inf": "+Inf", "-inf": "-Inf"}.get(text, text)


_CELLS: dict[str, Callable[[Any], str]] = {
    "str": _text,
    "float": _number,
    "bool": lambda value: str(int(value)),
}

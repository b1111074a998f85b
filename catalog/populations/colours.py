"""What points can be coloured by: a class or a state, each value with a colour and a symbol of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog.columns import Column
from catalog.models import Candidate
from catalog.tables import Table

# Roles of static/js/figure.js. Symbols differ too, so that no value is told by its colour alone.
LOOKS = (
    ("first", "circle"), ("second", "square"), ("third", "triangle-up"), ("fourth", "diamond"),
    ("unclassified", "circle-open"), ("unclassified", "x"),
)  # fmt: skip
NOT_YET = ("", "not given")
YES_NO: tuple[tuple[Any, str], ...] = ((True, "yes"), (False, "no"), (None, "not decided"))
CLASSES: tuple[tuple[Any, str], ...] = (
    *((value, str(label)) for value, label in Candidate.BptClass.choices), ("", "not measured yet"),
)  # fmt: skip
CLASS_LOOKS = (
    ("star-forming", "circle"), ("composite", "diamond"), ("LINER", "triangle-up"), ("Seyfert", "square"),
    ("unclassified", "circle-open"), ("unclassified", "x"),
)  # fmt: skip


@dataclass(frozen=True)
class Category:
    """One value, what it is called, and how it is drawn."""

    value: Any
    label: str
    role: str
    symbol: str


@dataclass(frozen=True)
class Colour:
    """A column of few values; ``path`` as in the column dictionary."""

    name: str
    label: str
    path: str
    categories: tuple[Category, ...]


def _values(column: Column) -> tuple[tuple[Any, str], ...]:
    if column.kind == "bool":
        return YES_NO
    choices = {
        "kind": Candidate.Kind.choices,
        "bpt_class": CLASSES,
        "nebula_state": [*Candidate.NebulaState.choices, ("", "no nebula")],
        "state_shown": Candidate.InspectionState.choices,
    }[column.path]
    return tuple((value, str(label)) for value, label in choices)


def colours_of(table: Table) -> dict[str, Colour]:
    """By name of the column: those that the table itself has, its most telling first."""
    order = ("kind", "bpt_class", "nebula_state", "new_galaxy", "new_found", "state_shown")
    columns = {column.path: column for column in table.columns if column.path in order}
    found = {}
    for path in order:
        if path in columns:
            column = columns[path]
            looks = CLASS_LOOKS if path == "bpt_class" else LOOKS
            categories = tuple(
                Category(value, label, *look)
                for (value, label), look in zip(_values(column), looks, strict=False)
            )
            found[column.name] = Colour(column.name, column.label, path, categories)
    return found

"""Two published catalogues side by side: rows gained, lost and changed, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from catalog.columns.column import Column
from catalog.models import Candidate, Catalogue
from catalog.pages.cells import MISSING

from .tables import CANDIDATES, GALAXIES, NEBULAE, PublishedTable

COMPARED: tuple[PublishedTable, ...] = (GALAXIES, NEBULAE)
WHY = (
    ("counterpart", ("newG", "simbad_", "SDSS_", "NED_")),
    ("region", ("WISE_Name", "Catalog", "GLong", "GLat", "Radius", "New_found")),
    ("class", ("class_our",)),
    ("measurement", ("log(",)),
    ("redshift", ("z_our",)),
    ("position", ("ra", "dec")),
)
"""What changes a column of Tables 2 and 3: the cause, and how the columns begin."""


class Key(NamedTuple):
    """What a spectrum is known by in any catalogue."""

    release: str
    file: str


@dataclass(frozen=True)
class Difference:
    """One row gained or lost, or one cell that changed; ``why`` names the cause."""

    table: str
    what: str
    key: Key
    why: str
    column: Column | None = None
    before: Any = None
    after: Any = None

    @property
    def before_text(self) -> str:
        return _text(self.before)

    @property
    def after_text(self) -> str:
        return _text(self.after)


@dataclass(frozen=True)
class TableComparison:
    """How one table differs. ``same`` counts the rows that stand in both, unchanged."""

    table: PublishedTable
    gained: tuple[Difference, ...]
    lost: tuple[Difference, ...]
    changed: tuple[Difference, ...]
    same: int

    @property
    def differences(self) -> tuple[Difference, ...]:
        return self.gained + self.lost + self.changed


def catalogue_compare(*, before: Catalogue, after: Catalogue) -> list[TableComparison]:
    """Compare Tables 3 and 2 of two catalogues, spectrum by spectrum, cell by cell."""
    return [_compare(table, before, after) for table in COMPARED]


def _compare(table: PublishedTable, before: Catalogue, after: Catalogue) -> TableComparison:
    old, new = _rows(table, before), _rows(table, after)
    gained, lost = new.keys() - old.keys(), old.keys() - new.keys()
    why_not_before, why_not_after = _absent(table, before, gained), _absent(table, after, lost)
    name = table.table.name
    changed = [
        Difference(name, "changed", key, _cause(column), column, was, now)
        for key in sorted(old.keys() & new.keys())
        for column, was, now in zip(table.table.columns, old[key], new[key], strict=True)
        if was != now
    ]
    return TableComparison(
        table,
        tuple(Difference(name, "gained", key, why_not_before[key]) for key in sorted(gained)),
        tuple(Difference(name, "lost", key, why_not_after[key]) for key in sorted(lost)),
        tuple(changed),
        len(old.keys() & new.keys()) - len({difference.key for difference in changed}),
    )


def _text(value: Any) -> str:
    """A cell in words; a number with every digit, or two that differ would read the same."""
    if value is None or value == "":
        return MISSING
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _rows(table: PublishedTable, catalogue: Catalogue) -> dict[Key, tuple[Any, ...]]:
    paths = [column.path for column in table.table.columns]
    rows = table.rows(catalogue).values_list("release", "file_lamost", *paths)
    return {Key(release, file): tuple(cells) for release, file, *cells in rows.iterator(chunk_size=2000)}


def _cause(column: Column) -> str:
    return next(cause for cause, names in WHY if column.name.startswith(names))


def _absent(table: PublishedTable, catalogue: Catalogue, keys: set[Key]) -> dict[Key, str]:
    """Why a catalogue's table does not hold these spectra, from its candidates."""
    rows = CANDIDATES.rows(catalogue).filter(file_lamost__in={key.file for key in keys})
    held = {Key(row.release, row.file_lamost): row for row in rows}
    return {key: _why_absent(table, catalogue, held.get(key)) for key in keys}


def _why_absent(table: PublishedTable, catalogue: Catalogue, row: Any) -> str:
    number = f"catalogue {catalogue.number}"
    if row is None:
        return f"run: no candidate of run {catalogue.run_id}, which is {number}'s"
    if row.withdrawn:
        return f"withdrawn in {number}: {row.withdrawn}"
    if catalogue.inspected and row.inspection != Candidate.InspectionState.KEPT:
        return f"vote: {row.inspection} in {number}"
    kind = Candidate.Kind.GALAXY if table is GALAXIES else Candidate.Kind.NEBULA
    if row.kind != kind:
        return f"redshift: {Candidate.Kind(row.kind).label} in {number}"
    return f"region: in no region and unclear in {number}"

"""Columns of published catalogues: those of the living tables, read from frozen rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from .candidates import CANDIDATE_COLUMNS
from .column import Column
from .inspection import INSPECTED_COLUMNS
from .tables import GALAXY_COLUMNS, NEBULA_COLUMNS

_RESULTS = ("class_final", "z_final", "votes", "adjudicated")

INSPECTED_CANDIDATE_COLUMNS: tuple[Column, ...] = (
    *(
        replace(column, path="inspection_state") if column.name == "inspection" else column
        for column in CANDIDATE_COLUMNS
    ),
    *(column for column in INSPECTED_COLUMNS if column.name in _RESULTS),
)
"""Candidates with what inspection has come to, as a catalogue is published from them."""


def frozen_field(name: str) -> str:
    """The field of a published row that holds a column: ``log_nii_h`` of ``log(NII_H)``."""
    return re.sub(r"[\W_]+", "_", name).strip("_").lower()


def frozen(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns, read from published rows."""
    return tuple(replace(column, path=frozen_field(column.name)) for column in columns)


PUBLISHED_GALAXY_COLUMNS = frozen(GALAXY_COLUMNS)
PUBLISHED_NEBULA_COLUMNS = frozen(NEBULA_COLUMNS)
PUBLISHED_CANDIDATE_COLUMNS = frozen(INSPECTED_CANDIDATE_COLUMNS)

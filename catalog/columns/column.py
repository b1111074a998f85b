"""What is said of a published column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["str", "int", "float", "bool"]


@dataclass(frozen=True)
class Column:
    """One published column.

    ``path`` leads from a row of the table's queryset to the value (an ORM path or an annotation);
    ``unit`` is a VOUnit; ``decimals`` is how pages print a float, downloads keep every digit.
    """

    name: str
    label: str
    path: str
    kind: Kind
    description: str
    unit: str = ""
    ucd: str = ""
    decimals: int | None = None

    @property
    def heading(self) -> str:
        """Label with its unit, for the head of a page's column."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

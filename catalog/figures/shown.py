"""What a figure is drawn from: rows of a run, or the frozen rows of a published catalogue, by column name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from catalog.columns import Column
from catalog.models import Catalogue, Run

SAFE = "!$&'()*+,;=/~:@"
"""What Django leaves as it is in the path of an address."""


@dataclass(frozen=True)
class Shown:
    """Rows of a figure. ``columns`` lead to their values; ``catalogue`` is None for the rows of a run."""

    run: Run | None
    catalogue: Catalogue | None
    rows: QuerySet[Any]
    columns: tuple[Column, ...]

    def path(self, name: str) -> str:
        """Where a row holds a column, or a field of its spectrum. Raises KeyError."""
        if name.startswith("spectrum__"):
            return name
        for column in self.columns:
            if column.name == name:
                return column.path
        raise KeyError(f"no column {name!r}")

    def page_of(self, name: str, release: str) -> str:
        """Address of a spectrum's page under this run.

        A figure asks for tens of thousands, for each of which ``reverse`` would go through all patterns.
        """
        before, after = self._around_name
        query = {"release": release} | ({"run": self.run.pk} if self.run else {})
        return f"{before}{quote(name, safe=SAFE)}{after}?{urlencode(query)}"

    @cached_property
    def _around_name(self) -> tuple[str, str]:
        before, after = reverse("spectrum", args=["*"]).split("*")
        return before, after

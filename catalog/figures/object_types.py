"""Bars of object types: by kind of candidate, or side by side for several services."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from django.db.models import Count

from .drawing import Cell, Data, TextTable, Told, layout
from .histogram import KINDS
from .plain import as_dict
from .shown import Shown

MOST_BARS = 12  # of each source; the rest is one bar
NOT_GIVEN, OTHERS = "not given", "other types"


@dataclass(frozen=True)
class Source:
    """Where types come from: ``types`` is their column; only rows with an ``identifier`` count, if named."""

    label: str
    types: str
    identifier: str = ""


@dataclass(frozen=True)
class ObjectTypes:
    """How often each type occurs. One source is split by kind; several are drawn one below the other."""

    sources: tuple[Source, ...]

    def counted(self, shown: Shown) -> list[tuple[Source, dict[str, dict[str, int]]]]:
        """Of each source: type, and kind ("" for several sources), to count; the most frequent first."""
        return [(source, self._of(shown, source)) for source in self.sources]

    def _of(self, shown: Shown, source: Source) -> dict[str, dict[str, int]]:
        rows, by = shown.rows.order_by(), [shown.path(source.types)]
        if source.identifier:
            path = shown.path(source.identifier)
            rows = rows.exclude(**{f"{path}__isnull": True}).exclude(**{path: ""})
        else:
            by.append(shown.path("kind"))
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for name, *kind, n in rows.values_list(*by).annotate(n=Count("pk")):
            found[name or NOT_GIVEN]["".join(kind)] += n
        return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))

    def _series(self) -> tuple[tuple[str, str, str], ...]:
        return KINDS if not self.sources[0].identifier else (("", "galaxies", "first"),)

    def tell(self, shown: Shown) -> Told:
        sentences, tables = [], []
        for source, types in self.counted(shown):
            total = sum(sum(counts.values()) for counts in types.values())
            what = f"have a counterpart in {source.label}" if source.identifier else "are drawn"
            sentences.append(f"{total:,} {what}, of {len(types):,} type{'s' * (len(types) != 1)}.")
            labels = [label for _, label, _ in self._series()]
            rows: tuple[tuple[Cell, ...], ...] = tuple(
                (name, *(counts.get(key, 0) for key, _, _ in self._series()))
                for name, counts in _shortened(types).items()
            )
            tables.append(TextTable(source.label, ("Type", *labels), rows))
        return Told(tuple(sentences), tuple(tables))

    def plot(self, shown: Shown) -> dict[str, Any]:
        figure = go.Figure()
        roles = ("first", "second", "third")
        order: list[str] = []
        for number, (source, types) in enumerate(self.counted(shown)):
            short = _shortened(types)
            prefix = f"{source.label}: " if source.identifier else ""
            bars = [f"{prefix}{name}" for name in short]
            order += bars
            for key, label, role in self._series():
                name, colour = (source.label, roles[number]) if source.identifier else (label, role)
                figure.add_bar(
                    y=bars, x=[counts.get(key, 0) for counts in short.values()], orientation="h", name=name,
                    meta={"role": colour}, hovertemplate="%{y}<br>%{x}<extra>" + name + "</extra>",
                )  # fmt: skip
        figure.update_layout(layout("Number", "", barmode="stack"))
        figure.update_layout(
            yaxis={"categoryorder": "array", "categoryarray": order[::-1], "automargin": True, "dtick": 1}
        )
        return as_dict(figure)

    def data(self, shown: Shown) -> Data:
        keys = self._series()
        rows: list[tuple[Cell, ...]] = [
            (source.label, name, *(counts.get(key, 0) for key, _, _ in keys))
            for source, types in self.counted(shown)
            for name, counts in types.items()
        ]
        return Data(("source", "type", *(label for _, label, _ in keys)), rows)


def _shortened(types: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The most frequent types, and all others together."""
    if len(types) <= MOST_BARS:
        return types
    names = list(types)
    rest: dict[str, int] = defaultdict(int)
    for name in names[MOST_BARS - 1 :]:
        for key, n in types[name].items():
            rest[key] += n
    return {name: types[name] for name in names[: MOST_BARS - 1]} | {OTHERS: rest}

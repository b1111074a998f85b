"""What every figure of the paper gives: a plot, the same in tables, and its data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from .shown import Shown

Cell = str | int | float | None


@dataclass(frozen=True)
class TextTable:
    """A table that says what the plot shows; the first column heads its rows."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Told:
    """A figure in words: sentences for the caption, and tables."""

    sentences: tuple[str, ...]
    tables: tuple[TextTable, ...]


@dataclass(frozen=True)
class Data:
    """What is drawn, for a download."""

    headings: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]


class Drawing(Protocol):
    """One kind of figure. Each part asks the database for what it needs, and for no more."""

    def tell(self, shown: Shown) -> Told: ...

    def plot(self, shown: Shown) -> dict[str, Any]:
        """Plotly data and layout."""
        ...

    def data(self, shown: Shown) -> Data: ...


def layout(x: str, y: str, **more: Any) -> dict[str, Any]:
    """A layout with titled axes and the legend below; ``meta.narrow`` are a phone's margins."""
    return {
        "xaxis": {"title": {"text": x}, "zeroline": False},
        "yaxis": {"title": {"text": y}, "zeroline": False},
        "margin": {"l": 72, "r": 16, "t": 16, "b": 96},
        "legend": {"orientation": "h", "x": 0, "yref": "container", "y": 0, "yanchor": "bottom"},
        "hovermode": "closest",
        "dragmode": "zoom",
        "meta": {"narrow": {"l": 56, "b": 120}},
        **more,
    }

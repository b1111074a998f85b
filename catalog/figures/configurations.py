"""What each configuration of a run adds to the union of all, as a figure and as lines of a download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from catalog.contributions import ConfigurationResult

from .drawing import Cell, Data, layout
from .plain import as_dict

HEADINGS = (
    "step_angstrom", "segments", "centers", "candidates", "only_by_it", "adds", "union", "right",
    "right_union", "train_seconds", "encode_seconds", "search_seconds", "threads", "bytes", "inertia",
    "segments_converged", "iterations", "plan",
)  # fmt: skip


def configurations_plot(results: Sequence[ConfigurationResult]) -> dict[str, Any]:
    """Bars of candidates by configuration, in the run's order, and the growing union as a line."""
    names = [result.codebook.label for result in results]
    figure = go.Figure()
    for label, values, role in (
        ("found by it alone", [result.only for result in results], "second"),
        ("found by others, too", [result.shared for result in results], "first"),
    ):
        figure.add_bar(
            x=names, y=values, name=label, meta={"role": role},
            hovertemplate="<b>%{x}</b><br>%{y:,} candidates " + label + "<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=names, y=[result.union for result in results], name="union so far, and what it grew by",
        mode="lines+markers+text", line={"width": 2}, meta={"role": "curve"}, cliponaxis=False,
        text=[f"+{result.adds:,}" for result in results], textposition="top center",
        customdata=[result.adds for result in results],
        hovertemplate="<b>%{x}</b><br>%{y:,} candidates of it and those before it; it adds %{customdata:,}"
        "<extra></extra>",
    )  # fmt: skip
    figure.update_layout(layout("Configuration (step in Å : segments : centres)", "Candidates"))
    figure.update_layout(barmode="stack", xaxis={"type": "category", "automargin": True})
    figure.update_layout(yaxis={"rangemode": "tozero"}, hovermode="x")
    return as_dict(figure)


def configurations_data(results: Sequence[ConfigurationResult], *, with_truth: bool) -> Data:
    """One line for each configuration; what is right is left empty where no truth is known."""

    def line(result: ConfigurationResult) -> tuple[Cell, ...]:
        book = result.codebook
        right = (result.right, result.right_union) if with_truth else (None, None)
        return (
            book.step, book.segments, book.centers, result.confirms, result.only, result.adds, result.union,
            *right, book.train_seconds, book.encode_seconds, book.search_seconds, book.threads, book.n_bytes,
            book.inertia, book.n_converged, book.iterations, book.plan,
        )  # fmt: skip

    return Data(HEADINGS, [line(result) for result in results])

"""How retrieval works, worked out on four spectra that the reader may choose."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.figures.worked import PLOTS
from catalog.models import Run
from catalog.worked_example import (
    CENTERS,
    PAPER_CENTERS,
    PAPER_DISTANCES,
    PAPER_SEGMENTS,
    SEGMENTS,
    SPECTRA,
    Example,
    ExampleError,
    default_spectra,
    spectra_called,
    work_out,
)

from .lists import run_asked

DECISIVE = 5  # segments that the page names


@dataclass(frozen=True)
class Asked:
    """What the address asks for; ``example`` is None where ``error`` says why there is none."""

    run: Run | None
    names: list[str]
    segments: str
    centers: str
    example: Example | None = None
    error: str = ""

    @property
    def query(self) -> str:
        """The query string that shows exactly this again."""
        run = [("run", str(self.run.pk))] if self.run else []
        spectra = [("spectrum", name) for name in self.names]
        return "?" + urlencode([*spectra, ("m", self.segments), ("k", self.centers), *run])


def _asked(request: HttpRequest) -> Asked:
    """``spectrum`` four times, ``m`` and ``k``; without them the default spectra of the run, as the paper."""
    params, run = request.GET, run_asked(request)
    names = params.getlist("spectrum")
    m, k = params.get("m") or str(PAPER_SEGMENTS), params.get("k") or str(PAPER_CENTERS)
    try:
        spectra = spectra_called(names=names) if any(names) else default_spectra(run=run)
        names = [spectrum.name for spectrum in spectra] if not any(names) else names
        numbers = [int(text) if text.isdecimal() and len(text) < 4 else 0 for text in (m, k)]
        example = work_out(spectra=spectra, segments=numbers[0], centers=numbers[1], run=run)
    except ExampleError as error:
        return Asked(run, (names + [""] * SPECTRA)[:SPECTRA], m, k, error=str(error))
    return Asked(run, names, m, k, example)


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    example = asked.example
    context: dict[str, Any] = {
        "run": asked.run,
        "asked": asked,
        "boxes": [
            (n, "Query: the fourth spectrum" if n == SPECTRA else f"Spectrum {n}", name)
            for n, name in enumerate(asked.names, 1)
        ],
        "segments": [str(m) for m in SEGMENTS],
        "centers": [str(k) for k in CENTERS],
        "example": example,
        "plots": {name: reverse("how-it-works-json", args=[name]) + asked.query for name in PLOTS},
        **(_tables(example) if example else {}),
    }
    # Nothing to work out on an empty portal is no mistake of the reader's.
    wrong = bool(asked.error) and bool(request.GET)
    return render(request, "catalog/figures/how_it_works.html", context, status=400 if wrong else 200)


def _tables(example: Example) -> dict[str, Any]:
    ranks = sorted(PAPER_DISTANCES)
    edges, (first, second) = example.edges, example.others[:2]
    return {
        "distances": [
            (n + 1, spectrum, float(distance), int(rank), theirs, ranks.index(theirs) + 1)
            for n, (spectrum, distance, rank, theirs) in enumerate(
                zip(example.spectra, example.distances, example.ranks, PAPER_DISTANCES, strict=True)
            )
        ],
        "columns": [
            (m + 1, f"{low:.0f} to {high:.0f}")
            for m, (low, high) in enumerate(pairwise(edges))
        ],
        "codes": [(n + 1, code) for n, code in enumerate(example.codes.tolist())],
        "table": list(enumerate(example.table.T.tolist())),
        "nearest": first + 1,
        "second": second + 1,
        "siding": sum(difference > 0 for _, difference in example.decisive),
        "decisive": [
            (
                m + 1, f"{edges[m]:.0f} to {edges[m + 1]:.0f}", example.parts[first, m],
                example.parts[second, m], difference,
            )
            for m, difference in example.decisive[:DECISIVE]
        ],
    }  # fmt: skip


@require_safe
@gzip_page
def plot(request: HttpRequest, name: str) -> JsonResponse:
    """Plotly's JSON of one of the plots of the example."""
    if name not in PLOTS:
        raise Http404(f"There is no plot {name}; there are {', '.join(PLOTS)}.")
    asked = _asked(request)
    if asked.example is None:
        return JsonResponse({"error": asked.error}, status=400)
    return JsonResponse(PLOTS[name](asked.example))

"""Figures 1 and 2 of Lu et al. 2022 on four spectra: product quantization worked out step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from retrieval import ProductQuantizer, prepare
from retrieval.grid import make_grid
from retrieval.prepare import Normalization
from retrieval.readers import Refused
from retrieval.search import Codes, Metric

from .arrays import load_spectrum
from .models import Candidate, Neighbour, Run, Spectrum

SPECTRA = 4
SEGMENTS = (5, 10, 25, 50, 100)
CENTERS = (2, 3, 4)  # no more than there are spectra
PAPER_SEGMENTS, PAPER_CENTERS = 25, 2
PAPER_DISTANCES = (4.423, 15.430, 8.656, 3.241)
STEP = 2


class ExampleError(ValueError):
    """The example cannot be worked out; the message says what to choose instead."""


@dataclass(frozen=True)
class Example:
    """Four spectra, the last of which is searched for among all four.

    ``prepared`` float32 (4, n); ``centers`` float32 (M, K, n / M); ``codes`` (4, M); ``table`` float64
    (M, K), the query's sub-distances; ``parts`` float64 (4, M), those that each spectrum's codes pick;
    ``distances`` float32 (4,); ``ranks`` (4,), 1 for the nearest.
    """

    spectra: tuple[Spectrum, ...]
    metric: Metric
    prepared: NDArray[np.float32]
    centers: NDArray[np.float32]
    codes: Codes
    table: NDArray[np.float64]
    parts: NDArray[np.float64]
    distances: NDArray[np.float32]
    ranks: NDArray[np.int64]

    @property
    def grid(self) -> NDArray[np.float64]:
        return make_grid(STEP)

    @property
    def edges(self) -> list[float]:
        """Wavelengths between which the segments lie, Angstrom (M + 1)."""
        ends = [*self.grid, self.grid[-1] + STEP]
        return [float(ends[n]) for n in range(0, len(ends), self.centers.shape[2])]

    @property
    def others(self) -> list[int]:
        """The spectra but the query, the nearest first."""
        return [int(n) for n in np.argsort(self.ranks) if n != SPECTRA - 1]

    @property
    def decisive(self) -> list[tuple[int, float]]:
        """Segment, and by how much it puts the nearest other spectrum before the second: most first."""
        first, second = self.others[:2]
        difference = self.parts[second] - self.parts[first]
        return [(int(n), float(difference[n])) for n in np.argsort(-difference, kind="stable")]


def default_spectra(*, run: Run | None) -> list[Spectrum]:
    """Four spectra of a run: the template nearest to a galaxy, a nebula, another galaxy, and that galaxy.

    Filled up with any others that have a file; fewer than four where fewer are held.
    """
    held = Spectrum.objects.exclude(file="").order_by("-snr_r", "pk")
    candidates = Candidate.objects.filter(run=run, withdrawn_at__isnull=True).exclude(spectrum__file="")
    best = candidates.order_by("-spectrum__snr_r", "pk").values_list("spectrum", flat=True)
    galaxies = list(best.filter(kind=Candidate.Kind.GALAXY)[:2])
    nebula = list(best.filter(kind=Candidate.Kind.NEBULA)[:1])
    nearest = (
        Neighbour.objects.filter(codebook__run=run, rank=1, spectrum__in=galaxies[:1])
        .exclude(template__file="")
        .order_by("codebook__number")
        .values_list("template", flat=True)[:1]
    )
    chosen = list(dict.fromkeys([*nearest, *nebula, *galaxies[1:]]))
    more = held.exclude(pk__in=[*chosen, *galaxies[:1]]).values_list("pk", flat=True)
    others = [*chosen, *more[: SPECTRA - len(chosen) - len(galaxies[:1])]]
    found = held.in_bulk([*others, *galaxies[:1]])
    return [found[pk] for pk in (*others, *galaxies[:1])]


def spectra_called(*, names: Sequence[str]) -> list[Spectrum]:
    """The spectra of these file names, of the newest release where several have one.

    Raises ExampleError unless they are four different ones that are held with their files.
    """
    wanted = [name.replace("\0", "").strip() for name in names]
    if len(set(wanted)) != SPECTRA or len(wanted) != SPECTRA or not all(wanted):
        raise ExampleError(f"Name {SPECTRA} different spectra.")
    held = Spectrum.objects.filter(name__in=wanted).exclude(file="").order_by("release__created_at", "pk")
    found = {spectrum.name: spectrum for spectrum in held}
    if missing := [name for name in wanted if name not in found]:
        raise ExampleError(
            f"No spectrum named {' or '.join(missing)} is held with its file: see the list of spectra."
        )
    return [found[name] for name in wanted]


def work_out(*, spectra: Sequence[Spectrum], segments: int, centers: int, run: Run | None) -> Example:
    """Prepare four spectra, learn ``centers`` centres of each of ``segments`` segments from them, encode them
    and search the last among them, with the metric and the normalisation of the run.

    Raises ExampleError where a choice is out of bounds, or a spectrum cannot be read or prepared.
    """
    if segments not in SEGMENTS or centers not in CENTERS:
        raise ExampleError(
            f"M may be {', '.join(map(str, SEGMENTS))}, and K {', '.join(map(str, CENTERS))}: "
            f"there are {SPECTRA} spectra to learn from."
        )
    if len(spectra) != SPECTRA:
        raise ExampleError(f"Four spectra with their files are needed; {len(spectra)} are held.")
    metric = cast(Metric, run.metric if run else Run.Metric.L2_SUM)
    normalization = cast(Normalization, run.normalization if run else Run.Normalization.L2)
    prepared = np.stack([_prepared(spectrum, normalization) for spectrum in spectra])
    quantizer = ProductQuantizer(segments, centers, metric, seed=run.seed if run else 0).fit(prepared)
    codes = quantizer.encode(prepared)
    query = prepared[-1]
    index, distance = quantizer.search(prepared[-1:], codes, k=SPECTRA)
    return Example(
        spectra=tuple(spectra),
        metric=metric,
        prepared=prepared,
        centers=quantizer.codebook,
        codes=codes,
        table=quantizer.distance_table(query),
        parts=np.stack([quantizer.explain(query, code) for code in codes]),
        distances=distance[0][np.argsort(index[0])],
        ranks=np.argsort(index[0]) + 1,
    )


def _prepared(spectrum: Spectrum, normalization: Normalization) -> NDArray[np.float32]:
    try:
        observed = load_spectrum(spectrum)
        return prepare(observed.wavelength, observed.flux, STEP, normalization, mask=observed.bad)[0]
    except (OSError, Refused, ValueError) as error:
        raise ExampleError(f"{spectrum.name} cannot be prepared: {error} Choose another.") from error

"""Find the kin of one spectrum: product quantization first, then the true distance.

The same steps as a run's stages, on one spectrum and kept nowhere.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from catalog.arrays import load_spectrum
from catalog.classes import classes_set
from catalog.counterparts.places import place_answers, source_at
from catalog.counterparts.selectors import SourceAnswers
from catalog.models import Candidate, Codebook, RegionMatch, Run, Source, Spectrum
from catalog.regions import regions_at, version_matched
from retrieval import detect_lines, line_redshift, prepare
from retrieval.detect import DetectParameters
from retrieval.diagnose import Flux
from retrieval.grid import make_grid
from retrieval.match import confirm
from retrieval.measure import LineFit, measure_many
from retrieval.neargalaxies import near_galaxy
from retrieval.prepare import MINIMUM_COVERAGE, Normalization
from retrieval.profiles import DETECTION_STEP
from retrieval.readers import ObservedSpectrum
from retrieval.redshift import LineRedshift
from retrieval.rerank import rerank, sample_weights
from retrieval.velocity import is_nebular, velocity_kms

from .books import SHELF, Book

MOST_KIN = 50
USUAL_KIN = 10
DEPTH = 60
"""Templates that are ranked anew by the true distance."""

Position = tuple[float, float]


@dataclass(frozen=True)
class Kinsman:
    """One template: its place among the nearest before and after re-ranking (from 1), and both distances.

    `agrees` tells whether its redshift is that of the lines, within the run's tolerance; None without one.
    `observed` are its arrays.
    """

    rank: int
    rank_before: int
    template: Spectrum
    pq_distance: float
    distance: float
    agrees: bool | None
    observed: ObservedSpectrum

    @property
    def key(self) -> str:
        """How it is named in the figure."""
        return f"{self.template.release.slug}/{self.template.name}"


@dataclass(frozen=True, eq=False)
class Kin:
    """What was found of one spectrum. Nothing here has a row in the database but templates and regions.

    `kin` holds the nearest; `nearest` is the first by the codes, before re-ranking; `left_out` counts
    templates whose file could not be read; `candidate` carries redshifts and classes as a run's would, None
    without any redshift; `seconds` tells what took how long.
    """

    observed: ObservedSpectrum
    run: Run
    codebook: Codebook
    position: Position | None
    kin: tuple[Kinsman, ...]
    nearest: Kinsman | None
    left_out: int
    is_template: bool
    line_redshift: LineRedshift | None
    candidate: Candidate | None
    fits: tuple[LineFit, ...]
    source: Source | None
    regions: list[RegionMatch]
    answers: SourceAnswers | None
    galaxy: str
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def z_rt(self) -> float | None:
        """Published redshift of the nearest template."""
        return self.kin[0].template.z if self.kin else None

    @property
    def z_cl(self) -> float | None:
        return self.line_redshift.value if self.line_redshift else None

    @property
    def z(self) -> float | None:
        """The redshift at which lines are measured: from lines, else of the nearest template."""
        return self.z_rt if self.z_cl is None else self.z_cl

    @property
    def agrees(self) -> bool | None:
        """Whether the two redshifts agree within the run's tolerance; None without one of them."""
        return self.kin[0].agrees if self.kin else None


def find_kin(
    *,
    observed: ObservedSpectrum,
    codebook: Codebook,
    k: int = USUAL_KIN,
    position: Position | None = None,
    itself: int | None = None,
) -> Kin:
    """The `k` nearest templates of a spectrum under a configuration, its redshifts, lines, class and place.

    `position` in degrees stands in place of the header's. `itself` is the id of a held spectrum, which is no
    kin of its own. Raises PrepareError for a spectrum that cannot be compared, NoBookError and DamagedError
    for a configuration that cannot be searched.
    """
    run = codebook.run
    clock = _Clock()
    with clock("prepare"):
        query = _prepared(observed, run, codebook.step)
    book, loading = SHELF.book(codebook)
    clock.seconds["load"] = loading
    with clock("search"):
        wanted = min(DEPTH + 1, len(book.templates))
        index, distance = book.searcher.nearest(query[None], wanted)
    with clock("lines"):
        redshift = _line_redshift(observed, run)
    with clock("rerank"):
        ranked = _ranked(observed, query, codebook, book, index[0], distance[0], itself, redshift)
    header = observed.header
    if position is None and header.ra is not None and header.dec is not None:
        position = (header.ra, header.dec)
    with clock("place"):
        place = _place(position, run, simulated=header.simulated)
    z_rt = ranked.kin[0].template.z if ranked.kin else None
    with clock("measure"):
        candidate, fits = _measured(observed, redshift, z_rt, run, place, position)
    return Kin(
        observed=observed,
        run=run,
        codebook=codebook,
        position=position,
        kin=ranked.kin[:k],
        nearest=min(ranked.kin, key=lambda one: one.rank_before, default=None),
        left_out=ranked.left_out,
        is_template=bool(itself is not None and (book.templates == itself).any()),
        line_redshift=redshift,
        candidate=candidate,
        fits=fits,
        source=place.source,
        regions=place.regions,
        answers=place.answers,
        galaxy=place.galaxy,
        seconds=clock.seconds,
    )


class _Clock:
    """Seconds of each named part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def _prepared(observed: ObservedSpectrum, run: Run, step: int) -> NDArray[np.float32]:
    normalization = cast(Normalization, run.normalization)
    return prepare(
        observed.wavelength, observed.flux, step=step, normalization=normalization, mask=observed.bad
    )[0]


@dataclass(frozen=True, eq=False)
class _Ranked:
    kin: tuple[Kinsman, ...]
    left_out: int


def _ranked(
    observed: ObservedSpectrum,
    query: NDArray[np.float32],
    codebook: Codebook,
    book: Book,
    index: NDArray[np.int64],
    distance: NDArray[np.float32],
    itself: int | None,
    redshift: LineRedshift | None,
) -> _Ranked:
    """What the codes found near, in the order of the true distance over the query's good samples.

    Templates are read from their original files, which are always there; prepared arrays may be dropped.
    """
    ids = book.templates[index]
    kept = np.flatnonzero(ids != itself)[:DEPTH]
    held = Spectrum.objects.select_related("release").in_bulk(ids[kept].tolist())
    places: list[int] = []
    rows: list[NDArray[np.float32]] = []
    arrays: dict[int, ObservedSpectrum] = {}
    # In the order of the templates, so that equal distances go to the lowest of them here as everywhere.
    for place in sorted(kept.tolist(), key=lambda place: index[place]):
        template = held.get(int(ids[place]))
        if template is None:
            continue
        try:
            read = load_spectrum(template)
            rows.append(_prepared(read, codebook.run, codebook.step))
        except (OSError, ValueError):
            continue
        places.append(place)
        arrays[place] = read
    if not rows:
        return _Ranked((), len(kept))
    weights = sample_weights(observed.wavelength, observed.ivar, observed.bad, codebook.step)
    covered = np.count_nonzero(weights) >= MINIMUM_COVERAGE * weights.size
    order, true = rerank(
        query, np.stack(rows), np.arange(len(rows))[None], weights=weights if covered else None
    )
    before = {place: rank for rank, place in enumerate(kept.tolist(), start=1)}
    found = []
    for rank, (row, value) in enumerate(zip(order[0].tolist(), true[0].tolist(), strict=True), start=1):
        place = places[row]
        template = held[int(ids[place])]
        agrees = None
        if redshift and template.z is not None:
            agrees = bool(confirm(redshift.value, template.z, codebook.run.z_tolerance))
        found.append(
            Kinsman(rank, before[place], template, float(distance[place]), value, agrees, arrays[place])
        )
    return _Ranked(tuple(found), len(kept) - len(rows))


def _line_redshift(observed: ObservedSpectrum, run: Run) -> LineRedshift | None:
    lines = detect_lines(
        make_grid(DETECTION_STEP),
        _prepared(observed, run, DETECTION_STEP),
        parameters=DetectParameters(**run.detection),
    )
    return line_redshift(lines, tolerance=run.z_tolerance)


@dataclass(frozen=True, eq=False)
class _Place:
    source: Source | None = None
    regions: list[RegionMatch] = field(default_factory=list)
    answers: SourceAnswers | None = None
    galaxy: str = ""


def _place(position: Position | None, run: Run, *, simulated: bool) -> _Place:
    if position is None:
        return _Place()
    ra, dec = position
    source = source_at(ra=ra, dec=dec)
    return _Place(
        source,
        regions_at(ra=ra, dec=dec, version=version_matched(run)),
        place_answers(ra=ra, dec=dec, simulated=simulated, source=source),
        str(near_galaxy([ra], [dec])[0]),
    )


def _measured(
    observed: ObservedSpectrum,
    redshift: LineRedshift | None,
    z_rt: float | None,
    run: Run,
    place: _Place,
    position: Position | None,
) -> tuple[Candidate | None, tuple[LineFit, ...]]:
    """Lines at the redshift, and what they make of it; one redshift stands for both where there is one."""
    z = redshift.value if redshift else z_rt
    if z is None:
        return None, ()
    fits = measure_many([observed], [z])[0]
    nebular = bool(is_nebular(z, z if z_rt is None else z_rt, run.velocity_limit_kms))
    candidate = Candidate(
        run=run,
        kind=Candidate.Kind.NEBULA if nebular else Candidate.Kind.GALAXY,
        z_cl=z,
        z_rt=z if z_rt is None else z_rt,
        velocity_kms=float(velocity_kms(z)),
        n_lines=len(redshift.lines) if redshift else 0,
        n_configurations=0,
    )
    ra, dec = position or (math.nan, math.nan)
    classes_set(
        candidates=[candidate],
        fluxes=[{fit.line: Flux(fit.flux, fit.flux_err) for fit in fits}],
        regions=[place.regions[0].region if place.regions else None],
        ra=np.array([ra]),
        dec=np.array([dec]),
    )
    return candidate, fits

"""What a run found of the simulated spectra that it searched, against their truth: selectors, no writes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from django.db.models import Q
from numpy.typing import NDArray

from catalog.arrays import load_spectrum
from catalog.counterparts.coverage import Coverage
from catalog.counterparts.roads import RADIUS_ARCSEC, newest_snapshot
from catalog.models import (
    DECIDING,
    Candidate,
    LineMeasurement,
    LineRedshift,
    Run,
    Snapshot,
    SpectrumBlock,
    Truth,
)
from catalog.runs import usable_ids
from retrieval.diagnose import CLASSES
from retrieval.simulate.objects import GALAXIES, KINDS, NEBULAE
from retrieval.simulate.peaks import peak_snr

PEAK_EDGES = (0.0, 3.0, 5.0, 7.0, 10.0, 15.0, 30.0, np.inf)
SNR_R_EDGES = (0.0, 2.0, 4.0, 6.0, 10.0, 15.0, np.inf)

LINED = (*GALAXIES, *NEBULAE)
FLUX_LINES = ("oii", "hb", "oiii_5008", "ha", "nii_6585", "sii_6718")

AS_GALAXY, AS_NEBULA, WRONG_Z, NOT_FOUND = "galaxy", "nebula", "wrong redshift", "no candidate"
THAT_REGION, ANOTHER, NO_REGION = "that region", "another region", "no region"
INSIDE, OUTSIDE = "inside a region", "outside all"
NEW, KNOWN, UNDECIDED = "new", "known", "undecided"
PLANTED, UNPLANTED, UNSEEN = "in at least one", "in none", "in none, not all look there"


@dataclass(frozen=True)
class Query:
    """A searched spectrum with a truth: what is true of it beside what the run made of it.

    ``peak_snr`` is None for a spectrum without emission lines; ``candidate`` is one that was not withdrawn.
    """

    truth: Truth
    snr_r: float | None
    peak_snr: float | None
    z_cl: float | None
    candidate: Candidate | None
    tolerance: float

    @property
    def has_lines(self) -> bool:
        return bool(self.truth.line_fluxes)

    @property
    def line_right(self) -> bool:
        """z_CL is the true redshift, within the run's tolerance."""
        return self.has_lines and self.z_cl is not None and self._is_true(self.z_cl)

    @property
    def found(self) -> bool:
        """It has lines, and is a candidate at their redshift."""
        return self.has_lines and self.candidate is not None and self._is_true(self.candidate.z_cl)

    def _is_true(self, z: float) -> bool:
        return self.truth.z is not None and abs(z - self.truth.z) <= self.tolerance


@dataclass(frozen=True)
class Found:
    """How many of some searched spectra were found, and how many of what was found are right."""

    low: float
    high: float
    queries: int
    with_lines: int
    line_redshifts: int
    line_right: int
    candidates: int
    right: int


@dataclass(frozen=True)
class Matrix:
    """Counts by truth (row) and finding (column)."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: Counter[tuple[str, str]]


@dataclass(frozen=True)
class NewFlag:
    """The galaxy candidates of a run by whether simulated catalogues hold them and what the run calls them.

    ``answers`` counts candidates by service and outcome ("" where it was never asked); ``no_galaxies`` are
    those called new that are none: wrong candidates, of which no catalogue can know.
    """

    matrix: Matrix
    answers: Counter[tuple[str, str]]
    no_galaxies: int

    @property
    def false_new(self) -> int:
        """Called new although a catalogue holds it, or one does not look there."""
        return self.matrix.counts[PLANTED, NEW] + self.matrix.counts[UNSEEN, NEW]


@dataclass(frozen=True)
class Flux:
    """Lines of one kind: how many are measured, and the median of measured over true flux (None of none)."""

    lines: int
    ratio: float | None


@dataclass(frozen=True)
class Validation:
    """``fluxes`` by kind and line key; ``new`` is None where a deciding service has no simulated table."""

    run: Run
    n_queries: int
    judged: int
    by_peak: tuple[Found, ...]
    by_snr_r: tuple[Found, ...]
    line_free: Found
    kinds: Matrix
    classes: Matrix
    nebulae: Matrix
    regions: Matrix
    fluxes: dict[tuple[str, str], Flux]
    new: NewFlag | None


def validate(*, run: Run) -> Validation:
    """Hold a complete run against the truth of the simulated spectra that it searched.

    Reads the files of those with lines, for their noise. Raises ValueError where the run searched no spectrum
    with a truth.
    """
    searched = usable_ids(run.blocks.filter(part=SpectrumBlock.Part.QUERIES))
    queries = _queries(run, searched)
    if not queries:
        raise ValueError(
            f"Run {run.pk} searched no simulated spectrum with a truth: there is nothing to hold it against. "
            "Write and import some with simulate_survey and import_spectra, and search them."
        )
    with_lines = [query for query in queries if query.has_lines]
    return Validation(
        run=run,
        n_queries=len(searched),
        judged=len(queries),
        by_peak=_binned(with_lines, lambda query: query.peak_snr, PEAK_EDGES),
        by_snr_r=_binned(queries, lambda query: query.snr_r, SNR_R_EDGES),
        line_free=_counted([query for query in queries if not query.has_lines], 0.0, np.inf),
        kinds=_matrix(KINDS, (AS_GALAXY, AS_NEBULA, WRONG_Z, NOT_FOUND), map(_kind, queries)),
        classes=_classes(queries),
        nebulae=_nebulae(queries),
        regions=_regions(queries),
        fluxes=_fluxes(queries),
        new=new_flag(run=run),
    )


def _queries(run: Run, searched: NDArray[np.int64]) -> list[Query]:
    ids = set(searched.tolist())
    known = Q(run=run, spectrum__truth__isnull=False)
    redshifts = dict(LineRedshift.objects.filter(known).values_list("spectrum_id", "z"))
    standing = Candidate.objects.filter(known, withdrawn_at__isnull=True).select_related("region")
    candidates = {candidate.spectrum_id: candidate for candidate in standing}
    truths = Truth.objects.filter(spectrum__release__simulated=True).select_related("spectrum")
    return [
        Query(
            truth,
            truth.spectrum.snr_r,
            _peak(truth) if truth.line_fluxes else None,
            redshifts.get(truth.spectrum_id),
            candidates.get(truth.spectrum_id),
            run.z_tolerance,
        )
        for truth in truths.order_by("spectrum").iterator()
        if truth.spectrum_id in ids
    ]


def _peak(truth: Truth) -> float | None:
    """None where the file is not there any more, or cannot be read."""
    try:
        seen = load_spectrum(truth.spectrum)
    except (ValueError, OSError):
        return None
    ivar = np.where(seen.bad, 0.0, seen.ivar)
    return peak_snr(seen.wavelength, ivar, truth.line_fluxes, truth.z or 0.0, truth.sigma_kms or 0.0)


def _binned(
    queries: Sequence[Query], value: Callable[[Query], float | None], edges: Sequence[float]
) -> tuple[Found, ...]:
    """Low edges belong to a bin, high ones to the next; a query without a value is in none."""
    known = [(query, at) for query in queries if (at := value(query)) is not None]
    return tuple(
        _counted([query for query, at in known if low <= at < high], low, high)
        for low, high in pairwise(edges)
    )


def _counted(queries: Sequence[Query], low: float, high: float) -> Found:
    return Found(
        low,
        high,
        queries=len(queries),
        with_lines=sum(query.has_lines for query in queries),
        line_redshifts=sum(query.z_cl is not None for query in queries),
        line_right=sum(query.line_right for query in queries),
        candidates=sum(query.candidate is not None for query in queries),
        right=sum(query.found for query in queries),
    )


def _matrix(rows: Sequence[str], columns: Sequence[str], pairs: Iterable[tuple[str, str]]) -> Matrix:
    return Matrix(tuple(rows), tuple(columns), Counter(pairs))


def _kind(query: Query) -> tuple[str, str]:
    if query.candidate is None:
        return query.truth.kind, NOT_FOUND
    return query.truth.kind, query.candidate.kind if query.found else WRONG_Z


def _classes(queries: Sequence[Query]) -> Matrix:
    """BPT classes of galaxies at their true redshift, measured."""
    found = (query for query in queries if query.found and query.truth.bpt_class)
    pairs = (
        (query.truth.bpt_class, query.candidate.bpt_class)
        for query in found
        if query.candidate and query.candidate.bpt_class
    )
    return _matrix(CLASSES, Candidate.BptClass.values, pairs)


def _nebulae(queries: Sequence[Query]) -> Matrix:
    """The nebula test of nebulae at their true redshift, measured."""
    pairs = (
        (query.truth.kind, query.candidate.nebula_state)
        for query in queries
        if query.found and query.truth.kind in NEBULAE and query.candidate and query.candidate.nebula_state
    )
    return _matrix(NEBULAE, Candidate.NebulaState.values, pairs)


def _regions(queries: Sequence[Query]) -> Matrix:
    """The best region of nebula candidates, right or wrong ones: position alone decides."""

    def region(query: Query, candidate: Candidate) -> tuple[str, str]:
        if candidate.region is None:
            given = NO_REGION
        else:
            given = THAT_REGION if candidate.region.name == query.truth.region else ANOTHER
        return INSIDE if query.truth.region else OUTSIDE, given

    pairs = (
        region(query, query.candidate)
        for query in queries
        if query.candidate and query.candidate.kind == Candidate.Kind.NEBULA
    )
    return _matrix((INSIDE, OUTSIDE), (THAT_REGION, ANOTHER, NO_REGION), pairs)


def _fluxes(queries: Sequence[Query]) -> dict[tuple[str, str], Flux]:
    """Of candidates at their true redshift, every line that was fitted, however faint."""
    truths = {query.candidate.pk: query.truth for query in queries if query.found and query.candidate}
    measured = LineMeasurement.objects.filter(
        candidate__in=truths.keys(), line__in=FLUX_LINES, flux__isnull=False
    )
    ratios: dict[tuple[str, str], list[float]] = defaultdict(list)
    for candidate_id, line, flux in measured.values_list("candidate", "line", "flux"):
        truth = truths[candidate_id]
        if true := truth.line_fluxes.get(line):
            ratios[truth.kind, line].append(flux / true)
    return {
        (kind, line): Flux(len(held), float(np.median(held)) if held else None)
        for kind in LINED
        for line in FLUX_LINES
        for held in (ratios[kind, line],)
    }


def new_flag(*, run: Run) -> NewFlag | None:
    """The galaxies that the run calls new, against the simulated catalogues themselves.

    Which catalogue holds which source is found anew, on arrays of positions: nothing that a look-up stored is
    asked. None where a deciding service has no simulated snapshot.
    """
    snapshots = [newest_snapshot(service=service, simulated=True) for service in DECIDING]
    simulated = [snapshot for snapshot in snapshots if snapshot is not None and snapshot.simulated]
    if len(simulated) < len(DECIDING):
        return None
    galaxies = list(
        Candidate.objects.filter(
            run=run, kind=Candidate.Kind.GALAXY, withdrawn_at__isnull=True,
            spectrum__source__isnull=False, spectrum__release__simulated=True, spectrum__truth__isnull=False,
        ).select_related("spectrum__source", "spectrum__truth")
    )  # fmt: skip
    places = [(source.ra, source.dec) for galaxy in galaxies if (source := galaxy.spectrum.source)]
    ra, dec = np.array(places, dtype=np.float64).reshape(-1, 2).T
    held = np.zeros(len(galaxies), dtype=bool)
    looked = np.ones(len(galaxies), dtype=bool)
    for snapshot in simulated:
        held |= _held(snapshot, ra, dec)
        if snapshot.coverage_order is not None and snapshot.coverage is not None:
            covered = Coverage.from_bytes(snapshot.coverage_order, bytes(snapshot.coverage))
            looked &= covered.holds(ra, dec)
    planted = np.where(held, PLANTED, np.where(looked, UNPLANTED, UNSEEN)).tolist()
    called = [{True: NEW, False: KNOWN, None: UNDECIDED}[galaxy.new_galaxy] for galaxy in galaxies]
    return NewFlag(
        _matrix((PLANTED, UNPLANTED, UNSEEN), (NEW, KNOWN, UNDECIDED), zip(planted, called, strict=True)),
        Counter(
            (service.value, getattr(galaxy, f"{service.value}_outcome") or "")
            for galaxy in galaxies
            for service in DECIDING
        ),
        no_galaxies=sum(
            name == NEW and galaxy.spectrum.truth.kind not in GALAXIES
            for name, galaxy in zip(called, galaxies, strict=True)
        ),
    )


def _held(snapshot: Snapshot, ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which positions (degrees) have an object of the snapshot within the radius of a look-up, (n,)."""
    places = np.array(list(snapshot.held.values_list("ra", "dec")), dtype=np.float64).reshape(-1, 2)
    if not len(places) or not ra.size:
        return np.zeros(ra.size, dtype=bool)
    objects = SkyCoord(places[:, 0], places[:, 1], unit="deg")
    _, separation, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(objects)
    return np.asarray(separation <= RADIUS_ARCSEC * u.arcsec)

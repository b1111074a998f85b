"""Two runs side by side: candidates gained, lost and kept, and why; redshifts; agreement with the known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import permutations
from operator import or_
from typing import Any

from django.db.models import (
    Aggregate,
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Abs

from .contributions import lines_to_find
from .models import Candidate, Catalogue, LineRedshift, Neighbour, PublishedCandidate, Run

NOT_SEARCHED = "the run did not search it"
NO_LINES = "no redshift from lines in it"
NO_TEMPLATE = "no configuration's nearest template has the redshift of its lines"
EDGES = (1e-6, 1e-5, 1e-4, 1e-3)
"""Where differences of redshift are cut: equal but for rounding, and to the paper's tolerance."""


@dataclass(frozen=True)
class Shift:
    """How far one redshift moved between two runs, over the candidates that both have.

    ``counts`` are those that moved by less than each of EDGES, then by more; ``largest`` is None of none.
    """

    label: str
    counts: tuple[int, ...]
    largest: float | None


@dataclass(frozen=True)
class Kept:
    """The candidates that both runs have: how many, how many of another kind, how far redshifts moved."""

    count: int
    moved: int
    shifts: tuple[Shift, ...]


@dataclass(frozen=True)
class Agreement:
    """How a run stands against what is known: `found` of `known`, and `right` of `judged` candidates."""

    run: Run
    known: int
    found: int
    judged: int
    right: int

    @property
    def wrong(self) -> int:
        """Candidates that are not among what is known."""
        return self.judged - self.right

    @property
    def completeness(self) -> float | None:
        return 100 * self.found / self.known if self.known else None

    @property
    def purity(self) -> float | None:
        return 100 * self.right / self.judged if self.judged else None


@dataclass(frozen=True)
class RunComparison:
    """Candidates of run ``after`` beside those of ``before``. Each queryset is lazy: the page takes a few."""

    before: Run
    after: Run

    @property
    def gained(self) -> QuerySet[Any]:
        """Candidates of the second run that the first lacks, with ``why`` it lacks them."""
        return _absent(self.after, self.before)

    @property
    def lost(self) -> QuerySet[Any]:
        """Candidates of the first run that the second lacks, with ``why``."""
        return _absent(self.before, self.after)

    @property
    def kept(self) -> QuerySet[Any]:
        """Candidates of the second run that the first has, too: its own are ``other__z_cl`` and the like."""
        return _beside(self.after, self.before).filter(other__isnull=False)

    @property
    def moved(self) -> QuerySet[Any]:
        """Of those kept, the ones that are a galaxy in one run and a nebula in the other."""
        return self.kept.filter(_OF_ANOTHER_KIND)

    def kept_counted(self) -> Kept:
        """How many both runs have, and how far z_CL and z_RT moved: one query."""
        named = (("z_cl", "z from lines (z_CL)"), ("z_rt", "z of the nearest template (z_RT)"))
        kept = self.kept.annotate(
            **{
                f"d_{name}": Abs(F(name) - F(f"other__{name}"), output_field=FloatField())
                for name, _ in named
            }
        )
        totals: dict[str, Aggregate] = {}
        for name, _ in named:
            totals[f"largest_{name}"] = Max(f"d_{name}")
            for n, edge in enumerate(EDGES):
                totals[f"{name}_{n}"] = Count("pk", filter=Q(**{f"d_{name}__lt": edge}))
        found = kept.aggregate(n=Count("pk"), moved=Count("pk", filter=_OF_ANOTHER_KIND), **totals)
        shifts = []
        for name, label in named:
            under = [found[f"{name}_{n}"] for n in range(len(EDGES))]
            steps = zip((*under, found["n"]), (0, *under), strict=True)
            shifts.append(Shift(label, tuple(a - b for a, b in steps), found[f"largest_{name}"]))
        return Kept(found["n"], found["moved"], tuple(shifts))


_OF_ANOTHER_KIND = reduce(
    or_, (Q(kind=kind, other__kind=other) for kind, other in permutations(Candidate.Kind.values, 2))
)


def _beside(run: Run, other: Run) -> QuerySet[Any]:
    """A run's candidates, joined with those of another run of the same spectra."""
    joined = FilteredRelation("spectrum__candidates", condition=Q(spectrum__candidates__run=other))
    return Candidate.objects.filter(run=run).annotate(other=joined)


def _absent(run: Run, other: Run) -> QuerySet[Any]:
    """The candidates of ``run`` that ``other`` lacks, by the step of the other at which they fell out."""
    spectrum = OuterRef("spectrum")
    searched = Exists(Neighbour.objects.filter(spectrum=spectrum, codebook__run=other, codebook__number=0))
    with_lines = Exists(LineRedshift.objects.filter(spectrum=spectrum, run=other))
    why = Case(
        When(~searched, then=Value(NOT_SEARCHED)),
        When(~with_lines, then=Value(NO_LINES)),
        default=Value(NO_TEMPLATE),
    )
    there = Exists(Candidate.objects.filter(run=other, spectrum=spectrum))
    return Candidate.objects.filter(~there, run=run).annotate(why=why)


def reasons(absent: QuerySet[Any]) -> list[tuple[str, int]]:
    """How many of ``gained`` or ``lost`` are so for each reason."""
    counts = dict(absent.order_by().values_list("why").annotate(n=Count("pk")))
    return [(why, counts[why]) for why in (NOT_SEARCHED, NO_LINES, NO_TEMPLATE) if why in counts]


def against_truth(runs: Sequence[Run]) -> list[Agreement]:
    """Each run against the truth of the simulated spectra that it searched; empty where none has one.

    Known are those with emission lines; a candidate is right at their redshift, within the run's tolerance.
    """
    return [agreement for run in runs if (agreement := _true(run)).known]


def _true(run: Run) -> Agreement:
    known = lines_to_find(run)
    judged = Candidate.objects.filter(run=run, spectrum__truth__isnull=False)
    off = Abs(F("z_cl") - F("spectrum__truth__z"), output_field=FloatField())
    at_truth = Q(off__lte=run.z_tolerance) & ~Q(spectrum__truth__line_fluxes={})
    counts = judged.annotate(off=off).aggregate(all=Count("pk"), right=Count("pk", filter=at_truth))
    return Agreement(run, known, counts["right"], counts["all"], counts["right"])


def against_catalogue(runs: Sequence[Run], catalogue: Catalogue) -> list[Agreement]:
    """Each run against what a published catalogue keeps.

    Known are the catalogue's candidates, neither withdrawn nor rejected; found are those that are candidates
    of the run at the published redshift, within the run's tolerance.
    """
    kept = PublishedCandidate.objects.filter(catalogue=catalogue, withdrawn="")
    if catalogue.inspected:
        kept = kept.filter(inspection=Candidate.InspectionState.KEPT)
    return [_published(run, kept) for run in runs]


def _published(run: Run, kept: QuerySet[PublishedCandidate]) -> Agreement:
    there = FilteredRelation("spectrum__candidates", condition=Q(spectrum__candidates__run=run))
    off = Abs(F("z_cl") - F("there__z_cl"), output_field=FloatField())
    near = Q(off__lte=run.z_tolerance)
    counts = kept.annotate(there=there, off=off).aggregate(all=Count("pk"), found=Count("pk", filter=near))
    judged = Candidate.objects.filter(run=run).count()
    return Agreement(run, counts["all"], counts["found"], judged, counts["found"])

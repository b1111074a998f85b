"""The browsable tables: columns, filters and rows of each, shared by pages, downloads and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import django_filters as filters
from django.db.models import Case, Exists, F, Max, OuterRef, QuerySet, When

from . import certified
from . import columns as c
from . import filtersets as f
from .inspection import rows as inspection
from .inspection.selectors import STATE_SHOWN
from .models import DECIDING, Candidate, Refusal, Run, Spectrum

ALL = "all"
SERVICES = tuple(service.value for service in DECIDING)
CLASS_PROBABILITIES = (
    (Candidate.BptClass.STAR_FORMING, "p_star_forming"), (Candidate.BptClass.COMPOSITE, "p_composite"),
    (Candidate.BptClass.LINER, "p_liner"), (Candidate.BptClass.SEYFERT, "p_seyfert"),
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One browsable table.

    ``rows`` gives its queryset for a run (None for tables that stand outside runs); ``shown`` names
    the columns of the page, downloads carry all; ``order`` is the default sort; ``release`` leads from a row
    to its survey release.
    """

    name: str
    title: str
    columns: tuple[c.Column, ...]
    shown: tuple[str, ...]
    filterset: type[filters.FilterSet]
    rows: Callable[[Run | None], QuerySet[Any]]
    order: str
    release: str = "spectrum__release"
    of_run: bool = True

    def column(self, name: str) -> c.Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"no column {name!r}; there are {', '.join(column.name for column in self.columns)}")

    def chosen(self, asked: str) -> tuple[c.Column, ...]:
        """The columns of a parameter, in its order: "all", or names with commas. Raises KeyError."""
        if asked == ALL:
            return self.columns
        names = dict.fromkeys(name.strip() for name in asked.split(",") if name.strip())
        return tuple(self.column(name) for name in names) or self.columns

    def filter(self, *, run: Run | None, params: Mapping[str, Any]) -> filters.FilterSet:
        """The bound filter set; ``.is_valid()``, ``.errors`` and ``.qs`` as django-filter has them."""
        return self.filterset(data=params, queryset=self.rows(run))


def current_run(number: int | str | None = None) -> Run | None:
    """The run that the catalogue pages show: the one asked for, else that of the newest published catalogue,
    else the newest complete one. Its ``catalogue`` is the number of the newest catalogue made of it, or None.

    Raises Run.DoesNotExist where the one asked for does not exist or is not complete.
    """
    complete = Run.objects.filter(completed_at__isnull=False).annotate(catalogue=Max("catalogues__number"))
    if number not in (None, ""):
        return complete.get(pk=number)
    return complete.order_by(F("catalogue").desc(nulls_last=True), "-completed_at").first()


def _candidates(run: Run | None) -> QuerySet[Candidate]:
    rows = Candidate.objects.filter(run=run) if run else Candidate.objects.none()
    rows = rows.select_related("spectrum", "spectrum__release", "region", "run")
    return rows.annotate(state_shown=STATE_SHOWN)


def _galaxies(run: Run | None) -> QuerySet[Any]:
    """Emission-line galaxies, with their nearest counterparts and the probability of the class of each."""
    galaxies = _candidates(run).filter(kind=Candidate.Kind.GALAXY)
    return galaxies.select_related(*(f"{service}_nearest" for service in SERVICES)).annotate(
        probability=Case(*(When(bpt_class=name, then=F(field)) for name, field in CLASS_PROBABILITIES))
    )


def _waiting(run: Run | None) -> QuerySet[Candidate]:
    """One galaxy for each source of which it is not decided whether it is new."""
    first = Candidate.objects.filter(
        run=OuterRef("run"), kind=Candidate.Kind.GALAXY,
        spectrum__source=OuterRef("spectrum__source"), pk__lt=OuterRef("pk"),
    )  # fmt: skip
    undecided = _candidates(run).filter(kind=Candidate.Kind.GALAXY, new_galaxy=None)
    return undecided.exclude(Exists(first))


def _nebulae(run: Run | None) -> QuerySet[Any]:
    """Table 2: nebula candidates inside a WISE region, and those newly found outside."""
    among = certified.of_run(run) if run else Candidate.objects.none()
    found = _candidates(run).filter(kind=Candidate.Kind.NEBULA, new_found__isnull=False)
    return certified.with_regions(found, among=among)


def _unclear(run: Run | None) -> QuerySet[Candidate]:
    """Nebula candidates outside all regions that the diagnostic does not call H II-like."""
    return _candidates(run).filter(kind=Candidate.Kind.NEBULA, new_found__isnull=True)


def _spectra(run: Run | None) -> QuerySet[Spectrum]:
    return Spectrum.objects.select_related("release")


GALAXIES = Table(
    "galaxies", "Emission-line galaxies", c.GALAXY_COLUMNS,
    ("file_LAMOST", "ra", "dec", "z_our", "class_our", "newG", "simbad_id", "SDSS_id", "NED_name"),
    f.GalaxyFilterSet, _galaxies, "z_our",
)  # fmt: skip
NEBULAE = Table(
    "nebulae", "Galactic H II regions and nebulae", (*c.NEBULA_COLUMNS, *c.NEBULA_MORE_COLUMNS),
    tuple(column.name for column in c.NEBULA_COLUMNS),
    f.NebulaFilterSet, _nebulae, "-WISE_Name",
)  # fmt: skip
UNCLEAR = Table(
    "unclear", "Nebula candidates that stay unclear", c.UNCLEAR_COLUMNS,
    (
        "file_LAMOST", "GLong", "GLat", "nebula_state", "nebula_reason", "log(NII_H)", "log(SII_H)",
        "velocity", "near_galaxy", "snr_r",
    ),
    f.UnclearFilterSet, _unclear, "file_LAMOST",
)  # fmt: skip
REGIONS = Table(
    "regions", "H II regions", c.REGION_COLUMNS,
    (
        "WISE_Region", "Catalog", "HII_Region", "Radius", "VLSR", "spectra", "spectra_HII", "status",
        "number",
    ),
    f.RegionFilterSet, certified.regions, "-spectra", release="matches__spectrum__release",
)  # fmt: skip
CANDIDATES = Table(
    "candidates", "Candidates", c.CANDIDATE_COLUMNS,
    ("file_LAMOST", "ra", "dec", "snr_r", "kind", "z_CL", "z_RT", "velocity", "n_lines", "n_configurations"),
    f.AllCandidatesFilterSet, _candidates, "z_CL",
)  # fmt: skip
VOTES = Table(
    "votes", "Votes", c.VOTE_COLUMNS,
    (
        "file_LAMOST", "inspector", "simulated_inspector", "verdict", "class_seen", "z_seen", "reasons",
        "comment", "cast_at",
    ),
    f.VoteFilterSet, inspection.votes, "file_LAMOST", release="candidate__spectrum__release",
)  # fmt: skip
INSPECTED = Table(
    "inspected", "Candidates by inspection", c.INSPECTED_COLUMNS,
    (
        "file_LAMOST", "kind", "z_CL", "state", "class_final", "z_final", "votes", "votes_keep",
        "votes_reject", "adjudicated", "votes_simulated",
    ),
    f.InspectedFilterSet, inspection.inspected, "file_LAMOST",
)  # fmt: skip
LOOKUPS = Table(
    "lookups", "Galaxies that wait for an answer", c.LOOKUP_COLUMNS,
    tuple(column.name for column in c.LOOKUP_COLUMNS),
    f.WaitingFilterSet, _waiting, "file_LAMOST",
)  # fmt: skip
SPECTRA = Table(
    "spectra", "Spectra", c.SPECTRUM_COLUMNS,
    ("file_LAMOST", "release", "role", "ra", "dec", "class", "subclass", "z", "snr_r"),
    f.SpectrumFilterSet, _spectra, "file_LAMOST", release="release", of_run=False,
)  # fmt: skip
REFUSALS = Table(
    "refusals", "Refused files", c.REFUSAL_COLUMNS,
    tuple(column.name for column in c.REFUSAL_COLUMNS),
    f.RefusalFilterSet, lambda run: Refusal.objects.all(), "-import", release="batch__release", of_run=False,
)  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        GALAXIES,
        NEBULAE,
        UNCLEAR,
        REGIONS,
        CANDIDATES,
        VOTES,
        INSPECTED,
        LOOKUPS,
        SPECTRA,
        REFUSALS,
    )
}

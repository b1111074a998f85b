"""The browsable tables: columns, filters and rows of each, shared by pages, downloads and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import django_filters as filters
from django.db.models import Case, Count, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from . import columns as c
from . import filtersets as f
from .inspection import rows as inspection
from .models import DECIDING, Candidate, Counterpart, CounterpartLookup, Refusal, Run, Spectrum

SERVICES = tuple(service.value for service in DECIDING)


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

    def filter(self, *, run: Run | None, params: Mapping[str, Any]) -> filters.FilterSet:
        """The bound filter set; ``.is_valid()``, ``.errors`` and ``.qs`` as django-filter has them."""
        return self.filterset(data=params, queryset=self.rows(run))


def current_run(number: int | str | None = None) -> Run | None:
    """The run that the catalogue pages show: the one asked for, else the newest complete one.

    Raises Run.DoesNotExist where the one asked for does not exist or is not complete.
    """
    complete = Run.objects.filter(completed_at__isnull=False)
    if number not in (None, ""):
        return complete.get(pk=number)
    return complete.order_by("-completed_at").first()


def _candidates(run: Run | None) -> QuerySet[Candidate]:
    rows = Candidate.objects.filter(run=run) if run else Candidate.objects.none()
    return rows.select_related("spectrum", "spectrum__release", "region", "run")


def _nearest(service: str, field: str) -> Subquery:
    found = Counterpart.objects.filter(
        lookup__source=OuterRef("spectrum__source"), lookup__service=service, lookup__outcome="matched"
    )
    return Subquery(found.order_by("separation_arcsec").values(field)[:1])


def _answered(outcome: str) -> Coalesce:
    """How many of the three services gave this outcome for the row's source."""
    lookups = CounterpartLookup.objects.filter(
        source=OuterRef("spectrum__source"), outcome=outcome, service__in=SERVICES
    )
    counted = lookups.order_by().values("source").annotate(n=Count("service", distinct=True))
    return Coalesce(Subquery(counted.values("n")), Value(0))


def _galaxies(run: Run | None) -> QuerySet[Candidate]:
    """Emission-line galaxies, with counterparts. A failed lookup never makes a galaxy new."""
    return (
        _candidates(run)
        .filter(kind=Candidate.Kind.GALAXY)
        .annotate(services_matched=_answered("matched"), services_without=_answered("no-match"))
        .annotate(
            new_galaxy=Case(
                When(services_matched__gt=0, then=Value(False)),
                When(services_without=len(SERVICES), then=Value(True)),
                default=None,
            ),
            simbad_id=_nearest("simbad", "identifier"),
            simbad_type=_nearest("simbad", "object_type"),
            simbad_z=_nearest("simbad", "z"),
            sdss_id=_nearest("sdss", "identifier"),
            sdss_type=_nearest("sdss", "object_type"),
            sdss_radius=_nearest("sdss", "petro_radius_arcsec"),
            sdss_z=_nearest("sdss", "z"),
            sdss_z_err=_nearest("sdss", "z_err"),
            ned_id=_nearest("ned", "identifier"),
            ned_type=_nearest("ned", "object_type"),
            ned_z=_nearest("ned", "z"),
            ned_z_err=_nearest("ned", "z_err"),
        )
    )


def _nebulae(run: Run | None) -> QuerySet[Candidate]:
    """All nebula candidates; Table 2 is those with new_found set, the rest stays unclear."""
    return (
        _candidates(run)
        .filter(kind=Candidate.Kind.NEBULA)
        .annotate(
            wise_name=Coalesce("region__name", Value("-")),
            wise_catalog=Coalesce("region__catalog", Value("-")),
            glon=Coalesce("region__glon", F("spectrum__glon")),
            glat=Coalesce("region__glat", F("spectrum__glat")),
        )
    )


def _spectra(run: Run | None) -> QuerySet[Spectrum]:
    return Spectrum.objects.select_related("release")


GALAXIES = Table(
    "galaxies", "Emission-line galaxies", c.GALAXY_COLUMNS,
    ("file_LAMOST", "ra", "dec", "z_our", "class_our", "newG", "simbad_id", "SDSS_id", "NED_name"),
    f.GalaxyFilterSet, _galaxies, "z_our",
)  # fmt: skip
NEBULAE = Table(
    "nebulae", "Galactic H II regions and nebulae", c.NEBULA_COLUMNS,
    tuple(column.name for column in c.NEBULA_COLUMNS),
    f.NebulaFilterSet, _nebulae, "-WISE_Name",
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
    table.name: table for table in (GALAXIES, NEBULAE, CANDIDATES, VOTES, INSPECTED, SPECTRA, REFUSALS)
}

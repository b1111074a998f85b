"""The portal's own numbers, by the keys of ``paper``: queries on one run, or on one release within it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, F, FloatField, Max, Min, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Abs, Coalesce

from catalog.columns import GALAXY_COLUMNS, NEBULA_COLUMNS
from catalog.models import (
    Candidate,
    CounterpartLookup,
    HIIRegion,
    Release,
    Run,
    Spectrum,
    SpectrumBlock,
)
from catalog.runs import usable_ids
from catalog.tables import SERVICES
from retrieval.grid import make_grid
from retrieval.lines import CL_LINES
from retrieval.match import match_regions
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from retrieval.redshift import MINIMUM_LINES

from .paper import BPT_CLASSES, Value

SLOW_KMS = 150.0  # the velocity that most nebulae in H II regions stay below
FREQUENT = 3  # object types that are named
KNOWN = HIIRegion.Catalog.KNOWN
PASSING = Q(nebula_state=Candidate.NebulaState.HII)
INSIDE = Q(new_found=False)

NOT_ASKED = "No service has answered about these sources yet."
NOT_MEASURED = "None of these has been measured."
NOT_INSPECTED = "Nobody has decided on a candidate yet: what follows is counted before inspection."
BENCHMARK = "Counted on spectra of its own: python -m benchmarks.validity."


class Percentiles(Aggregate):
    """The 5th, 50th and 95th percentile of the values that are not empty."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(ARRAY[0.05, 0.5, 0.95]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


@dataclass(frozen=True)
class Ours:
    """A number of the portal; ``note`` says why there is none, or what it is counted over."""

    value: Value
    note: str = ""


class Counted:
    """What is counted: the candidates of a run that stand and, after inspection, those that were kept.

    ``release`` narrows queries and candidates to one survey release; templates stay the run's.
    """

    def __init__(self, *, run: Run, release: Release | None = None) -> None:
        self.run = run
        self.release = release

    def _of_release(self, path: str) -> Q:
        return Q(**{path: self.release}) if self.release else Q()

    @cached_property
    def confirmed(self) -> QuerySet[Candidate]:
        """Every candidate that was not withdrawn."""
        candidates = Candidate.objects.filter(run=self.run, withdrawn_at__isnull=True)
        return candidates.filter(self._of_release("spectrum__release")).order_by()

    @cached_property
    def inspected(self) -> bool:
        decided = (Candidate.InspectionState.KEPT, Candidate.InspectionState.REJECTED)
        return self.confirmed.filter(inspection_state__in=decided).exists()

    @property
    def kept(self) -> QuerySet[Candidate]:
        """Those kept by inspection; all of them before anybody has decided on one."""
        kept = Q(inspection_state=Candidate.InspectionState.KEPT) if self.inspected else Q()
        return self.confirmed.filter(kept)

    @property
    def nebulae(self) -> QuerySet[Candidate]:
        return self.kept.filter(kind=Candidate.Kind.NEBULA)

    @property
    def galaxies(self) -> QuerySet[Candidate]:
        return self.kept.filter(kind=Candidate.Kind.GALAXY)

    @property
    def line_redshifts(self) -> int:
        return self.run.line_redshifts.filter(self._of_release("spectrum__release")).count()

    @property
    def queries(self) -> int:
        if self.release is None:
            return self.run.n_queries
        searched = usable_ids(self.run.blocks.filter(part=SpectrumBlock.Part.QUERIES))
        held = np.fromiter(self.release.spectra.values_list("pk", flat=True).iterator(), dtype=np.int64)
        return int(np.isin(searched, held).sum())

    def spectra(self, part: SpectrumBlock.Part) -> QuerySet[Spectrum]:
        """The spectra of a part that could be prepared."""
        ids = usable_ids(self.run.blocks.filter(part=part)).tolist()
        return Spectrum.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [ids])).order_by()


def our_numbers(*, counted: Counted) -> dict[str, Ours]:
    """Every number of ``paper.GROUPS`` as this portal has it."""
    others = {
        key: ours
        for part in (_method, _tables, _figures, _validity, _wise)
        for key, ours in part(counted).items()
    }
    return flow_numbers(counted=counted) | others


def flow_numbers(*, counted: Counted) -> dict[str, Ours]:
    """What is left after each step of the retrieval, from the queries to the new galaxies."""
    parts = (_data, _candidates, _nebulae, _galaxies, _counterparts)
    return {key: ours for part in parts for key, ours in part(counted).items()}


def _data(counted: Counted) -> dict[str, Ours]:
    return {"queries": Ours(counted.queries), "templates": Ours(counted.run.n_templates)}


def _method(counted: Counted) -> dict[str, Ours]:
    run, grid = counted.run, make_grid(2)
    done = {Configuration(book.step, book.segments, book.centers) for book in run.codebooks.all()}
    missing = [str(configuration) for configuration in PAPER_CONFIGURATIONS if configuration not in done]
    others = sorted(str(configuration) for configuration in done - set(PAPER_CONFIGURATIONS))
    notes = [f"Not run: {', '.join(missing)}."] if missing else []
    notes += [f"Besides: {', '.join(others)}."] if others else []
    return {
        "range": Ours(f"{grid[0]:g} to {2 * grid[-1] - grid[-2]:g}"),
        "samples_2": Ours(grid.size),
        "samples_1": Ours(make_grid(1).size),
        "normalization": Ours(run.get_normalization_display()),
        "quantile": Ours(run.detection.get("quantile")),
        "voting": Ours(len(CL_LINES)),
        "needed": Ours(MINIMUM_LINES),
        "tolerance": Ours(run.z_tolerance),
        "metric": Ours(run.get_metric_display()),
        "configurations": Ours(len(PAPER_CONFIGURATIONS) - len(missing), " ".join(notes)),
        "velocity": Ours(run.velocity_limit_kms),
    }


def _candidates(counted: Counted) -> dict[str, Ours]:
    kept = Ours(counted.kept.count()) if counted.inspected else Ours(None, NOT_INSPECTED)
    return {
        "line_redshifts": Ours(counted.line_redshifts),
        "confirmed": Ours(counted.confirmed.count()),
        "confirmed_sources": Ours(_sources(counted.confirmed)),
        "kept": kept,
        "nebulae": Ours(counted.nebulae.count()),
        "galaxies": Ours(counted.galaxies.count()),
    }


def _nebulae(counted: Counted) -> dict[str, Ours]:
    known, passing = Q(region__catalog=KNOWN), PASSING

    def spectra(of: Q) -> Count:
        return Count("pk", filter=of)

    def regions(of: Q) -> Count:
        return Count("region", distinct=True, filter=of)

    counts = counted.nebulae.aggregate(
        measured=spectra(Q(measured_at__isnull=False)),
        inside=spectra(INSIDE),
        regions=regions(INSIDE),
        known_regions=regions(INSIDE & known),
        known_inside=spectra(INSIDE & known),
        new_regions=regions(INSIDE & ~known),
        new_inside=spectra(INSIDE & ~known),
        proven_regions=regions(INSIDE & ~known & passing),
        proven_inside=spectra(INSIDE & ~known & passing),
        slow=spectra(INSIDE & Q(velocity_kms__range=(-SLOW_KMS, SLOW_KMS))),
        passing=spectra(passing),
        passing_inside=spectra(INSIDE & passing),
        passing_outside=spectra(Q(new_found=True)),
        table_2=spectra(Q(new_found__isnull=False)),
        unclear=spectra(Q(new_found__isnull=True)),
    )
    measured, inside = counts.pop("measured"), counts["inside"]
    counts["slow"] = f"{counts['slow']} of {inside}"
    return _filled(counts, bool(measured), NOT_MEASURED)


def _galaxies(counted: Counted) -> dict[str, Ours]:
    galaxies = counted.galaxies.filter(measured_at__isnull=False)
    found = dict(galaxies.values_list("bpt_class").annotate(n=Count("pk")))
    counts = {
        f"bpt_{place}_{name}": found.get(name, 0) for place in ("text", "caption") for name in BPT_CLASSES
    }
    counts["unclassified"] = found.get(Candidate.BptClass.UNCLASSIFIED, 0)
    return _filled(counts, bool(found), NOT_MEASURED)


def _counterparts(counted: Counted) -> dict[str, Ours]:
    """Spectra and sources of every group; a spectrum without a position is a source of its own."""
    matched = CounterpartLookup.Outcome.MATCHED
    simbad, sdss, ned = (Q((f"{service}_outcome", matched)) for service in SERVICES)
    groups = {
        "cds": simbad,
        "sdss": sdss,
        "either": simbad | sdss,
        "ned": ned & ~(simbad | sdss),
        "none": Q(new_galaxy=True),
        "known": Q(new_galaxy=False),
        "undecided": Q(new_galaxy=None),
    }
    source = Coalesce("spectrum__source", -F("pk"))
    counts = counted.galaxies.aggregate(
        **{key: Count("pk", filter=group) for key, group in groups.items()},
        **{
            f"{key}_sources": Count(source, filter=groups[key], distinct=True)
            for key in ("either", "ned", "none", "known", "undecided")
        },
        galaxy_sources=Count(source, distinct=True),
    )
    galaxy_sources = Ours(counts.pop("galaxy_sources"))
    asked = counts["known"] + counts["none"] > 0
    return _filled(counts, asked, NOT_ASKED) | {"galaxy_sources": galaxy_sources}


def _tables(counted: Counted) -> dict[str, Ours]:
    return {
        "table_2_columns": Ours(len(NEBULA_COLUMNS)),
        "table_3": Ours(counted.galaxies.count()),
        "table_3_columns": Ours(len(GALAXY_COLUMNS)),
    }


def _figures(counted: Counted) -> dict[str, Ours]:
    templates = counted.spectra(SpectrumBlock.Part.TEMPLATES)
    numbers = {
        "worked_example": Ours(
            None, "Ranked so by every form of the engine: tests/retrieval/test_validity.py."
        ),
        "snr_r": _spread(counted.kept, "spectrum__snr_r", 1),
        "mag_g": _spread(counted.kept, "spectrum__mag_g", 2),
        "z_galaxies": _spread(counted.galaxies, "z_cl", 4),
        "z_templates": _spread(templates, "z", 4),
        "velocities": _spread(counted.nebulae, "velocity_kms", 0),
        "object_types": _frequent(counted.kept, "spectrum__object_type"),
    }
    for service in SERVICES:
        numbers[f"z_{service}"] = _difference(counted.galaxies, f"{service}_nearest__z")
        numbers[f"types_{service}"] = _frequent(
            counted.galaxies, f"{service}_nearest__object_type", NOT_ASKED
        )
    return numbers


def _validity(counted: Counted) -> dict[str, Ours]:
    return {f"validity_{centers}": Ours(None, BENCHMARK) for centers in (2, 3, 4)}


def _wise(counted: Counted) -> dict[str, Ours]:
    version = counted.run.region_version
    regions = HIIRegion.objects.filter(version=version).order_by("pk")
    counts = regions.aggregate(
        wise_regions=Count("pk"),
        **{f"wise_{code}": Count("pk", filter=Q(catalog=code)) for code in HIIRegion.Catalog.values},
    )
    if not counts["wise_regions"]:
        return _filled(
            dict.fromkeys((*counts, "wise_radii", "wise_nested")), False, "The run has no regions."
        )
    lon, lat, radius = (
        np.array(column) for column in zip(*regions.values_list("glon", "glat", "radius_arcsec"), strict=True)
    )
    inner, outer, _ = match_regions(lon, lat, lon, lat, radius)
    counts["wise_nested"] = int(np.unique(inner[inner != outer]).size)
    radii = regions.aggregate(low=Min("radius_arcsec"), high=Max("radius_arcsec"))
    counts["wise_radii"] = f"{radii['low']:g} to {radii['high']:g}"
    return {key: Ours(value, f"Version {version}.") for key, value in counts.items()}


def _filled(counts: dict[str, Any], known: bool, why: str) -> dict[str, Ours]:
    """The counts, or no number and the reason where they would all mean nothing."""
    return {key: Ours(value) if known else Ours(None, why) for key, value in counts.items()}


def _sources(rows: QuerySet[Candidate]) -> int:
    """Unique sources; a spectrum without a position is one of its own."""
    held = rows.aggregate(
        sources=Count("spectrum__source", distinct=True),
        without=Count("pk", filter=Q(spectrum__source__isnull=True)),
    )
    return int(held["sources"] + held["without"])


def _percentiles(rows: QuerySet[Any], value: Any) -> list[float] | None:
    """The 5th, 50th and 95th percentile; None where there is no value."""
    found: list[float] | None = rows.aggregate(at=Percentiles(value))["at"]
    return found


def _spread(rows: QuerySet[Any], field: str, decimals: int) -> Ours:
    found = _percentiles(rows, F(field))
    if found is None:
        return Ours(None, "No values are held.")
    low, middle, high = (f"{number:.{decimals}f}" for number in found)
    return Ours(f"{middle} ({low} to {high})")


def _frequent(rows: QuerySet[Any], field: str, why: str = "No values are held.") -> Ours:
    named = rows.exclude(**{f"{field}__isnull": True}).exclude(**{field: ""})
    types = named.values_list(field).annotate(n=Count("pk")).order_by("-n", field)[:FREQUENT]
    text = ", ".join(f"{name} {n}" for name, n in types)
    return Ours(text or None, "" if text else why)


def _difference(galaxies: QuerySet[Candidate], field: str) -> Ours:
    rows = galaxies.filter(**{f"{field}__isnull": False})
    found = _percentiles(rows, Abs(F("z_cl") - F(field)))
    return Ours(None, NOT_ASKED) if found is None else Ours(f"{rows.count()}; {found[1]:.5f}")

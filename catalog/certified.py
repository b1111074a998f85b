"""H II regions as a run finds them: who lies inside, which are newly certified, and how Table 2 prints them.

A region is newly certified where it is not known (its code is not K) and is the best region of at least one
nebula candidate; it is confirmed where the diagnostic says H II-like of one of them. Newly certified regions
are numbered by code (G, C, Q: the more certain first), then by WISE name, which gives the two numbers that
Lu et al. 2022 print.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.db.models.lookups import IsNull

from .models import Candidate, HIIRegion, RegionMatch, Run
from .regions import version_matched

KNOWN = HIIRegion.Catalog.KNOWN
CODE_RANK: dict[str, int] = {
    HIIRegion.Catalog.GROUP: 1,
    HIIRegion.Catalog.CANDIDATE: 2,
    HIIRegion.Catalog.RADIO_QUIET: 3,
}


def of_run(run: Run) -> QuerySet[Candidate]:
    """The nebula candidates of a run."""
    return Candidate.objects.filter(run=run, kind=Candidate.Kind.NEBULA)


def with_regions(rows: QuerySet[Candidate], *, among: QuerySet[Candidate]) -> QuerySet[Any]:
    """Nebula candidates with what Table 2 says of their regions.

    Adds ``wise_name`` ("G173.468+03.230 [1]*" where newly certified and confirmed, "-" outside),
    ``region_number``, ``region_confirmed``, ``wise_catalog``, and ``glon`` and ``glat`` of the region, or of
    the spectrum where it lies outside. ``among`` are the nebula candidates that certify: those of a run, or
    of a catalogue.
    """
    return (
        rows.annotate(**_certified(_held(among), region="region"))
        .annotate(
            wise_name=Case(
                When(
                    region_number__isnull=False,
                    then=Concat(
                        F("region__name"), Value(" ["), Cast("region_number", CharField()), Value("]"),
                        Case(When(region_confirmed=True, then=Value("*")), default=Value("")),
                        output_field=CharField(),
                    ),
                ),
                default=Coalesce("region__name", Value("-")),
                output_field=CharField(),
            ),
            wise_catalog=Coalesce("region__catalog", Value("-")),
            glon=Coalesce("region__glon", F("spectrum__glon")),
            glat=Coalesce("region__glat", F("spectrum__glat")),
        )
    )  # fmt: skip


def regions(run: Run | None) -> QuerySet[Any]:
    """Regions of every version, with what a run holds in each; none without a run.

    Adds ``n_spectra`` (nebula candidates whose best region it is), ``n_inside`` (all within its radius),
    ``n_confirmed`` (of the former, H II-like), ``status`` ("known", "newly certified" or, without spectra,
    empty), ``region_number``, ``region_confirmed``, and ``of_run`` where the run matched with its version.
    """
    rows = HIIRegion.objects.all() if run else HIIRegion.objects.none()
    held = _held(of_run(run)) if run else []
    version = version_matched(run) if run else ""
    return (
        rows.annotate(
            n_spectra=Coalesce(_looked_up({one.pk: one.n for one in held}, "pk"), Value(0)),
            n_inside=Coalesce(_looked_up(_inside(run, version) if run else {}, "pk"), Value(0)),
            n_confirmed=Coalesce(_looked_up({one.pk: one.hii for one in held}, "pk"), Value(0)),
            of_run=Case(When(version=version, then=True), default=False),
        )
        .annotate(
            status=Case(
                When(n_spectra=0, then=Value("")),
                When(catalog=KNOWN, then=Value("known")),
                default=Value("newly certified"),
            )
        )
        .annotate(**_certified(held, region="pk"))
    )


@dataclass(frozen=True)
class _Held:
    """A region that is the best of ``n`` nebula candidates, ``hii`` of them H II-like."""

    pk: int
    catalog: str
    name: str
    n: int
    hii: int


def _held(among: QuerySet[Candidate]) -> list[_Held]:
    """The regions that hold nebula candidates, some hundred at most.

    Counted once, by region: rows then look themselves up, where counting anew for each would take all rows
    squared.
    """
    found = among.filter(region__isnull=False).order_by()
    counted = found.values_list("region", "region__catalog", "region__name").annotate(
        n=Count("pk"), hii=Count("pk", filter=Q(nebula_state=Candidate.NebulaState.HII))
    )
    return [_Held(*row) for row in counted]


def _inside(run: Run, version: str) -> dict[int, int]:
    """Nebula candidates of a run within the radius of each region of its version that has any."""
    matches = RegionMatch.objects.filter(
        version=version,
        spectrum__candidates__run=run,
        spectrum__candidates__kind=Candidate.Kind.NEBULA,
    )
    return dict(matches.order_by().values_list("region").annotate(n=Count("pk")))


def _certified(held: list[_Held], *, region: str) -> dict[str, Any]:
    """Number and confirmation of a newly certified region; empty for any other.

    ``region`` leads from a row to the region's id.
    """
    certified = [one for one in held if one.catalog != KNOWN]
    certified.sort(key=lambda one: (CODE_RANK.get(one.catalog, 0), one.name.encode(), one.pk))
    return {
        "region_number": _looked_up({one.pk: place for place, one in enumerate(certified, 1)}, region),
        "region_confirmed": Case(
            When(
                region_number__isnull=False,
                then=IsNull(_looked_up({one.pk: one.hii for one in certified if one.hii}, region), False),
            ),
            output_field=BooleanField(),
        ),
    }


class _LookUp(Func):
    """The number that an id leads to in a JSON object; NULL where it leads to none."""

    template = "(%(expressions)s)::int"
    arg_joiner = "::jsonb ->> "
    output_field = IntegerField()


def _looked_up(numbers: Mapping[int, int], region: str) -> Func:
    return _LookUp(Value(json.dumps(numbers)), Cast(F(region), TextField()))

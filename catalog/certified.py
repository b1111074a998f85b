"""H II regions as a run finds them: who lies inside, which are newly certified, and how Table 2 prints them.

A region is newly certified where it is not known (its code is not K) and is the best region of at least one
nebula candidate; it is confirmed where the diagnostic says H II-like of one of them. Newly certified regions
are numbered by code (G, C, Q: the more certain first), then by WISE name, which gives the two numbers that
Lu et al. 2022 print.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat
from django.db.models.lookups import IsNull

from .models import Candidate, HIIRegion, RegionMatch, Run
from .regions import version_matched

KNOWN = HIIRegion.Catalog.KNOWN
CODE_RANK = {HIIRegion.Catalog.GROUP: 1, HIIRegion.Catalog.CANDIDATE: 2, HIIRegion.Catalog.RADIO_QUIET: 3}


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
        rows.annotate(**_certified(among, region="region"))
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
    nebulae = of_run(run) if run else Candidate.objects.none()
    version = version_matched(run) if run else ""
    best = nebulae.filter(region=OuterRef("pk"))
    inside = RegionMatch.objects.filter(
        region=OuterRef("pk"), version=version,
        spectrum__candidates__run=run, spectrum__candidates__kind=Candidate.Kind.NEBULA,
    )  # fmt: skip
    return (
        rows.annotate(
            n_spectra=_counted(best, "region"),
            n_inside=_counted(inside, "region"),
            n_confirmed=_counted(best.filter(nebula_state=Candidate.NebulaState.HII), "region"),
            of_run=Case(When(version=version, then=True), default=False),
        )
        .annotate(
            status=Case(
                When(n_spectra=0, then=Value("")),
                When(catalog=KNOWN, then=Value("known")),
                default=Value("newly certified"),
            )
        )
        .annotate(**_certified(nebulae, region="pk"))
    )


def _certified(among: QuerySet[Candidate], *, region: str) -> dict[str, Any]:
    """Number and confirmation of a newly certified region; empty for any other.

    ``region`` leads from a row to the region's id. Asks at once which regions are certified, some hundred at
    most: rows then look themselves up there, where counting anew for each would take all rows squared.
    """
    hii = Count("pk", filter=Q(nebula_state=Candidate.NebulaState.HII))
    found = (
        among.filter(region__isnull=False)
        .exclude(region__catalog=KNOWN)
        .order_by()
        .values_list("region", "region__catalog", "region__name")
        .annotate(hii=hii)
    )
    numbered = sorted(found, key=lambda row: (CODE_RANK.get(row[1], 0), row[2].encode(), row[0]))
    ids = [pk for pk, *_ in numbered]
    confirmed = [pk for pk, _, _, hii in numbered if hii]
    return {
        "region_number": _place(ids, region),
        "region_confirmed": Case(
            When(region_number__isnull=False, then=IsNull(_place(confirmed, region), False)),
            output_field=BooleanField(),
        ),
    }


def _place(ids: list[int], region: str) -> Func:
    """The place of a row's region among these, from 1; NULL where it is none of them."""
    return Func(
        Value(ids, output_field=ArrayField(BigIntegerField())), F(region),
        function="array_position", output_field=IntegerField(),
    )  # fmt: skip


def _counted(rows: QuerySet[Any], group: str) -> Coalesce:
    counted = rows.order_by().values(group).annotate(n=Count("pk", distinct=True)).values("n")
    return Coalesce(Subquery(counted), Value(0))

"""Rows without idle joins are the same rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Avg, F, FilteredRelation, Q, QuerySet
from django.http import QueryDict

from catalog.lean import lean
from catalog.models import Candidate, GoldStandard, Run, Spectrum
from catalog.tables import TABLES
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    run = f.RunFactory()
    for number in range(6):
        f.CandidateFactory(
            run=run, spectrum__name=f"spec-g{number}", bpt_class="Seyfert", p_seyfert=0.1 * number,
            spectrum__source=None if number % 2 else f.SourceFactory(), z_cl=0.1 * number,
        )  # fmt: skip
        f.CandidateFactory(
            run=run, nebula=True, spectrum__name=f"spec-n{number}", new_found=(None, False)[number % 2],
            region=f.HIIRegionFactory() if number % 2 else None,
        )  # fmt: skip
        f.VoteFactory(candidate__run=run, candidate__spectrum__name=f"spec-v{number}")
        f.RefusalFactory()
    GoldStandard.objects.create(
        candidate=run.candidates.earliest("pk"), verdict="keep", seen_class="galaxy", origin="told"
    )
    return run


def same(rows: QuerySet[Any], *paths: str) -> str:
    """The SQL of the lean rows, once they are shown to be the same."""
    found = lean(rows, *paths)
    ids = sorted(rows.order_by().values_list("pk", flat=True))
    assert found.count() == len(ids)
    assert sorted(row.pk for row in found.order_by()) == ids
    return str(found.values("pk").order_by().query)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_the_same_rows_under_every_filter(run: Run, table: str) -> None:
    """Filters that need a join among them: each is asked for something, alone."""
    one = TABLES[table]
    everything = one.rows(run)
    same(everything)
    same(everything, *(column.path for column in one.columns))
    for name, kind in one.filterset.base_filters.items():
        choice = [str(value) for value, _ in getattr(kind.field, "choices", ()) if value][:1]
        params = QueryDict(mutable=True)
        params.setlist(name, choice or ["150 2" if name == "position" else "1"])
        params[f"{name}_min"] = "0.05"
        filterset = one.filterset(data=params, queryset=everything)
        if filterset.is_valid():
            same(filterset.qs)


def test_galaxies_are_counted_from_their_own_table_alone(run: Run) -> None:
    rows = TABLES["galaxies"].rows(run)
    assert "JOIN" in str(rows.values("pk", "new_galaxy").query)
    assert "JOIN" not in same(rows)
    assert "JOIN" in same(rows.filter(spectrum__name__icontains="g1"))


def test_what_is_asked_afterwards_joins_anew(run: Run) -> None:
    rows = TABLES["galaxies"].rows(run)
    found = lean(rows, "probability")
    assert found.filter(spectrum__name="spec-g1").get().pk == rows.get(spectrum__name="spec-g1").pk
    assert found.order_by().aggregate(mean=Avg("probability"))["mean"] == pytest.approx(0.25)
    named = found.select_related("spectrum").order_by("spectrum__name")
    assert [row.spectrum.name for row in named[:6]] == [f"spec-g{number}" for number in range(6)]


def test_joins_that_change_the_rows_stay(run: Run) -> None:
    """To several, from what may lead nowhere, and on a condition."""
    several = Spectrum.objects.annotate(of=F("candidates__run"))
    second = f.RunFactory()
    f.CandidateFactory(run=second, spectrum=Spectrum.objects.get(name="spec-g1"))
    assert lean(several).count() == several.count() == Spectrum.objects.count() + 1
    inside = Candidate.objects.filter(region__name__gt="")
    assert same(inside).count("JOIN") == 1
    joined = FilteredRelation("spectrum__candidates", condition=Q(spectrum__candidates__run=second))
    beside = Candidate.objects.filter(run=run).annotate(other=joined)
    same(beside.filter(other__isnull=False))
    same(beside.filter(other__isnull=True))

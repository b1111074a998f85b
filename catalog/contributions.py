"""What each configuration of a run adds to the union of all: candidates of its own, and those it shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from .models import Codebook, CodebookBlock, Neighbour, Run, Truth


@dataclass(frozen=True)
class ConfigurationResult:
    """A configuration of a run, and the candidates that it confirms.

    `adds` counts those that no configuration before it confirms, `only` those that no other does, `union` all
    of it and of those before it. `right` counts candidates at their true redshift, `right_union` those of the
    union so far. `gain` is the largest share of its inertia that a segment's training saved from the last but
    one to the last pass over its points.
    """

    codebook: Codebook
    confirms: int
    adds: int
    only: int
    union: int
    right: int
    right_union: int
    gain: float

    @property
    def shared(self) -> int:
        """Candidates that another configuration confirms, too."""
        return self.confirms - self.only

    @property
    def percent_gained(self) -> float:
        return 100 * self.gain

    @property
    def megabytes(self) -> float:
        return self.codebook.n_bytes / 1e6


@dataclass(frozen=True)
class _Group:
    """Candidates that the same configurations confirm; `right` of them are at their true redshift."""

    configurations: frozenset[int]
    count: int
    right: int


def configuration_results(run: Run) -> list[ConfigurationResult]:
    """What each configuration of a run gives, in the run's order: three queries."""
    groups = _groups(run)
    gains: defaultdict[int, float] = defaultdict(float)
    blocks = CodebookBlock.objects.filter(codebook__run=run).order_by()
    for number, of_block in blocks.values_list("codebook__number", "gains"):
        gains[number] = max([gains[number], *of_block])
    results = []
    before: set[int] = set()
    for codebook in run.codebooks.all():
        number = codebook.number
        its = [group for group in groups if number in group.configurations]
        so_far = [group for group in groups if not group.configurations.isdisjoint(before | {number})]
        results.append(
            ConfigurationResult(
                codebook,
                confirms=_count(its),
                adds=_count([group for group in its if group.configurations.isdisjoint(before)]),
                only=_count([group for group in its if group.configurations == {number}]),
                union=_count(so_far),
                right=sum(group.right for group in its),
                right_union=sum(group.right for group in so_far),
                gain=gains[number],
            )
        )
        before.add(number)
    return results


def _count(groups: Sequence[_Group]) -> int:
    return sum(group.count for group in groups)


def _groups(run: Run) -> list[_Group]:
    """The candidates by the configurations that confirm them, counted in the database.

    The same configurations may come in several groups, by the order in which the database met them: to sort
    them for each candidate would take longer than all the rest.
    """
    query = """
        SELECT by, count(*), count(*) FILTER (WHERE abs(l.z - t.z) <= %(tolerance)s AND t.line_fluxes <> '{}')
        FROM (
            SELECT n.spectrum_id, array_agg(b.number) AS by
            FROM catalog_neighbour n JOIN catalog_codebook b ON b.id = n.codebook_id
            WHERE b.run_id = %(run)s AND n.agrees GROUP BY n.spectrum_id
        ) AS confirmed
        LEFT JOIN (
            catalog_truth t
            JOIN catalog_lineredshift l ON l.spectrum_id = t.spectrum_id AND l.run_id = %(run)s
        ) ON t.spectrum_id = confirmed.spectrum_id
        GROUP BY by
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"run": run.pk, "tolerance": run.z_tolerance})
        return [_Group(frozenset(by), count, right) for by, count, right in cursor.fetchall()]


def lines_to_find(run: Run) -> int:
    """Simulated spectra with emission lines that the run searched: what completeness is a share of."""
    searched = Neighbour.objects.filter(codebook__run=run, codebook__number=0, rank=1).values("spectrum")
    return Truth.objects.filter(spectrum__in=searched).exclude(line_fluxes={}).count()

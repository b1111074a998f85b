"""How the nearest templates of two runs agree, over the spectra that are candidates of either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from .models import Run

SAME = """
    SELECT a.step || ':' || a.segments || ':' || a.centers, count(*),
           count(*) FILTER (WHERE x.template_id = y.template_id)
    FROM catalog_codebook a JOIN catalog_codebook b USING (step, segments, centers)
    JOIN catalog_neighbour x ON x.codebook_id = a.id AND x.rank = 1
    JOIN catalog_neighbour y ON y.codebook_id = b.id AND y.rank = 1 AND y.spectrum_id = x.spectrum_id
    WHERE a.run_id = %(before)s AND b.run_id = %(after)s
        AND x.spectrum_id IN (
            SELECT spectrum_id FROM catalog_candidate WHERE run_id IN (%(before)s, %(after)s)
        )
    GROUP BY a.number, 1 ORDER BY a.number
"""
PLACES = """
    WITH named AS (
        SELECT b.run_id, n.spectrum_id, n.template_id, count(*) AS votes, min(b.number) AS earliest
        FROM catalog_neighbour n JOIN catalog_codebook b ON b.id = n.codebook_id
        WHERE b.run_id IN (%(before)s, %(after)s) AND n.rank = 1
            AND n.spectrum_id IN (
                SELECT spectrum_id FROM catalog_candidate WHERE run_id IN (%(before)s, %(after)s)
            )
        GROUP BY 1, 2, 3
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY run_id, spectrum_id ORDER BY votes DESC, earliest) AS place
        FROM named
    ), beside AS (
        SELECT *, max(template_id) FILTER (WHERE run_id = %(before)s AND place = 1)
            OVER (PARTITION BY spectrum_id) AS first
        FROM ranked
    )
    SELECT place, count(*) FROM (
        SELECT min(place) FILTER (WHERE run_id = %(after)s AND template_id = first) AS place
        FROM beside WHERE first IS NOT NULL GROUP BY spectrum_id HAVING bool_or(run_id = %(after)s)
    ) AS spectrum
    GROUP BY 1 ORDER BY 1 NULLS LAST
"""


@dataclass(frozen=True)
class SharedConfiguration:
    """A configuration that both runs have: of `count` spectra searched in both, `same` have one template."""

    label: str
    count: int
    same: int

    @property
    def percent(self) -> float:
        return 100 * self.same / self.count if self.count else 0.0


@dataclass(frozen=True)
class RankShift:
    """`count` spectra whose first template in one run stands at `rank` in the other; None: in none."""

    rank: int | None
    count: int


def shared_configurations(before: Run, after: Run) -> list[SharedConfiguration]:
    """How often each configuration that both runs have finds the same nearest template."""
    return [SharedConfiguration(*row) for row in _rows(SAME, before, after)]


def rank_shifts(before: Run, after: Run) -> list[RankShift]:
    """Where the template that most configurations of ``before`` name stands among those that ``after`` names.

    A run ranks the templates of a spectrum by how many of its configurations have them nearest; of equals,
    that of the earlier configuration stands first. Distances of different configurations do not compare.
    """
    return [RankShift(*row) for row in _rows(PLACES, before, after)]


def _rows(query: str, before: Run, after: Run) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"before": before.pk, "after": after.pk})
        return list(cursor.fetchall())

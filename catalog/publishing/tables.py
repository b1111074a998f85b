"""The tables of a published catalogue: from which rows each is taken, and where its copy is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet

from catalog import certified
from catalog import tables as living
from catalog.columns import NEBULA_COLUMNS
from catalog.columns.column import Column
from catalog.columns.published import (
    INSPECTED_CANDIDATE_COLUMNS,
    PUBLISHED_CANDIDATE_COLUMNS,
    PUBLISHED_GALAXY_COLUMNS,
    PUBLISHED_NEBULA_COLUMNS,
)
from catalog.inspection.rows import with_results
from catalog.models import (
    Candidate,
    Catalogue,
    PublishedCandidate,
    PublishedGalaxy,
    PublishedNebula,
    PublishedRow,
    Run,
)

ORDER = ("file_lamost", "release", "pk")


@dataclass(frozen=True)
class PublishedTable:
    """One table of a catalogue. ``table`` has the columns of the copy, ``sources`` those it is copied from.

    ``taken`` gives the living rows; None for a table that selects from another's copy by ``part``.
    """

    table: living.Table
    model: type[PublishedRow]
    sources: tuple[Column, ...] = ()
    taken: Callable[[Run, bool], QuerySet[Candidate]] | None = None
    part: Q | None = None

    def rows(self, catalogue: Catalogue) -> QuerySet[Any]:
        """The frozen rows, in the order in which they are published."""
        rows = self.model._default_manager.filter(catalogue_id=catalogue.number).order_by(*ORDER)
        if self.part is None:
            return rows
        state = {"inspection": Candidate.InspectionState.KEPT} if catalogue.inspected else {}
        return rows.filter(self.part, **state)


def kept(run: Run, inspected: bool) -> Q:
    """Candidates that go into Tables 2 and 3: kept by inspection, or all where nobody inspected."""
    state = Q(inspection_state=Candidate.InspectionState.KEPT) if inspected else Q()
    return state & Q(withdrawn_at__isnull=True)


def _galaxies(run: Run, inspected: bool) -> QuerySet[Candidate]:
    return living.GALAXIES.rows(run).filter(kept(run, inspected))


def _nebulae(run: Run, inspected: bool) -> QuerySet[Candidate]:
    """Table 2; only what is published certifies and numbers regions."""
    among = certified.of_run(run).filter(kept(run, inspected))
    inside_or_new = living.CANDIDATES.rows(run).filter(pk__in=among.values("pk"), new_found__isnull=False)
    return certified.with_regions(inside_or_new, among=among)


def _candidates(run: Run, inspected: bool) -> QuerySet[Candidate]:
    return with_results(living.CANDIDATES.rows(run))


GALAXIES = PublishedTable(
    replace(living.GALAXIES, columns=PUBLISHED_GALAXY_COLUMNS),
    PublishedGalaxy,
    living.GALAXIES.columns,
    _galaxies,
)
NEBULAE = PublishedTable(
    replace(living.NEBULAE, columns=PUBLISHED_NEBULA_COLUMNS),
    PublishedNebula,
    NEBULA_COLUMNS,
    _nebulae,
)
CANDIDATES = PublishedTable(
    replace(living.CANDIDATES, columns=PUBLISHED_CANDIDATE_COLUMNS),
    PublishedCandidate,
    INSPECTED_CANDIDATE_COLUMNS,
    _candidates,
)
UNCLEAR = PublishedTable(
    replace(CANDIDATES.table, name="unclear", title="Nebula candidates that stay unclear"),
    PublishedCandidate,
    part=Q(kind=Candidate.Kind.NEBULA, new_found__isnull=True, withdrawn=""),
)

FROZEN: tuple[PublishedTable, ...] = (GALAXIES, NEBULAE, CANDIDATES)
"""Tables that keep rows, in the order in which the checksum goes over them."""

PUBLISHED: tuple[PublishedTable, ...] = (*FROZEN, UNCLEAR)
"""All tables of a catalogue, each with its files."""

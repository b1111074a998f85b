"""Retrieval runs: what a selection holds, and what a run has found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django_filters import RangeFilter
from numpy.typing import NDArray

from .filtersets import SpectrumFilterSet
from .models import Neighbour, Run, Spectrum, SpectrumBlock

Parameters = Mapping[str, str | Sequence[str]]
INT64 = np.dtype("<i8")


def parameter_names() -> set[str]:
    """Names of the parameters that select spectra."""
    names = set()
    for name, field in SpectrumFilterSet.base_filters.items():
        names |= {f"{name}_min", f"{name}_max"} if isinstance(field, RangeFilter) else {name}
    return names


@dataclass(frozen=True)
class Selection:
    """Spectra that a run may use: the filter's spectra that have a file and, as templates, a redshift."""

    part: SpectrumBlock.Part
    parameters: dict[str, list[str]]
    matching: QuerySet[Spectrum]

    @property
    def usable(self) -> QuerySet[Spectrum]:
        lacking = Q(file="")
        if self.part == SpectrumBlock.Part.TEMPLATES:
            lacking |= Q(z__isnull=True)
        return self.matching.exclude(lacking).order_by("pk")

    @cached_property
    def count(self) -> int:
        return self.usable.count()

    @cached_property
    def left_out(self) -> int:
        """Matching spectra without what a run needs."""
        return self.matching.count() - self.count

    def ids(self) -> NDArray[np.int64]:
        """Ids of the usable spectra, ascending: the order of every matrix and every tie."""
        return np.fromiter(self.usable.values_list("pk", flat=True).iterator(), dtype=INT64)


def selection(part: SpectrumBlock.Part, parameters: Parameters) -> Selection:
    """The spectra that the parameters of SpectrumFilterSet select. Raises ValidationError."""
    query = QueryDict(mutable=True)
    for name, value in parameters.items():
        values = [value] if isinstance(value, str) else [str(item) for item in value]
        values = [item for item in values if item != ""]
        if values:
            query.setlist(name, values)
    unknown = sorted(set(query) - parameter_names())
    if unknown:
        raise ValidationError(
            f"The selection of {part.label} has no parameter {', '.join(unknown)}; "
            f"there are {', '.join(sorted(parameter_names()))}."
        )
    filterset = SpectrumFilterSet(data=query, queryset=Spectrum.objects.all())
    if not filterset.is_valid():
        messages = [f"{name}: {' '.join(errors)}" for name, errors in filterset.errors.items()]
        raise ValidationError(f"The selection of {part.label} is not valid. {' '.join(messages)}")
    return Selection(part, {name: query.getlist(name) for name in sorted(query)}, filterset.qs)


def overlap(templates: Selection, queries: Selection) -> int:
    """Spectra in both selections: each would be its own nearest template."""
    both = templates.usable.order_by().values("pk")
    return queries.usable.order_by().filter(pk__in=both).count()


def usable_ids(blocks: QuerySet[SpectrumBlock]) -> NDArray[np.int64]:
    """Ids of the spectra that could be prepared, in the order of their rows."""
    parts = [block_ids(block)[block_usable(block)] for block in blocks.order_by("number")]
    return np.concatenate(parts) if parts else np.empty(0, INT64)


def block_ids(block: SpectrumBlock) -> NDArray[np.int64]:
    """Ids of the block's spectra, (count,)."""
    return np.frombuffer(block.spectrum_ids, dtype=INT64)


def block_usable(block: SpectrumBlock) -> NDArray[np.bool_]:
    """True where the block's spectrum could be prepared, (count,). The block has been prepared."""
    return np.frombuffer(block.usable or b"", dtype=np.uint8).astype(bool)


def neighbours_sha256(run: Run) -> str:
    """Checksum of a run's neighbours: the same for the same spectra, parameters and seed.

    Over lines of configuration, spectrum, rank, template and distance, ordered by configuration, release and
    name of the spectrum, and rank. Names, not row numbers, so that another database gives the same.
    """
    digest = hashlib.sha256()
    for row in _neighbour_lines(run):
        digest.update(row)
    return digest.hexdigest()


def _neighbour_lines(run: Run) -> Iterator[bytes]:
    query = """
        SELECT concat_ws(E'\\t', b.step || ':' || b.segments || ':' || b.centers, sr.slug, s.name, n.rank,
                         tr.slug, t.name, n.distance) || E'\\n'
        FROM catalog_neighbour n
        JOIN catalog_codebook b ON b.id = n.codebook_id
        JOIN catalog_spectrum s ON s.id = n.spectrum_id JOIN catalog_release sr ON sr.id = s.release_id
        JOIN catalog_spectrum t ON t.id = n.template_id JOIN catalog_release tr ON tr.id = t.release_id
        WHERE b.run_id = %s
        ORDER BY b.step, b.segments, b.centers, sr.slug COLLATE "C", s.name COLLATE "C", n.rank
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, [run.pk])
        for (line,) in cursor:
            yield line.encode()


def run_complete(*, run: Run) -> None:
    """Count what a run holds from its rows, and close it."""
    usable = dict.fromkeys(SpectrumBlock.Part.values, 0)
    selected = 0
    for block in run.blocks.all():
        usable[block.part] += int(block_usable(block).sum())
        selected += block.count
    run.n_templates = usable[SpectrumBlock.Part.TEMPLATES]
    run.n_queries = usable[SpectrumBlock.Part.QUERIES]
    run.n_unusable = selected - sum(usable.values())
    run.n_line_redshifts = run.line_redshifts.count()
    run.n_candidates = run.candidates.count()
    run.neighbours_sha256 = neighbours_sha256(run)
    run.completed_at = timezone.now()
    run.save()


def neighbours_count(run: Run) -> int:
    """Rows of nearest templates that a run has so far."""
    return Neighbour.objects.filter(codebook__run=run).count()

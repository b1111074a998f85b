"""Which queries of a run become candidates, and which of them stands for its source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from django.db import transaction
from django.db.models import F

from retrieval.match import confirm
from retrieval.velocity import is_nebular, velocity_kms

from .counterparts.storing import answers_store
from .models import Candidate, LineRedshift, Neighbour, Run, Spectrum


@transaction.atomic
def candidates_confirm(*, run: Run, spectrum_ids: Sequence[int]) -> None:
    """Check the nearest templates of some queries against their line redshifts; make the candidates.

    A query is a candidate where both redshifts agree in at least one configuration (the union of Lu et al.
    2022, section 3). z_RT comes from the agreeing configuration with the smallest difference, the first of
    equals. Replaces what an earlier call made of these queries.
    """
    Candidate.objects.filter(run=run, spectrum__in=spectrum_ids).delete()
    neighbours = Neighbour.objects.filter(codebook__run=run, spectrum__in=spectrum_ids)
    neighbours.filter(agrees=True).update(agrees=False)
    lines = {row.spectrum_id: row for row in LineRedshift.objects.filter(run=run, spectrum__in=spectrum_ids)}
    nearest = list(
        neighbours.filter(rank=1, spectrum__in=lines.keys()).order_by("spectrum_id", "codebook__number")
    )
    agrees = confirm([lines[n.spectrum_id].z for n in nearest], [n.z for n in nearest], run.z_tolerance)
    agreeing: dict[int, list[Neighbour]] = defaultdict(list)
    for neighbour in (n for n, agreed in zip(nearest, agrees, strict=True) if agreed):
        agreeing[neighbour.spectrum_id].append(neighbour)
    neighbours.filter(pk__in=[n.pk for group in agreeing.values() for n in group]).update(agrees=True)
    made = Candidate.objects.bulk_create(
        _candidate(run, lines[spectrum_id], group) for spectrum_id, group in agreeing.items()
    )
    placed = Spectrum.objects.filter(pk__in=[row.spectrum_id for row in made], source__isnull=False)
    answers_store(sources=list(placed.values_list("source_id", flat=True)))


def _candidate(run: Run, line: LineRedshift, agreeing: list[Neighbour]) -> Candidate:
    z_rt = agreeing[int(np.argmin([abs(line.z - neighbour.z) for neighbour in agreeing]))].z
    nebula = bool(is_nebular(line.z, z_rt, run.velocity_limit_kms))
    return Candidate(
        run=run,
        spectrum_id=line.spectrum_id,
        kind=Candidate.Kind.NEBULA if nebula else Candidate.Kind.GALAXY,
        z_cl=line.z,
        z_rt=z_rt,
        velocity_kms=float(velocity_kms(line.z)),
        n_lines=len(line.lines),
        n_configurations=len(agreeing),
    )


def primaries_mark(*, run: Run) -> None:
    """Let one candidate of each unique source stand for it: of highest S/N r, the first of equals.

    A spectrum without a position is a source of its own.
    """
    candidates = Candidate.objects.filter(run=run)
    best = (
        candidates.filter(spectrum__source__isnull=False)
        .order_by("spectrum__source", F("spectrum__snr_r").desc(nulls_last=True), "spectrum_id")
        .distinct("spectrum__source")
        .values_list("pk", flat=True)
    )
    candidates.filter(spectrum__source__isnull=False).exclude(pk__in=list(best)).update(is_primary=False)
    candidates.filter(pk__in=list(best)).update(is_primary=True)

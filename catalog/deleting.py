"""What deleting takes with it, in numbers, and what stands against it, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db.models import Q

from .models import (
    Adjudication,
    Candidate,
    ConsensusRule,
    GoldStandard,
    HIIRegion,
    PublishedCandidate,
    RegionMatch,
    Release,
    Run,
    Snapshot,
    SpectrumBlock,
    Vote,
)
from .runs import INT64


def run_kept_for(*, run: Run) -> list[str]:
    """Why a run cannot be deleted; empty where it can."""
    said = {
        "votes": Vote.objects.filter(candidate__run=run).count(),
        "decisions": Adjudication.objects.filter(candidate__run=run).count(),
        "rules": ConsensusRule.objects.filter(run=run).count(),
        "gold standards": GoldStandard.objects.filter(candidate__run=run).count(),
    }
    reasons = []
    if any(said.values()):
        words = ", ".join(f"{n:,} {what}" for what, n in said.items() if n)
        reasons.append(f"Run {run.pk} was inspected ({words}): what people said is kept.")
    if numbers := list(run.catalogues.order_by("number").values_list("number", flat=True)):
        reasons.append(f"Run {run.pk} is published as catalogue {_listed(numbers)}.")
    return reasons


def release_kept_for(*, release: Release) -> list[str]:
    """Why a survey release cannot be deleted; empty where it can."""
    held = {"spectra": release.spectra.count(), "imports": release.batches.count()}
    if not any(held.values()):
        return []
    words = " and ".join(f"{n:,} {what}" for what, n in held.items() if n)
    return [f"{release} holds {words}: a release can be deleted once it is empty."]


def spectra_kept_for(*, spectra: Sequence[int]) -> list[str]:
    """Why spectra (ids) cannot be deleted: what was found rests on them. Empty where they can."""
    published = PublishedCandidate.objects.filter(spectrum__in=spectra)
    reasons = []
    if numbers := sorted(set(published.values_list("catalogue__number", flat=True))):
        reasons.append(f"Some of them stand in catalogue {_listed(numbers)}, which never changes.")
    if runs := _runs_with(spectra):
        reasons.append(
            f"Some of them were searched or were templates in run {_listed(runs)}: delete that first."
        )
    return reasons


def _runs_with(spectra: Sequence[int]) -> list[int]:
    """Numbers of the runs that selected one of the spectra, ascending."""
    found = set(Candidate.objects.filter(spectrum__in=spectra).order_by().values_list("run", flat=True))
    blocks = SpectrumBlock.objects.exclude(run__in=found).order_by().values_list("run", "spectrum_ids")
    for run, ids in blocks.iterator(chunk_size=8):
        if run not in found and np.isin(spectra, np.frombuffer(ids, dtype=INT64)).any():
            found.add(run)
    return sorted(found)


def regions_kept_for(*, regions: Sequence[int]) -> list[str]:
    """Why H II regions (ids) cannot be deleted; empty where they can."""
    inside = Q(spectrum__in=RegionMatch.objects.filter(region__in=regions).values("spectrum"))
    versions = HIIRegion.objects.filter(pk__in=regions).values("version")
    used = Candidate.objects.filter(Q(region__in=regions) | inside & Q(run__region_version__in=versions))
    runs = sorted(set(used.order_by().values_list("run", flat=True)))
    if not runs:
        return []
    return [f"{used.count():,} candidates of run {_listed(runs)} lie in them."]


def snapshot_kept_for(*, snapshot: Snapshot) -> list[str]:
    """Why a snapshot cannot be deleted; empty where it can."""
    answers = snapshot.lookups.count()
    if not answers:
        return []
    return [f"{snapshot} gave {answers:,} answers that are kept, and they name it: retire it instead."]


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))

"""What a catalogue rests on, gathered when it is published."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min

from catalog.downloads.provenance import confirmed_by_simulated, describe_run
from catalog.inspection.selectors import rule_of, standing
from catalog.models import (
    Adjudication,
    Candidate,
    Codebook,
    CounterpartLookup,
    Inspector,
    Release,
    Run,
    Snapshot,
    Vote,
)


def gathered(*, run: Run, inspected: bool) -> dict[str, Any]:
    """Everything that made the catalogue, ready for JSON."""
    releases = Release.objects.filter(spectra__candidates__run=run).distinct()
    return {
        "code_version": settings.VERSION,
        "run": describe_run(run),
        "codebooks": [_codebook(codebook) for codebook in run.codebooks.all()],
        "releases": [
            {"name": release.name, "survey": release.survey, "simulated": release.simulated}
            for release in releases
        ],
        "simulated_templates": confirmed_by_simulated(run),
        "regions": run.region_version,
        "snapshots": [_snapshot(snapshot) for snapshot in _snapshots(run)],
        "lookups": _lookups(run),
        "inspection": _inspection(run) if inspected else None,
        "candidates": _states(run),
    }


def _codebook(codebook: Codebook) -> dict[str, Any]:
    """Parameters of a codebook and the SHA-256 over its centres, segment by segment."""
    digest = hashlib.sha256()
    blocks = codebook.blocks.order_by("first_segment").values_list("data", flat=True)
    for data in blocks.iterator(chunk_size=1):  # of some 16 MB each
        digest.update(data)
    return {
        "configuration": codebook.label,
        "step": codebook.step,
        "segments": codebook.segments,
        "centers": codebook.centers,
        "seed": codebook.run.seed,
        "sha256": digest.hexdigest(),
    }


def _lookups_of(run: Run) -> Any:
    return CounterpartLookup.objects.filter(source__spectra__candidates__run=run)


def _snapshots(run: Run) -> Any:
    return Snapshot.objects.filter(lookups__source__spectra__candidates__run=run).distinct().order_by("pk")


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "service": snapshot.service,
        "release": snapshot.release,
        "origin": snapshot.origin,
        "dated": snapshot.dated.isoformat(),
        "simulated": snapshot.simulated,
        "objects": snapshot.n_objects,
        "sha256": snapshot.sha256,
    }


def _lookups(run: Run) -> list[dict[str, Any]]:
    """What was asked of whom: one entry per service, release, road, radius and outcome."""
    fields = ("service", "release", "provider", "radius_arcsec", "outcome")
    groups = (
        _lookups_of(run)
        .order_by(*fields)
        .values(*fields)
        .annotate(sources=Count("source", distinct=True), first=Min("asked_at"), last=Max("asked_at"))
    )
    return [
        group | {name: group[name].isoformat(timespec="seconds") for name in ("first", "last")}
        for group in groups
    ]


def _inspection(run: Run) -> dict[str, Any]:
    rule = rule_of(run=run)
    votes = standing(Vote.objects.filter(candidate__run=run))
    return {
        "votes_needed": rule.votes_needed,
        "share_needed": rule.share_needed,
        "blind": rule.blind,
        "votes": votes.count(),
        "adjudications": standing(Adjudication.objects.filter(candidate__run=run)).count(),
        "inspectors": votes.order_by().values("inspector").distinct().count(),
        "simulated_votes": votes.filter(inspector__simulated=True).count(),
        "simulated_inspectors": list(
            Inspector.objects.filter(simulated=True, votes__candidate__run=run)
            .order_by("pk")
            .distinct()
            .values("user__username", "miss_rate", "false_rate")
        ),
    }


def _states(run: Run) -> dict[str, int]:
    held = Candidate.objects.filter(run=run, withdrawn_at__isnull=True)
    states = dict(held.order_by().values_list("inspection_state").annotate(n=Count("pk")))
    withdrawn = Candidate.objects.filter(run=run, withdrawn_at__isnull=False).count()
    return {
        **{state: states.get(state, 0) for state in Candidate.InspectionState.values},
        "withdrawn": withdrawn,
    }

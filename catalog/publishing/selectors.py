"""Reads: what stands in the way of publishing a run, and the rows of a catalogue."""

from __future__ import annotations

from django.db.models import Count, Q

from catalog.inspection.selectors import conflicts, simulated_votes, standing
from catalog.models import Adjudication, Candidate, CounterpartLookup, Run, Service, Vote
from catalog.tables import SERVICES

from .tables import kept


def publishing_obstacles(*, run: Run, uninspected: bool = False) -> list[str]:
    """Why a run cannot be published, each with its number and what to do; empty where it can.

    ``uninspected`` publishes a run that nobody looked at, and is said wherever the catalogue is.
    """
    if run.completed_at is None:
        return [f"Run {run.pk} has not ended: let it end, or resume it, then publish."]
    reasons = [*_inspection(run, uninspected), *_lookups(run, uninspected)]
    if not reasons and not Candidate.objects.filter(kept(run, not uninspected), run=run).exists():
        reasons.append("No candidate was kept: there is nothing to publish.")
    return reasons


def _inspection(run: Run, uninspected: bool) -> list[str]:
    votes = standing(Vote.objects.filter(candidate__run=run)).count()
    votes += standing(Adjudication.objects.filter(candidate__run=run)).count()
    if uninspected:
        told = f"{votes:,} votes and decisions were cast on this run: publish it as inspected."
        return [told] if votes else []
    if not votes:
        return [
            "Nobody has voted on a candidate of this run: have it inspected, or say that it is published "
            "uninspected."
        ]
    reasons = []
    held = Candidate.objects.filter(run=run, withdrawn_at__isnull=True)
    waiting = held.filter(inspection_state=Candidate.InspectionState.WAITING).count()
    if waiting:
        reasons.append(f"{waiting:,} candidates wait for votes: cast them, or withdraw the candidates.")
    if open_conflicts := conflicts(run=run).count():
        reasons.append(f"On {open_conflicts:,} candidates votes disagree: have them adjudicated.")
    if simulated := simulated_votes(run=run, observed_only=True):
        reasons.append(
            f"{simulated:,} votes on observed spectra were cast by simulated inspectors: they can never be "
            "published."
        )
    return reasons


def _lookups(run: Run, uninspected: bool) -> list[str]:
    """Each galaxy that has a position needs an answer of each service, be it that it does not cover it."""
    galaxies = Candidate.objects.filter(
        kept(run, not uninspected), run=run, kind=Candidate.Kind.GALAXY, spectrum__source__isnull=False
    )
    failed = CounterpartLookup.Outcome.FAILED
    counts = galaxies.aggregate(
        **{f"{s}_waiting": Count("pk", filter=Q((f"{s}_outcome__isnull", True))) for s in SERVICES},
        **{f"{s}_failed": Count("pk", filter=Q((f"{s}_outcome", failed))) for s in SERVICES},
    )
    reasons = []
    for service in SERVICES:
        label = Service(service).label
        if waiting := counts[f"{service}_waiting"]:
            reasons.append(f"{waiting:,} galaxies wait for {label}: look them up.")
        if n := counts[f"{service}_failed"]:
            reasons.append(f"For {n:,} galaxies the look-up in {label} failed: look them up again.")
    return reasons

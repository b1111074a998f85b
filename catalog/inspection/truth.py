"""What is true of a candidate, where that is known: a gold standard, or what a simulator put in."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.models import Candidate, SeenClass, Truth, Verdict
from retrieval.simulate.objects import GALAXIES, NEBULAE

SIMULATED_ORIGIN = "what the simulator put into the spectrum"
_STAR = "F star"


@dataclass(frozen=True)
class KnownTruth:
    """The right verdict, class and redshift, and how they are known."""

    verdict: str
    seen_class: str
    z: float | None
    origin: str


def simulated_truth(*, candidate: Candidate, truth: Truth, z_tolerance: float) -> KnownTruth:
    """What is right about a candidate of a simulated spectrum: kept if it is an object with emission lines
    at its redshift from lines, to the run's tolerance."""
    is_emitter = truth.kind in (*GALAXIES, *NEBULAE)
    right = is_emitter and truth.z is not None and abs(candidate.z_cl - truth.z) <= z_tolerance
    return KnownTruth(
        Verdict.KEEP if right else Verdict.REJECT,
        _class(truth.kind),
        truth.z if is_emitter else None,
        SIMULATED_ORIGIN,
    )


def known_truth(*, candidate: Candidate, z_tolerance: float) -> KnownTruth | None:
    """What is known to be true of a candidate; None where nothing is."""
    if gold := getattr(candidate, "gold_standard", None):
        return KnownTruth(gold.verdict, gold.seen_class, gold.z, gold.origin)
    if truth := getattr(candidate.spectrum, "truth", None):
        return simulated_truth(candidate=candidate, truth=truth, z_tolerance=z_tolerance)
    return None


def _class(kind: str) -> str:
    if kind in GALAXIES:
        return SeenClass.GALAXY
    if kind in NEBULAE:
        return SeenClass.NEBULA
    return SeenClass.STAR if kind == _STAR else SeenClass.NOISE

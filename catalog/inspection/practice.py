"""Practice: candidates of known truth, answered without a trace in the catalogue.

Nobody practises on what still wants their vote, so that no truth is told before a vote that counts: of gold
standards only those that one has voted on, of simulated spectra those that are decided or voted on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Abs

from catalog.models import Candidate, Run, Verdict, Vote
from retrieval.simulate.objects import GALAXIES, NEBULAE

from .selectors import DECIDED
from .truth import KnownTruth, known_truth


@dataclass(frozen=True)
class Marked:
    """An answer against the truth. ``class_right`` and ``z_right`` are None where nothing was said of it.

    Keeping is right at the true redshift only; one who keeps with that typed is right where z_CL is wrong.
    """

    truth: KnownTruth
    right: bool
    class_right: bool | None
    z_right: bool | None


def practice_set(*, run: Run, user: User) -> QuerySet[Candidate]:
    """A run's candidates on which a user may practise, each annotated ``should_keep``."""
    voted = Exists(Vote.objects.filter(candidate=OuterRef("pk"), inspector__user=user))
    gold = Q(gold_standard__isnull=False)
    simulated = Q(spectrum__truth__isnull=False) & ~gold
    emitter = Q(spectrum__truth__kind__in=(*GALAXIES, *NEBULAE), apart__lte=run.z_tolerance)
    return (
        Candidate.objects.filter(run=run, withdrawn_at__isnull=True)
        .exclude(spectrum__file="")
        .annotate(voted=voted, apart=Abs(F("z_cl") - F("spectrum__truth__z")))
        .filter((gold & Q(voted=True)) | (simulated & (Q(voted=True) | Q(inspection_state__in=DECIDED))))
        .annotate(
            should_keep=Case(
                When(gold & Q(gold_standard__verdict=Verdict.KEEP), then=Value(True)),
                When(gold, then=Value(False)),
                When(emitter, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            )
        )
    )


def practice_run(*, run: Run | None, user: User) -> Run | None:
    """The run to practise on: the one given if it has any practice, else the newest that has."""
    newest = Run.objects.filter(completed_at__isnull=False).order_by("-completed_at", "-pk")
    for one in ([run] if run else []) + [other for other in newest[:20] if run is None or other.pk != run.pk]:
        if practice_set(run=one, user=user).exists():
            return one
    return None


@dataclass(frozen=True)
class Advice:
    """What would give a user practice in a run: gold standards, simulated spectra to be decided."""

    gold: int
    simulated: int


def practice_advice(*, run: Run, user: User) -> Advice:
    """What a run holds of known truth that the user may not practise on yet."""
    left = Candidate.objects.filter(run=run, withdrawn_at__isnull=True).exclude(spectrum__file="")
    ready = practice_set(run=run, user=user).values("pk")
    left = left.exclude(gold_standard__set_by=user).exclude(pk__in=ready)
    gold = Q(gold_standard__isnull=False)
    counts = left.aggregate(
        gold=Count("pk", filter=gold), simulated=Count("pk", filter=Q(spectrum__truth__isnull=False) & ~gold)
    )
    return Advice(**counts)


def practice_draw(*, run: Run, user: User, n: int, seen: Collection[int] = ()) -> list[int]:
    """Candidates drawn for practice, right and wrong ones by turns as far as there are, none seen already."""
    left = practice_set(run=run, user=user).exclude(pk__in=seen)
    keep, reject = (
        list(left.filter(Q(should_keep=side)).order_by("?").values_list("pk", flat=True)[:n])
        for side in (True, False)
    )
    drawn: list[int] = []
    while (keep or reject) and len(drawn) < n:
        for side in (reject, keep) if len(seen) % 2 else (keep, reject):
            drawn += [side.pop()] if side else []
    return drawn[:n]


def practice_mark(*, candidate: Candidate, verdict: str, seen_class: str, z: float | None) -> Marked:
    """Hold an answer against the truth. "Unsure" is never right: here the truth is known."""
    z_tolerance = candidate.run.z_tolerance
    truth = known_truth(candidate=candidate, z_tolerance=z_tolerance)
    if truth is None:
        raise ValueError(f"The truth of candidate {candidate.pk} is not known.")
    given = candidate.z_cl if z is None else z
    z_right = None
    if verdict == Verdict.KEEP and truth.z is not None:
        z_right = abs(given - truth.z) <= z_tolerance
    return Marked(
        truth,
        truth.verdict == verdict if z_right is None else z_right,
        seen_class == truth.seen_class if seen_class else None,
        z_right,
    )

"""Reads for the page about inspection as a whole: the chain, agreement, what each inspector has done."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from django.db.models import Count, Exists, OuterRef, Q

from catalog.models import Adjudication, Candidate, GoldStandard, Run, Vote

from .agreement import cohen_kappa, fleiss_kappa, wilson_interval
from .selectors import standing

State = Candidate.InspectionState


@dataclass(frozen=True)
class Step:
    """A step of the chain; ``of`` is the step that it is a part of (-1: none), ``paper`` the number that Lu
    et al. 2022 print for LAMOST DR7, or what follows from their numbers."""

    key: str
    label: str
    count: int
    of: int = -1
    paper: str = ""


def chain(*, run: Run) -> list[Step]:
    """A run's candidates on their way through votes and adjudication. Withdrawn ones leave it at once."""
    adjudicated = Q(Exists(standing(Adjudication.objects.filter(candidate=OuterRef("pk")))))
    here = Q(withdrawn_at__isnull=True)
    kept, rejected = here & Q(inspection_state=State.KEPT), here & Q(inspection_state=State.REJECTED)
    conflict, waiting = here & Q(inspection_state=State.CONFLICT), here & Q(inspection_state=State.WAITING)
    conditions = {
        "withdrawn": ~here,
        "waiting": waiting,
        "voted": here & ~Q(inspection_state=State.WAITING),
        "agreed_kept": kept & ~adjudicated,
        "agreed_rejected": rejected & ~adjudicated,
        "adjudicated_kept": kept & adjudicated,
        "adjudicated_rejected": rejected & adjudicated,
        "conflict": conflict,
        "kept": kept,
        "kept_galaxy": kept & Q(kind=Candidate.Kind.GALAXY),
        "kept_nebula": kept & Q(kind=Candidate.Kind.NEBULA),
        "rejected": rejected,
    }
    n = Candidate.objects.filter(run=run).aggregate(
        candidates=Count("pk"), **{key: Count("pk", filter=where) for key, where in conditions.items()}
    )
    return [
        Step("candidates", "Candidates of the run", n["candidates"], paper="16,188"),
        Step("withdrawn", "withdrawn by an operator", n["withdrawn"], 0),
        Step("waiting", "wait for votes", n["waiting"], 0),
        Step("voted", "have the votes that the rule asks", n["voted"], 0),
        Step("agreed_kept", "inspectors agree: keep", n["agreed_kept"], 3),
        Step("agreed_rejected", "inspectors agree: reject", n["agreed_rejected"], 3),
        Step("adjudicated_kept", "a resolver decided: keep", n["adjudicated_kept"], 3),
        Step("adjudicated_rejected", "a resolver decided: reject", n["adjudicated_rejected"], 3),
        Step("conflict", "conflicts that wait for a resolver", n["conflict"], 3),
        Step("rejected", "Rejected", n["rejected"], 0, "5,922 (16,188 − 10,266)"),
        Step("kept", "Kept", n["kept"], 0, "10,266"),
        Step("kept_galaxy", "emission-line galaxies", n["kept_galaxy"], 10, "5,828"),
        Step("kept_nebula", "nebula candidates", n["kept_nebula"], 10, "4,438"),
    ]


@dataclass(frozen=True)
class Progress:
    """What one inspector has done in a run. ``gold_*`` counts their first votes on gold standards."""

    name: str
    simulated: bool
    miss_rate: float | None
    false_rate: float | None
    keep: int
    reject: int
    unsure: int
    seconds: float | None
    gold_right: int
    gold_votes: int

    @property
    def votes(self) -> int:
        return self.keep + self.reject + self.unsure

    @property
    def gold_share(self) -> float | None:
        return self.gold_right / self.gold_votes if self.gold_votes else None

    @property
    def gold_interval(self) -> tuple[float, float]:
        """95% interval of the share that is right."""
        return wilson_interval(self.gold_right, self.gold_votes)


@dataclass(frozen=True)
class Pair:
    """Two inspectors: the candidates on which both voted, and Cohen's kappa (None where undefined)."""

    first: str
    second: str
    candidates: int
    kappa: float | None


@dataclass(frozen=True)
class Overview:
    progress: tuple[Progress, ...]
    pairs: tuple[Pair, ...]
    fleiss: float | None
    fleiss_candidates: int
    simulated: bool


def overview(*, run: Run) -> Overview:
    """Progress and agreement in a run.

    Agreement is that of first votes: where votes are blind these are the only ones cast unseen by others'.
    Votes on withdrawn candidates say nothing.
    """
    rows = (
        Vote.objects.filter(candidate__run=run, candidate__withdrawn_at__isnull=True)
        .order_by("id")
        .values_list(
            "candidate_id", "inspector__user__username", "inspector__simulated", "inspector__miss_rate",
            "inspector__false_rate", "verdict", "seconds", "replaced_at",
        )
    )  # fmt: skip
    truth = dict(GoldStandard.objects.filter(candidate__run=run).values_list("candidate_id", "verdict"))
    who: dict[str, tuple[bool, float | None, float | None]] = {}
    first: dict[str, dict[int, str]] = defaultdict(dict)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    times: dict[str, list[float]] = defaultdict(list)
    for candidate, name, simulated, miss, false, verdict, seconds, replaced in rows:
        who[name] = (simulated, miss, false)
        first[name].setdefault(candidate, verdict)
        if replaced is None:
            counts[name][verdict] += 1
        if seconds is not None:
            times[name].append(seconds)
    progress = []
    for name in sorted(who):
        gold = [verdict == truth[pk] for pk, verdict in first[name].items() if pk in truth]
        n = counts[name]
        progress.append(
            Progress(
                name, *who[name], n["keep"], n["reject"], n["unsure"],
                median(times[name]) if times[name] else None, sum(gold), len(gold),
            )
        )  # fmt: skip
    pairs = []
    for a, b in combinations(sorted(who), 2):
        common = sorted(first[a].keys() & first[b].keys())
        if common:
            kappa = cohen_kappa([(first[a][pk], first[b][pk]) for pk in common])
            pairs.append(Pair(a, b, len(common), _defined(kappa)))
    votes: dict[int, list[str]] = defaultdict(list)
    for verdicts in first.values():
        for pk, verdict in verdicts.items():
            votes[pk].append(verdict)
    several = [verdicts for verdicts in votes.values() if len(verdicts) > 1]
    return Overview(
        tuple(progress), tuple(pairs), _defined(fleiss_kappa(several)), len(several),
        any(simulated for simulated, _, _ in who.values()),
    )  # fmt: skip


def _defined(kappa: float) -> float | None:
    return None if math.isnan(kappa) else kappa

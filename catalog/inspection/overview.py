"""Reads for the page about inspection as a whole: the chain, agreement, what each inspector has done."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.db import connection
from django.db.models import Aggregate, Count, F, FilteredRelation, FloatField, Q, QuerySet
from django.db.models.lookups import IsNull

from catalog.models import Candidate, Run, Verdict, Vote

from .agreement import cohen_kappa, fleiss_kappa, wilson_interval
from .selectors import DECIDED

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
    last_word = FilteredRelation("adjudications", condition=Q(adjudications__replaced_at__isnull=True))
    rows = Candidate.objects.filter(run=run).order_by().annotate(last_word=last_word)
    rows = rows.annotate(here=IsNull(F("withdrawn_at"), True), adjudicated=IsNull(F("last_word__id"), False))
    groups = rows.values_list("here", "inspection_state", "adjudicated", "kind").annotate(n=Count("pk"))
    n: Counter[str] = Counter()
    for here, state, decided, kind, count in groups:
        n["candidates"] += count
        if not here:
            n["withdrawn"] += count
            continue
        n[state] += count
        n["voted"] += count if state != State.WAITING else 0
        if state in DECIDED:
            n[f"{'adjudicated' if decided else 'agreed'}_{state}"] += count
            n[f"{state}_{kind}"] += count
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

    pk: int
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
    rows = Vote.objects.filter(candidate__run=run, candidate__withdrawn_at__isnull=True).order_by()
    progress = _progress(rows)
    patterns = _patterns(run)
    pairs = []
    for a, b in combinations(progress, 2):
        common = Counter[tuple[str, str]]()
        for said, count in patterns:
            if a.pk in said and b.pk in said:
                common[said[a.pk], said[b.pk]] += count
        if common:
            pairs.append(Pair(a.name, b.name, common.total(), _defined(cohen_kappa(common))))
    several = Counter[tuple[str, ...]]()
    for said, count in patterns:
        if len(said) > 1:
            several[tuple(said.values())] += count
    return Overview(
        tuple(progress), tuple(pairs), _defined(fleiss_kappa(several)), several.total(),
        any(one.simulated for one in progress),
    )  # fmt: skip


class _Median(Aggregate):
    """The median of the values there are, interpolated; None without any."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def _progress(votes: QuerySet[Vote]) -> list[Progress]:
    """Each inspector by name: two queries, however many votes there are."""
    gold: dict[int, list[bool]] = defaultdict(list)
    of_gold = votes.filter(candidate__gold_standard__isnull=False)
    first = of_gold.order_by("inspector_id", "candidate_id", "id").distinct("inspector_id", "candidate_id")
    for inspector, verdict, truth in first.values_list(
        "inspector_id", "verdict", "candidate__gold_standard__verdict"
    ):
        gold[inspector].append(verdict == truth)
    people: QuerySet[Any, Any] = votes.values_list(
        "inspector_id", "inspector__user__username", "inspector__simulated", "inspector__miss_rate",
        "inspector__false_rate",
    ).annotate(
        **{v: Count("pk", filter=Q(verdict=v, replaced_at__isnull=True)) for v in Verdict.values},
        median=_Median("seconds"),
    )  # fmt: skip
    found = [Progress(*(*row, sum(gold[row[0]]), len(gold[row[0]]))) for row in people]
    return sorted(found, key=lambda one: one.name)


def _patterns(run: Run) -> list[tuple[dict[int, str], int]]:
    """The first verdicts on a candidate by inspector, and how many candidates got just these.

    Counted in the database: a few dozen patterns stand for any number of votes. It gives all votes, the
    earliest first, since to drop the later ones there takes another sort.
    """
    query = """
        SELECT who, said, count(*) FROM (
            SELECT array_agg(v.inspector_id ORDER BY v.inspector_id, v.id) AS who,
                   array_agg(v.verdict ORDER BY v.inspector_id, v.id) AS said
            FROM catalog_vote v JOIN catalog_candidate c ON c.id = v.candidate_id
            WHERE c.run_id = %s AND c.withdrawn_at IS NULL GROUP BY v.candidate_id
        ) AS pattern GROUP BY who, said
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [run.pk])
        return [(_first(who, said), count) for who, said, count in sorted(cursor.fetchall())]


def _first(who: Sequence[int], said: Sequence[str]) -> dict[int, str]:
    """The first of several votes of each inspector."""
    first: dict[int, str] = {}
    for inspector, verdict in zip(who, said, strict=True):
        first.setdefault(inspector, verdict)
    return first


def _defined(kappa: float) -> float | None:
    return None if math.isnan(kappa) else kappa

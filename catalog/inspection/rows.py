"""The rows of the tables "votes" and "inspected". Under a blind rule both keep votes back until the end."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    Avg,
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import GreaterThan

from catalog.models import Adjudication, Candidate, GoldStandard, Run, Verdict, Vote

from .reasons import DESCRIPTIONS
from .selectors import CLOSED, DECIDED, STATE_SHOWN, VEILED, rule_of, standing

SEPARATOR = "; "
CLOSED_OF_VOTE = Q(candidate__withdrawn_at__isnull=False) | (
    Q(candidate__inspection_state__in=DECIDED)
    & ~Q(candidate__in=GoldStandard.objects.order_by().values("candidate"))
)
"""Votes on candidates that are ``CLOSED``, in words by which the database can tell that these are many."""


def votes(run: Run | None) -> QuerySet[Vote]:
    """Every vote ever cast on a run's candidates, those taken back too; blind ones once they are closed."""
    if run is None:
        return Vote.objects.none()
    rows = Vote.objects.filter(candidate__run=run)
    if rule_of(run=run).blind:
        rows = rows.filter(CLOSED_OF_VOTE)
    words = [
        Case(When(GreaterThan(F("reasons").bitand(int(reason)), 0), then=Value(text)))
        for reason, text in DESCRIPTIONS.items()
    ]
    return rows.select_related("candidate__spectrum__release", "inspector__user").annotate(
        stands=Case(When(replaced_at__isnull=True, then=Value(True)), default=Value(False)),
        reasons_text=Func(Value(SEPARATOR), *words, function="CONCAT_WS", output_field=CharField()),
        cast_at=_iso("created_at"),
        replaced=_iso("replaced_at"),
    )


def inspected(run: Run | None) -> QuerySet[Candidate]:
    """A run's candidates with their votes counted, and what inspection has come to.

    The final class is that on which the votes (or the adjudication) for the final verdict agree, the final
    redshift of a kept candidate the mean of those given for it, or z_CL where nobody gave another. A gold
    standard under a blind rule is a row that waits, and no votes are counted before a candidate is closed.
    """
    if run is None:
        return Candidate.objects.none()
    hidden = ~CLOSED if rule_of(run=run).blind else Q(pk__in=())
    return with_results(
        Candidate.objects.filter(run=run).select_related("spectrum", "spectrum__release", "region", "run")
    ).annotate(
        state_shown=STATE_SHOWN,
        final_class=_unless(VEILED, F("final_class")),
        final_z=_unless(VEILED, F("final_z")),
        adjudicated=_unless(VEILED, F("adjudicated"), Value(False)),
        n_votes=_unless(hidden, F("n_votes")),
        n_keep=_unless(hidden, _votes_of(Verdict.KEEP)),
        n_reject=_unless(hidden, _votes_of(Verdict.REJECT)),
        n_unsure=_unless(hidden, _votes_of(Verdict.UNSURE)),
        n_simulated=_unless(hidden, _number(_standing_votes().filter(inspector__simulated=True))),
        withdrawn=Case(When(withdrawn_at__isnull=True, then=Value(False)), default=Value(True)),
    )


def with_results(candidates: QuerySet[Candidate]) -> QuerySet[Candidate]:
    """Annotate ``n_votes``, ``adjudicated``, ``final_class`` and ``final_z`` (empty unless kept)."""
    kept = Q(inspection_state=Candidate.InspectionState.KEPT)
    decided = kept | Q(inspection_state=Candidate.InspectionState.REJECTED)
    adjudication = standing(Adjudication.objects.filter(candidate=OuterRef("pk")))
    agreeing = _standing_votes().filter(
        verdict=Case(When(Q(candidate__inspection_state="kept"), then=Value("keep")), default=Value("reject"))
    )
    classes = agreeing.exclude(seen_class="").annotate(low=Min("seen_class"), high=Max("seen_class"))
    return candidates.annotate(
        n_votes=_number(_standing_votes()),
        adjudicated=Exists(adjudication),
        final_class=Case(
            When(adjudicated=True, then=NullIf(Subquery(adjudication.values("seen_class")), Value(""))),
            When(decided, then=Subquery(classes.filter(low=F("high")).values("low"))),
            default=None,
            output_field=CharField(),
        ),
        final_z=Case(
            When(kept & Q(adjudicated=True), then=Coalesce(Subquery(adjudication.values("z")), F("z_cl"))),
            When(kept, then=Coalesce(Subquery(agreeing.annotate(mean=Avg("z")).values("mean")), F("z_cl"))),
            default=None,
        ),
    )


def _standing_votes() -> QuerySet[Vote, Any]:
    """Votes that stand on the candidate of the outer query, grouped into one row."""
    return standing(Vote.objects.filter(candidate=OuterRef("pk"))).order_by().values("candidate")


def _votes_of(verdict: str) -> Coalesce:
    return _number(_standing_votes().filter(verdict=verdict))


def _number(votes: QuerySet[Vote, Any]) -> Coalesce:
    return Coalesce(Subquery(votes.annotate(n=Count("pk")).values("n")), Value(0))


def _unless(hidden: Q, value: Any, instead: Any = None) -> Case:
    return Case(When(hidden, then=instead), default=value)


def _iso(field: str) -> Func:
    """A time as text, in ISO 8601, UTC."""
    return Func(
        F(field),
        template="to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
        output_field=CharField(null=True),
    )

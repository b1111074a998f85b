"""Which candidate an inspector gets: lent for a while, so that no two are given one vote to cast."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Candidate, InspectionLease, Inspector, Run, Vote

from .groups import MAY_VOTE
from .selectors import OPEN, Row, rule_of, standing

LENT_FOR = timedelta(minutes=30)
AHEAD_FOR = timedelta(minutes=10)  # the page renews it every two minutes while it is in view
HELD_AT_MOST = 12  # a minute without network at five seconds each


def candidate_lend(*, run: Run, user: User, candidate_id: int | None = None) -> Candidate | None:
    """Lend an inspector a candidate of a complete run that wants their vote; None where there is none.

    ``candidate_id`` asks for that candidate and no other. Raises PermissionDenied.
    """
    return next(iter(candidates_lend(run=run, user=user, first=candidate_id)), None)


@transaction.atomic
def candidates_lend(
    *,
    run: Run,
    user: User,
    n: int = 1,
    first: int | None = None,
    among: QuerySet[Candidate] | None = None,
) -> list[Candidate]:
    """Lend an inspector the candidate to vote on now and, with ``n`` above 1, those that follow it.

    What they hold already comes first, else the earliest that no other inspector holds (the rule may ask
    more votes than one: then as many may hold it). ``first`` asks for one candidate in particular: an empty
    list where it wants no vote. ``among`` restricts to some candidates; others that were held are given
    back, as are those of another run. Raises PermissionDenied.
    """
    if not user.has_perm(MAY_VOTE):
        raise PermissionDenied("Only accounts in the group “inspectors” vote; an operator can add yours.")
    run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)  # one at a time: nobody is given the same
    inspector, _ = Inspector.objects.get_or_create(user=user)
    free = _wanting(run, inspector)
    if among is not None:
        free = free.filter(pk__in=among.values("pk"))
    held = inspector.leases.order_by("-until", "pk").values_list("candidate_id", flat=True)
    asked = list(dict.fromkeys([*([] if first is None else [first]), *held]))
    found = free.in_bulk(asked)
    if first is not None and first not in found:
        return []
    chosen = [found[pk] for pk in asked if pk in found][:HELD_AT_MOST]
    if (missing := min(n, HELD_AT_MOST) - len(chosen)) > 0:
        chosen += free.exclude(pk__in=found).order_by("pk")[:missing]
    inspector.leases.exclude(candidate__in=chosen).delete()
    now = timezone.now()
    InspectionLease.objects.bulk_create(
        [
            InspectionLease(
                inspector=inspector, candidate=candidate, begun_at=now,
                until=now + (AHEAD_FOR if place else LENT_FOR),
            )
            for place, candidate in enumerate(chosen)
        ],
        update_conflicts=True, unique_fields=["inspector", "candidate"], update_fields=["until"],
    )  # fmt: skip
    return chosen[: max(n, 1)]


def wanting(*, run: Run, user: User) -> QuerySet[Candidate]:
    """Candidates of the run that want the user's vote now."""
    return _wanting(run, Inspector.objects.filter(user=user).first() or Inspector(user=user))


def wanting_count(*, run: Run, user: User, among: QuerySet[Candidate] | None = None) -> int:
    """How many candidates of the run, or ``among`` some of them, want the user's vote now."""
    found = wanting(run=run, user=user)
    return (found if among is None else found.filter(pk__in=among.values("pk"))).count()


def _wanting(run: Run, inspector: Inspector) -> QuerySet[Candidate]:
    """Candidates on which the inspector may vote and that have a vote free (gold standards always have)."""
    gold = Q(gold_standard__isnull=False)
    votes = standing(Vote.objects.all())
    leases = InspectionLease.objects.filter(until__gt=timezone.now()).exclude(inspector_id=inspector.pk)
    # Most candidates are nobody's yet: that is asked of all at once, the numbers only of the others.
    touched = Q(Exists(_of_outer(votes))) | Q(Exists(_of_outer(leases)))
    return (
        Candidate.objects.filter(OPEN, run=run)
        .exclude(pk__in=votes.filter(inspector_id=inspector.pk).values("candidate"))
        .exclude(gold_standard__set_by=inspector.user_id)
        .alias(cast=_count(votes), lent=_count(leases))
        .filter(gold | ~touched | Q(cast__lt=Value(rule_of(run=run).votes_needed) - F("lent")))
    )


def _of_outer(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The rows that are about the candidate of the outer query."""
    return rows.filter(candidate=OuterRef("pk"))


def _count(rows: QuerySet[Row]) -> Coalesce:
    """How many of the rows are about the candidate of the outer query."""
    found = _of_outer(rows).order_by().values("candidate").annotate(n=Count("pk"))
    return Coalesce(Subquery(found.values("n")), Value(0))

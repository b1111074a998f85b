"""Which candidate an inspector gets: lent for a while, so that no two are given one vote to cast."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Candidate, InspectionLease, Inspector, Run, Vote

from .groups import MAY_VOTE
from .selectors import OPEN, rule_of, standing

LENT_FOR = timedelta(minutes=30)


@transaction.atomic
def candidate_lend(*, run: Run, user: User, candidate_id: int | None = None) -> Candidate | None:
    """Lend an inspector a candidate of a complete run that wants their vote; None where there is none.

    The one they hold already comes first, else the earliest that no other inspector holds (the rule may ask
    more votes than one: then as many may hold it). ``candidate_id`` asks for that candidate and no other.
    Raises PermissionDenied.
    """
    if not user.has_perm(MAY_VOTE):
        raise PermissionDenied("Only accounts in the group “inspectors” vote; an operator can add yours.")
    run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)  # one at a time: nobody is given the same
    inspector, _ = Inspector.objects.get_or_create(user=user)
    wanting = _wanting(run, inspector)
    held = InspectionLease.objects.filter(inspector=inspector).first()
    if candidate_id is not None:
        wanting = wanting.filter(pk=candidate_id)
    candidate = wanting.filter(pk=held.candidate_id).first() if held else None
    candidate = candidate or wanting.order_by("pk").first()
    if candidate is None:
        return None
    now = timezone.now()
    same = held is not None and held.candidate_id == candidate.pk
    InspectionLease.objects.update_or_create(
        inspector=inspector,
        defaults={
            "candidate": candidate,
            "begun_at": held.begun_at if held and same else now,
            "until": now + LENT_FOR,
        },
    )
    return candidate


def wanting(*, run: Run, user: User) -> QuerySet[Candidate]:
    """Candidates of the run that want the user's vote now."""
    return _wanting(run, Inspector.objects.filter(user=user).first() or Inspector(user=user))


def wanting_count(*, run: Run, user: User) -> int:
    """How many candidates of the run want the user's vote now."""
    return wanting(run=run, user=user).count()


def _wanting(run: Run, inspector: Inspector) -> QuerySet[Candidate]:
    """Candidates on which the inspector may vote and that have a vote free (gold standards always have)."""
    gold = Q(gold_standard__isnull=False)
    return (
        Candidate.objects.filter(OPEN, run=run)
        .exclude(pk__in=standing(Vote.objects.filter(inspector_id=inspector.pk)).values("candidate"))
        .exclude(gold_standard__set_by=inspector.user_id)
        .annotate(
            cast=_count(standing(Vote.objects.all())),
            lent=_count(
                InspectionLease.objects.filter(until__gt=timezone.now()).exclude(inspector_id=inspector.pk)
            ),
        )
        .filter(gold | Q(cast__lt=Value(rule_of(run=run).votes_needed) - F("lent")))
    )


def _count(rows: QuerySet[Vote] | QuerySet[InspectionLease]) -> Coalesce:
    """How many of the rows are about the candidate of the outer query."""
    found = rows.filter(candidate=OuterRef("pk")).order_by().values("candidate").annotate(n=Count("pk"))
    return Coalesce(Subquery(found.values("n")), Value(0))

"""The inspector's desk: what the keyboard page asks, so that nothing is lost and nothing counts twice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from catalog.models import Candidate, GivenList, Run, Vote

from . import services
from .assignment import candidates_lend, wanting, wanting_count
from .groups import MAY_VOTE
from .items import item, with_related
from .selectors import conflicts, standing

AHEAD = 10
"""Candidates on the desk at once, the one in view among them."""


def desk(
    *,
    run: Run,
    user: User,
    first: int | None = None,
    have: Collection[int] = (),
    among: QuerySet[Candidate] | None = None,
    counted: bool = False,
) -> dict[str, Any]:
    """The candidates lent to an inspector, in the order in which to show them.

    ``first`` is in view (or not theirs any more: then it is left out), ``have`` are those that the page
    keeps already. Where it is to be ``counted``, also how many want their vote, and how many they have voted
    on: that takes longer than all else, and between two counts the page counts its own votes.
    """
    lent = candidates_lend(run=run, user=user, n=AHEAD, first=first, among=among)
    if not lent and first is not None:
        lent = candidates_lend(run=run, user=user, n=AHEAD, among=among)
    new = with_related(Candidate.objects.filter(pk__in={c.pk for c in lent} - set(have))).order_by("pk")
    told: dict[str, Any] = {
        "order": [candidate.pk for candidate in lent],
        "items": [item(candidate, page="inspect-candidate") for candidate in new],
    }
    if counted:
        told["left"] = wanting_count(run=run, user=user, among=among)
        told["done"] = standing(Vote.objects.filter(candidate__run=run, inspector__user=user)).count()
    return told


@transaction.atomic
def vote_receive(*, client_id: UUID, candidate_id: int, user: User, **opinion: Any) -> Vote:
    """Cast a vote that the page has given an identifier; sent again, it is the same vote.

    Raises what `services.vote_cast` raises.
    """
    Candidate.objects.select_for_update(no_key=True).get(pk=candidate_id)  # sent twice at once: one waits
    if known := Vote.objects.filter(client_id=client_id).select_related("inspector").first():
        if known.inspector.user_id != user.pk or known.candidate_id != candidate_id:
            raise ValidationError("Another vote has this identifier.")
        return known
    return services.vote_cast(candidate_id=candidate_id, user=user, client_id=client_id, **opinion)


@transaction.atomic
def vote_take_back(*, client_id: UUID, candidate_id: int, user: User) -> bool:
    """Take back the vote of that identifier; False where none stands (it was refused, or is taken back)."""
    Candidate.objects.select_for_update(no_key=True).get(pk=candidate_id)
    votes = Vote.objects.filter(client_id=client_id, candidate=candidate_id, inspector__user=user)
    if not standing(votes).exists():
        return False
    services.vote_withdraw(candidate_id=candidate_id, user=user)
    return True


def listed(*, run: Run, token: str) -> QuerySet[Candidate] | None:
    """The run's candidates in a list that a reader gave; None without a token.

    Raises ValidationError for a token of no list.
    """
    if not token:
        return None
    given = GivenList.objects.filter(token=token).first()
    if given is None:
        raise ValidationError(f"There is no list “{token}”: give it again under Spectra.")
    return Candidate.objects.filter(run=run, spectrum__given_lists=given)


def conflicts_desk(*, run: Run, user: User, first: int | None, have: Collection[int]) -> dict[str, Any]:
    """The conflicts before a resolver: the one in view, then the earliest others, with all their votes."""
    waiting = decidable(run=run, user=user)
    seen = [] if first is None else [first]
    ids = waiting.exclude(pk__in=seen).order_by("pk").values_list("pk", flat=True)
    order = [*seen, *ids[: AHEAD - 1]]
    new = with_related(waiting.filter(pk__in=set(order) - set(have))).order_by("pk")
    return {
        "order": order,
        "items": [item(candidate, page="inspect-candidate", with_votes=True) for candidate in new],
        "left": waiting.count(),
    }


def decidable(*, run: Run, user: User) -> QuerySet[Candidate]:
    """Conflicts that a resolver may decide: where their own vote is still wanted, that comes first."""
    found = conflicts(run=run)
    if user.has_perm(MAY_VOTE):
        found = found.exclude(pk__in=wanting(run=run, user=user).values("pk"))
    return found

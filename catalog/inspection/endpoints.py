"""What the script of the inspection pages asks: JSON in, JSON out, refusals in words.

200 is done. 400 and 409 are final: the words say why it was not done (a fault in what was sent, or the
candidate was closed or withdrawn meanwhile). 401 means that the sender must log in (again), or that another
account has: the page keeps what it holds and sends it later.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from catalog.models import Candidate, Run
from catalog.tables import current_run

from . import desk, practice, services
from .forms import AdjudicationForm, OpinionForm, VoteForm
from .groups import MAY_RESOLVE
from .items import item, with_related

Said = dict[str, Any]
MOST_BYTES = 100_000
MOST_IDS = 5000


def asked(view: Callable[[HttpRequest, Said], Said]) -> Callable[[HttpRequest], JsonResponse]:
    """A view of JSON by POST for the account that the page was drawn for."""

    @require_POST
    @never_cache
    @wraps(view)
    def answer(request: HttpRequest) -> JsonResponse:
        if not request.user.is_authenticated:
            return _refused(
                401, "You are logged out. Log in again: what is not saved yet stays here till then."
            )
        try:
            said = json.loads(request.body) if len(request.body) <= MOST_BYTES else None
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return _refused(400, "This is not the JSON that the page sends.")
        if said.get("user") != request.user.pk:
            return _refused(
                401, f"{request.user.get_username()} has logged in meanwhile. Log in again with the account "
                "that inspected here: what is not saved yet stays here till then.",
            )  # fmt: skip
        try:
            return JsonResponse(view(request, said))
        except Fault as fault:
            return _refused(400, str(fault))
        except ValidationError as error:
            return _refused(409, " ".join(error.messages))
        except PermissionDenied as error:
            return _refused(403, str(error) or "Your account has no right to do that.")
        except (Candidate.DoesNotExist, Run.DoesNotExist):
            return _refused(404, "There is no such candidate or run any more.")

    return answer


class Fault(Exception):  # noqa: N818 - it is the sender's, not ours
    """What was sent cannot be meant."""


@asked
def queue(request: HttpRequest, said: Said) -> Said:
    """The candidates lent to this inspector, with ``count`` also how many there are."""
    user: Any = request.user
    run = _run(said)
    among = desk.listed(run=run, token=str(said.get("list") or ""))
    return desk.desk(
        run=run, user=user, first=_id(said, "first"), have=_ids(said, "have"), among=among,
        counted=bool(said.get("count")),
    )  # fmt: skip


@asked
def vote(request: HttpRequest, said: Said) -> Said:
    """Keep a vote, once however often it is sent."""
    user: Any = request.user
    cast = desk.vote_receive(
        client_id=_uuid(said), candidate_id=_candidate(said), user=user, **_opinion(VoteForm, said)
    )
    return {"saved": cast.created_at.isoformat()}


@asked
def take_back(request: HttpRequest, said: Said) -> Said:
    """Take back the vote that was sent with this identifier."""
    user: Any = request.user
    return {
        "taken_back": desk.vote_take_back(client_id=_uuid(said), candidate_id=_candidate(said), user=user)
    }


@asked
def conflicts_queue(request: HttpRequest, said: Said) -> Said:
    """The conflicts before this resolver, with all their votes."""
    user: Any = request.user
    if not user.has_perm(MAY_RESOLVE):
        raise PermissionDenied("Only accounts in the group “resolvers” decide; an operator can add yours.")
    return desk.conflicts_desk(run=_run(said), user=user, first=_id(said, "first"), have=_ids(said, "have"))


@asked
def decision(request: HttpRequest, said: Said) -> Said:
    """Keep a resolver's decision."""
    user: Any = request.user
    done = services.adjudicate(candidate_id=_candidate(said), user=user, **_opinion(AdjudicationForm, said))
    return {"saved": done.created_at.isoformat()}


@asked
def practice_queue(request: HttpRequest, said: Said) -> Said:
    """Spectra to practise on, without their truth."""
    user: Any = request.user
    run, have = _run(said), _ids(said, "have")
    drawn = practice.practice_draw(run=run, user=user, n=3, seen=have)
    found = with_related(Candidate.objects.filter(pk__in=drawn)).in_bulk()
    return {
        "order": drawn,
        "items": [item(found[pk], page="practice-spectrum") for pk in drawn if pk in found],
        "left": practice.practice_set(run=run, user=user).exclude(pk__in=have).count(),
    }


@asked
def practice_answer(request: HttpRequest, said: Said) -> Said:
    """Tell the truth after an answer; nothing is kept."""
    user: Any = request.user
    run = _run(said)
    candidate = with_related(practice.practice_set(run=run, user=user)).get(pk=_candidate(said))
    given = _opinion(VoteForm, said)
    marked = practice.practice_mark(
        candidate=candidate, verdict=given["verdict"], seen_class=given["seen_class"], z=given["z"]
    )
    context = {"marked": marked, "candidate": candidate, "given": given}
    return {
        "right": marked.right,
        "html": render_to_string("catalog/inspection/_truth.html", context),
    }


def _opinion(kind: type[OpinionForm], said: Said) -> Said:
    """An opinion by the same form as on the page without scripts, so that both refuse the same."""
    given = {name: said.get(name) for name in kind.base_fields}
    prefix = kind.prefix
    form = kind({f"{prefix}-{name}" if prefix else name: value for name, value in given.items()})
    if not form.is_valid():
        raise Fault(" ".join(str(text) for texts in form.errors.values() for text in texts))
    return form.arguments()


def _run(said: Said) -> Run:
    try:
        run = current_run(str(_id(said, "run")))
    except (Run.DoesNotExist, ValueError, OverflowError) as error:
        raise Run.DoesNotExist from error
    if run is None:
        raise Run.DoesNotExist
    return run


def _id(said: Said, name: str) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise Fault(f"“{name}” is not an identifier.")
    return value


def _candidate(said: Said) -> int:
    if (pk := _id(said, "candidate")) is None:
        raise Fault("The candidate is missing.")
    return pk


def _ids(said: Said, name: str) -> list[int]:
    values = said.get(name) or []
    if not isinstance(values, list) or len(values) > MOST_IDS:
        raise Fault(f"“{name}” is not a list of identifiers.")
    return [pk for value in values if (pk := _id({name: value}, name)) is not None]


def _uuid(said: Said) -> UUID:
    try:
        return UUID(said["client_id"])
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise Fault("The vote has no identifier.") from error


def _refused(status: int, words: str) -> JsonResponse:
    return JsonResponse({"error": words}, status=status)

"""The pages of inspection: a candidate to vote on, conflicts to decide, and the whole as a chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from catalog.columns import Column
from catalog.downloads import as_csv
from catalog.models import Candidate, Run, Vote
from catalog.pages.lists import run_asked
from catalog.paging import BadTokenError, Order, Page, get_page

from . import assignment, desk, keys, overview, practice, selectors, services
from .forms import AdjudicationForm, VoteForm, WithdrawalForm
from .groups import MAY_RESOLVE, MAY_VOTE, MAY_WITHDRAW
from .guide import GUIDE
from .items import evidence_of, figure_url, head, standing_votes, with_related

CHAIN_COLUMNS = (
    Column("step", "Step", "key", "str", "Step of the chain"),
    Column("what", "What", "label", "str", "The step in words"),
    Column("candidates", "Candidates", "count", "int", "Candidates of the run in this step"),
    Column("paper", "The paper", "paper", "str", "The number of Lu et al. 2022, for LAMOST DR7"),
)
CONFLICTS_AT_ONCE = 20
SCORE = ("right", "answers")
ENDPOINTS = {
    keys.VOTE: {
        "queue": "inspect-queue",
        "answer": "inspect-vote",
        "undo": "inspect-take-back",
        "end": "inspect",
    },
    keys.PRACTICE: {"queue": "practice-queue", "answer": "practice-answer", "end": "practice"},
    keys.CONFLICTS: {"queue": "conflicts-queue", "answer": "conflicts-decision", "end": "conflicts"},
}


@require_safe
@never_cache
@login_required
def inspect_next(request: HttpRequest) -> HttpResponse:
    """Lend the inspector a candidate of the shown run and go to it; say so where none wants their vote."""
    run = run_asked(request)
    user: Any = request.user
    token = request.GET.get("list", "")
    try:
        among = desk.listed(run=run, token=token) if run else None
    except ValidationError as error:
        raise Http404(error.message) from error
    lent = assignment.candidates_lend(run=run, user=user, among=among) if run else []
    if lent:
        here = reverse("inspect-candidate", args=[lent[0].pk])
        return HttpResponseRedirect(f"{here}?{urlencode({'list': token})}" if token else here)
    if not user.has_perm(MAY_VOTE):
        raise PermissionDenied
    return render(request, "catalog/inspection/none.html", {"run": run, "token": token})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def inspect_candidate(request: HttpRequest, pk: int) -> HttpResponse:
    """One candidate with its evidence, to vote on or to decide."""
    if not any(request.user.has_perm(right) for right in (MAY_VOTE, MAY_RESOLVE, MAY_WITHDRAW)):
        raise PermissionDenied
    candidate = get_object_or_404(with_related(Candidate.objects.all()), pk=pk)
    bound = None
    if request.method == "POST":
        done, bound = _act(request, candidate)
        if done:
            return done
    return render(
        request, "catalog/inspection/inspect.html", _shown(request, candidate, bound),
        status=400 if bound else 200,
    )  # fmt: skip


def _act(request: HttpRequest, candidate: Candidate) -> tuple[HttpResponse | None, forms.Form | None]:
    """Do what was asked: where to go then, or the form with what is wrong."""
    kinds: dict[str, tuple[type[forms.Form], Callable[..., Any], str, str]] = {
        "vote": (VoteForm, services.vote_cast, "inspect", "Your vote on {} is kept."),
        "take-back": (forms.Form, services.vote_withdraw, "", "Your vote on {} is taken back."),
        "decide": (AdjudicationForm, services.adjudicate, "conflicts", "Your decision on {} is kept."),
        "withdraw": (WithdrawalForm, services.candidate_withdraw, "", "{} is withdrawn."),
    }
    action = request.POST.get("action", "")
    if action not in kinds:
        raise Http404("There is no such action.")
    kind, service, then, said = kinds[action]
    form = kind(request.POST)
    if form.is_valid():
        given = form.arguments() if hasattr(form, "arguments") else form.cleaned_data
        try:
            service(candidate_id=candidate.pk, user=request.user, **given)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            here = reverse("inspect-candidate", args=[candidate.pk])
            link = format_html('<a href="{}">{}</a>', here, candidate.spectrum.name)
            messages.success(request, format_html(said, link))
            kept = {"run": candidate.run_id} | ({"list": token} if (token := request.GET.get("list")) else {})
            after = f"{reverse(then)}?{urlencode(kept)}" if then else here
            return HttpResponseRedirect(after), None
    return None, form


def _shown(request: HttpRequest, candidate: Candidate, bound: forms.Form | None) -> dict[str, Any]:
    """What the page of a candidate shows to this reader."""
    user: Any = request.user
    vote = selectors.standing_vote(candidate=candidate, user=user)
    taken = selectors.is_open(candidate)
    lent = None
    if taken and not vote and user.has_perm(MAY_VOTE):
        lent = assignment.candidate_lend(run=candidate.run, user=user, candidate_id=candidate.pk)
    decidable = candidate.inspection_state != Candidate.InspectionState.WAITING
    decision, withdrawal = None, None
    if user.has_perm(MAY_RESOLVE) and decidable and not lent and not candidate.withdrawn_at:
        decision = bound if isinstance(bound, AdjudicationForm) else AdjudicationForm()
    if user.has_perm(MAY_WITHDRAW) and not candidate.withdrawn_at:
        withdrawal = bound if isinstance(bound, WithdrawalForm) else WithdrawalForm()
    page = keys.VOTE if lent else keys.CONFLICTS if decision else ""
    shown = selectors.votes_visible(candidate=candidate, user=user)
    return _figured(request, candidate, page) | {
        "vote": vote,
        "vote_fixed": selectors.vote_fixed_for(candidate=candidate, vote=vote) if vote else "",
        "vote_form": (bound if isinstance(bound, VoteForm) else VoteForm()) if lent else None,
        "refused": bound.non_field_errors() if bound is not None else [],
        "decision": decision,
        "decided": shown and candidate.inspection_state in selectors.DECIDED,
        "votes": standing_votes(candidate) if decision and shown else [],
        "withdrawal": withdrawal,
        "taken": taken,
        "state": selectors.state_shown(candidate=candidate, user=user),
        "votes_shown": shown,
        "events": selectors.history(candidate=candidate, user=user),
        "may_vote": user.has_perm(MAY_VOTE),
        "may_resolve": user.has_perm(MAY_RESOLVE),
    }


def _figured(request: HttpRequest, candidate: Candidate, page: str) -> dict[str, Any]:
    """The evidence, its figure, and what the keys of the page (empty: none) need."""
    context = evidence_of(candidate) | {"figure_url": figure_url(candidate)}
    if page:
        addresses = {name: reverse(route) for name, route in ENDPOINTS[page].items()}
        context |= {
            "keys": keys.keys_of(page),
            "guide": GUIDE,
            "rule": selectors.rule_of(run=candidate.run),
            "desk": {
                "page": page,
                "user": request.user.pk,
                "run": candidate.run_id,
                "list": request.GET.get("list", ""),
                "keys": keys.for_script(page),
                "item": head(
                    candidate, page="practice-spectrum" if page == keys.PRACTICE else "inspect-candidate"
                ),
            }
            | addresses,
        }
    return context


@require_safe
@login_required
def practice_next(request: HttpRequest) -> HttpResponse:
    """Go to a spectrum of known truth; say so where there is none."""
    user: Any = request.user
    run = run_asked(request)
    if not request.GET.get("run"):
        run = practice.practice_run(run=run, user=user) or run
    drawn = practice.practice_draw(run=run, user=user, n=1) if run else []
    if drawn:
        score = urlencode(dict(zip(SCORE, _score(request), strict=True)))
        return HttpResponseRedirect(f"{reverse('practice-spectrum', args=drawn)}?{score}")
    advice = practice.practice_advice(run=run, user=user) if run else None
    return render(request, "catalog/inspection/no_practice.html", {"run": run, "advice": advice})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def practice_spectrum(request: HttpRequest, pk: int) -> HttpResponse:
    """A spectrum of known truth: answer, then read what is true. The form carries the score."""
    user: Any = request.user
    run = get_object_or_404(Run, candidates=pk)
    candidate = get_object_or_404(with_related(practice.practice_set(run=run, user=user)), pk=pk)
    form = VoteForm(request.POST) if request.method == "POST" else VoteForm()
    (right, answers), marked = _score(request), None
    if form.is_bound and form.is_valid():
        given = form.arguments()
        marked = practice.practice_mark(
            candidate=candidate, verdict=given["verdict"], seen_class=given["seen_class"], z=given["z"]
        )
        right, answers = right + marked.right, answers + 1
    context = _figured(request, candidate, keys.PRACTICE) | {
        "vote_form": form,
        "marked": marked,
        "score": {"right": right, "answers": answers},
        "refused": form.non_field_errors(),
    }
    return render(request, "catalog/inspection/practice.html", context, status=400 if form.errors else 200)


def _score(request: HttpRequest) -> tuple[int, int]:
    """Right answers and answers so far, as the form or the link carries them: nothing is kept here."""
    given = [(request.POST or request.GET).get(name, "") for name in SCORE]
    right, answers = (
        int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0 for text in given
    )
    return min(right, answers), answers


@require_safe
@never_cache
@login_required
def conflicts(request: HttpRequest) -> HttpResponse:
    """Candidates on which inspectors disagree, with all votes side by side, for a resolver."""
    if not request.user.has_perm(MAY_RESOLVE):
        raise PermissionDenied
    run = run_asked(request)
    user: Any = request.user
    page, total, first = Page((), None, None), 0, 0
    if run:
        votes = selectors.standing(Vote.objects.select_related("inspector__user"))
        found = desk.decidable(run=run, user=user)  # a gold standard still takes their own vote first
        total = found.count()
        first = selectors.conflicts(run=run).count() - total
        try:
            page = get_page(
                found.select_related("spectrum__release").prefetch_related(
                    Prefetch("votes", queryset=votes, to_attr="standing_votes")
                ),
                order=Order("pk"), after=request.GET.get("after", ""), size=CONFLICTS_AT_ONCE,
            )  # fmt: skip
        except BadTokenError as error:
            raise Http404(str(error)) from error
    context = {
        "run": run,
        "total": total,
        "first": first,
        "candidates": page.rows,
        "next": urlencode({"run": str(run.pk), "after": page.after}) if run and page.after else "",
    }
    return render(request, "catalog/inspection/conflicts.html", context)


@require_safe
def inspection(request: HttpRequest) -> HttpResponse:
    """The chain from candidates to what is kept, agreement, and each inspector's progress."""
    run = run_asked(request)
    user: Any = request.user
    context: dict[str, Any] = {"run": run, "pinned": request.GET.get("run")}
    if run:
        steps = overview.chain(run=run)
        context |= {
            "steps": steps,
            "most": steps[0].count,
            "rule": selectors.rule_of(run=run),
            "overview": overview.overview(run=run),
            "may_vote": user.has_perm(MAY_VOTE),
            "may_resolve": user.has_perm(MAY_RESOLVE),
        }
        if context["may_vote"]:
            context["wanting"] = assignment.wanting_count(run=run, user=user)
    return render(request, "catalog/inspection/inspection.html", context)


@require_safe
def chain_csv(request: HttpRequest) -> HttpResponse:
    """The chain as CSV."""
    run = run_asked(request)
    if run is None:
        raise Http404("No retrieval run has ended yet.")
    rows = [(step.key, step.label, step.count, step.paper) for step in overview.chain(run=run)]
    response = HttpResponse(
        b"".join(as_csv.write(CHAIN_COLUMNS, [rows])), content_type="text/csv; charset=utf-8"
    )
    name = f"glowworm-inspection-run{run.pk}-{datetime.now(UTC):%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

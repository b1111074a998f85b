"""Find kin: the page, its table in every format, what is kept on request, and the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.columns import KIN_COLUMNS
from catalog.downloads import as_csv, as_ecsv, as_fits, as_votable
from catalog.figures.spectrum import VIEWER_PARTS
from catalog.inspection.services import HIGHEST_Z, LOWEST_Z
from catalog.pages.spectrum import VIEWER_MODULES
from retrieval.readers import WARNINGS, Refused
from tasks.kin import words
from tasks.kin.asking import Answer, InMemory, ProblemError, answer, check_length, choices, form_of
from tasks.kin.evidence import KinEvidence
from tasks.kin.figure import DRAWN, figure_of
from tasks.kin.forms import KinForm, UploadForm
from tasks.kin.kept import CHOICES, kept_delete, kept_of, kept_store
from tasks.kin.limits import LimitError, searches_count
from tasks.kin.packing import from_text, to_text, unpack
from tasks.kin.search import Kin
from tasks.kin.shares import shares_of

View = Callable[..., HttpResponseBase]
GO_BACK = (
    "Go back: the page before this one still has what was found. Download its table, or send the file anew."
)


def taking_uploads(view: View) -> View:
    """Uploads are held in memory and bounded before anything reads them, the check for forgery included."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.upload_handlers = [InMemory(request)]
        return view(request, *args, **kwargs)

    wrapped.csrf_exempt = True  # type: ignore[attr-defined]
    return wrapped


@taking_uploads
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@gzip_page
def kin(request: HttpRequest) -> HttpResponseBase:
    """/kin/: the form; with ``?spectrum=`` the kin of a held spectrum; by POST those of an upload."""
    if request.method == "POST":
        try:
            check_length(request)
        except ProblemError as problem:
            return _page(request, QueryDict(), problem=problem)
        return _posted(request)
    return _answered(request, request.GET) if request.GET.get("spectrum") else _page(request, request.GET)


@csrf_protect
def _posted(request: HttpRequest) -> HttpResponseBase:
    return _answered(request, request.POST)


def _answered(request: HttpRequest, params: QueryDict, **about: Any) -> HttpResponse:
    form = None
    try:
        form = form_of(request, params)
        return _page(request, params, answered=answer(request, params, form=form), **about)
    except ProblemError as problem:
        return _page(request, params, form=form, problem=problem, **about)


def _page(
    request: HttpRequest,
    params: QueryDict,
    *,
    form: KinForm | None = None,
    answered: Answer | None = None,
    problem: ProblemError | None = None,
    **about: Any,
) -> HttpResponse:
    """The form with the reader's choices, and what was found or why nothing was."""
    context: dict[str, Any] = about | {
        "problem": problem,
        "limits": _limits(),
        "held_name": params.get("spectrum", ""),
    }
    try:
        ready, usual = choices(params)
    except ProblemError as no_run:
        ready, usual = [], None
        context["problem"] = problem or no_run
    if not isinstance(form, UploadForm):
        initial = {
            name: params[name]
            for name in ("k", "configuration", "position", "unit", "medium")
            if params.get(name)
        }
        form = UploadForm(initial=initial, codebooks=ready, usual=usual)
    context |= {"form": form, "ready": bool(ready)}
    if answered:
        context |= _found(answered, params)
    said = context["problem"]
    response = render(request, "tasks/kin.html", context, status=said.status if said else 200)
    if said and said.retry_after:
        response["Retry-After"] = str(said.retry_after)
    return response


def _found(answered: Answer, params: QueryDict) -> dict[str, Any]:
    """What the page shows of an answer."""
    found = answered.kin
    evidence = KinEvidence(found)
    asked = {name: params.get(name, "") for name in (*CHOICES, "spectrum", "release") if params.get(name)}
    return {
        "found": found,
        "evidence": evidence,
        "held": answered.held,
        "sentences": list(words.sentences(found)),
        "columns": KIN_COLUMNS,
        "z": found.z,
        "z_limits": (LOWEST_Z, HIGHEST_Z),
        "viewer_parts": VIEWER_PARTS,
        "viewer_modules": VIEWER_MODULES,
        "lines": evidence.lines(z=found.z),
        "figure": figure_of(found),
        "shares": shares_of(found),
        "drawable": DRAWN,
        "warnings": [WARNINGS[code] for code in found.observed.warnings],
        "asked": asked,
        "again": "" if answered.held else to_text(found.observed),
        "query": urlencode(asked),
        "formats": list(FORMATS),
        "seconds": sum(found.seconds.values()),
    }


def _limits() -> dict[str, int]:
    return {
        "megabytes": settings.KIN_UPLOAD_MB,
        "per_minute": settings.KIN_PER_MINUTE,
        "at_once": settings.KIN_AT_ONCE,
        "days": settings.KIN_KEPT_DAYS,
    }


def _csv(found: Kin) -> Iterator[bytes]:
    return as_csv.write(KIN_COLUMNS, [words.rows(found)])


def _described(write: Callable[..., Iterator[bytes]]) -> Callable[[Kin], Iterator[bytes]]:
    def stream(found: Kin) -> Iterator[bytes]:
        facts = words.facts(found)
        return write(KIN_COLUMNS, [words.rows(found)], facts=facts)

    return stream


def _fits(found: Kin) -> Iterator[bytes]:
    rows = words.rows(found)
    widths = {
        i: max((len(as_fits.ascii_bytes(row[i])) for row in rows), default=1) or 1
        for i, column in enumerate(KIN_COLUMNS)
        if column.kind == "str"
    }
    size = as_fits.Size(len(rows), widths)
    return as_fits.write(KIN_COLUMNS, [rows], size=size, facts=words.facts(found))


FORMATS: dict[str, tuple[str, Callable[[Kin], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8; header=present", _csv),
    "fits": ("application/fits", _fits),
    "vot": ("application/x-votable+xml", _described(as_votable.write)),
    "ecsv": ("text/plain; charset=utf-8", _described(as_ecsv.write)),
}


@taking_uploads
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def kin_table(request: HttpRequest, suffix: str) -> HttpResponseBase:
    """/kin/kin.<suffix>: the table of kin of a held spectrum, or by POST of one that the page handed out."""
    if suffix not in FORMATS:
        raise Http404(f"There is no kin.{suffix}; there are {', '.join(FORMATS)}.")
    try:
        check_length(request)
        found = answer(request, request.POST if request.method == "POST" else request.GET).kin
    except ProblemError as problem:
        return _plain(problem)
    content_type, stream = FORMATS[suffix]
    response = StreamingHttpResponse(stream(found), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="glowworm-kin.{suffix}"'
    return response


def _plain(problem: ProblemError) -> HttpResponse:
    response = HttpResponse(
        f"{problem.message} {problem.advice}\n",
        status=problem.status,
        content_type="text/plain; charset=utf-8",
    )
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    return response


@taking_uploads
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def kin_api(request: HttpRequest) -> JsonResponse:
    """/api/kin/: the same search, answered in JSON. Nothing but the request decides, so no token is asked."""
    try:
        check_length(request)
        found = answer(request, request.POST if request.method == "POST" else request.GET).kin
    except ProblemError as problem:
        said = {"error": problem.code, "message": problem.message, "advice": problem.advice}
        response = JsonResponse(said, status=problem.status)
        if problem.retry_after:
            response["Retry-After"] = str(problem.retry_after)
        return response
    return JsonResponse(words.as_json(found), json_dumps_params={"ensure_ascii": False})


@require_POST
def kin_keep(request: HttpRequest) -> HttpResponse:
    """Keep the spectrum that the page handed out, under an address that only this answer tells."""
    choices_made = {name: request.POST.get(name, "")[:120] for name in CHOICES}
    try:
        searches_count(request)
        observed = from_text(request.POST.get("again", ""))
        token, kept = kept_store(observed=observed, choices=choices_made)
    except Refused as error:
        return _page(request, QueryDict(), problem=ProblemError(422, error.code, error.text, GO_BACK))
    except LimitError as error:
        problem = ProblemError(error.status, "limit", str(error), GO_BACK, retry_after=error.retry_after)
        return _page(request, QueryDict(), problem=problem)
    messages.success(request, f"Kept until {kept.expires_at:%d %B %Y} under the address of this page.")
    return HttpResponseRedirect(reverse("kin-kept", args=[token]))


@require_safe
@never_cache
@gzip_page
def kin_kept(request: HttpRequest, token: str) -> HttpResponse:
    """/kin/kept/<token>/: the search of a kept spectrum, done anew."""
    kept = kept_of(token).first()
    if kept is None:
        raise Http404("Nothing is kept here: its time is over, or it was deleted.")
    params = QueryDict(mutable=True)
    params.update(kept.choices | {name: value for name, value in request.GET.items() if name in CHOICES})
    params["again"] = to_text(unpack(bytes(kept.data)))
    return _answered(request, params, kept=kept, token=token)


@require_POST
def kin_delete(request: HttpRequest, token: str) -> HttpResponse:
    """Delete a kept spectrum."""
    if not kept_delete(token=token):
        raise Http404("Nothing is kept here any more.")
    messages.success(request, "Deleted: nothing of this spectrum is kept any more.")
    return HttpResponseRedirect(reverse("kin"))

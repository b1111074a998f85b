"""Cancelling and retrying: staff only, by POST."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from tasks.models import Job
from tasks.services import job_cancel, job_retry


def _act(request: HttpRequest, job: Job, service: Callable[..., Job], done: str) -> HttpResponse:
    if not (request.user.is_active and request.user.has_perm("tasks.change_job")):
        raise PermissionDenied
    try:
        service(job_id=job.pk, by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)
    return HttpResponseRedirect(job.get_absolute_url())


@require_POST
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, get_object_or_404(Job, run=pk), job_cancel, "The run is cancelled.")


@require_POST
def run_retry(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, get_object_or_404(Job, run=pk), job_retry, "The run goes on.")


@require_POST
def job_cancel_view(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, get_object_or_404(Job, pk=pk), job_cancel, "The job is cancelled.")


@require_POST
def job_retry_view(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, get_object_or_404(Job, pk=pk), job_retry, "The job goes on.")

"""A job that is not a run: an import, or a look-up of counterparts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Service
from tasks.models import Job
from tasks.selectors import job_log, job_progress, progress_json


@require_safe
@never_cache
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/jobs/<pk>/: an import and its counts, or a look-up; a run has its own page."""
    job = get_object_or_404(
        Job.objects.select_related("batch", "batch__release", "owner", "run", "looked_up"), pk=pk
    )
    if job.run_id:
        return HttpResponseRedirect(job.get_absolute_url())
    context = {
        "job": job,
        "batch": job.batch,
        "progress": job_progress(job),
        "log": job_log(job, whole=request.user.is_staff),
    }
    if job.kind == Job.Kind.COUNTERPARTS:
        services = [Service(service).label for service in job.parameters["services"]]
        return render(request, "tasks/lookup.html", context | {"services": services})
    return render(request, "tasks/job.html", context)


@require_safe
@never_cache
def job_progress_json(request: HttpRequest, pk: int) -> JsonResponse:
    """/jobs/<pk>/progress.json: what the page polls."""
    job = get_object_or_404(Job, pk=pk)
    return JsonResponse(progress_json(job, whole=request.user.is_staff))

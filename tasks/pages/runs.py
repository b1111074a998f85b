"""The list of runs, and one run while it works and afterwards."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.contributions import configuration_results, lines_to_find
from catalog.downloads.lines import csv_response
from catalog.figures.configurations import configurations_data, configurations_plot
from catalog.models import Run
from tasks.models import Job
from tasks.selectors import job_log, job_progress, progress_json
from tasks.states import ACTIVE, JobState

PAGE_SIZE = 50


@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """/runs/: the newest first."""
    runs = Run.objects.select_related("job", "created_by").prefetch_related("codebooks").order_by("-pk")
    page = Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page"))
    jobs = [(run, run.job if hasattr(run, "job") else None) for run in page]
    rows = [
        # Few jobs are active at once: only of these is it worked out how far they are.
        (run, job and JobState(job.state), job_progress(job) if job and job.state in ACTIVE else None)
        for run, job in jobs
    ]
    return render(request, "tasks/run_list.html", {"rows": rows, "page": page})


@require_safe
@never_cache
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """/runs/<pk>/: stages, log, parameters, configurations, counts."""
    run = get_object_or_404(Run.objects.select_related("created_by"), pk=pk)
    job = Job.objects.select_related("owner").filter(run=run).first()
    return render(
        request,
        "tasks/run.html",
        {
            "run": run,
            "job": job,
            "like": job.parameters.get("like") if job else None,
            "progress": job_progress(job) if job else None,
            "log": job_log(job, whole=request.user.is_staff) if job else [],
            "configurations": configuration_results(run),
            "to_find": lines_to_find(run) if run.completed_at else 0,
            "selections": [("Templates", run.template_selection), ("Queries", run.query_selection)],
        },
    )


@require_safe
@never_cache
def run_progress(request: HttpRequest, pk: int) -> JsonResponse:
    """/runs/<pk>/progress.json: what the page polls while the run is active."""
    job = get_object_or_404(Job, run=pk)
    return JsonResponse(progress_json(job, whole=request.user.is_staff))


@require_safe
def run_configurations(request: HttpRequest, pk: int) -> JsonResponse:
    """/runs/<pk>/configurations.json: what each configuration adds, as Plotly's JSON."""
    return JsonResponse(configurations_plot(configuration_results(get_object_or_404(Run, pk=pk))))


@require_safe
def run_configurations_data(request: HttpRequest, pk: int) -> HttpResponseBase:
    """/runs/<pk>/configurations.csv: the table of configurations."""
    run = get_object_or_404(Run, pk=pk)
    data = configurations_data(configuration_results(run), with_truth=bool(lines_to_find(run)))
    return csv_response(data, f"glowworm-run{pk}-configurations.csv")

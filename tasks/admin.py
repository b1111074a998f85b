"""The operator's pages about jobs: the list, a new retrieval run, an upload."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Func, IntegerField, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.cache import never_cache

from catalog.models import Run

from .forms import INITIAL, MAIN_FILTERS, Launch, LookupForm, UploadForm
from .models import Job, KeptSpectrum
from .services import counterparts_launch, import_launch, retrieval_launch

admin.site.site_header = admin.site.site_title = "Glowworm"
admin.site.index_template = "admin/tasks/index.html"


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    """Jobs are started by the pages below, acted on from their own page, and otherwise only read."""

    list_display = ("page", "kind", "state", "owner", "created_at", "finished_at")
    list_display_links = None
    list_filter = ("kind", "state")
    list_select_related = ("run", "batch", "looked_up", "owner")
    change_list_template = "admin/tasks/job_list.html"
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="job")
    def page(self, job: Job) -> str:
        return format_html('<a href="{}">{}</a>', job.get_absolute_url(), job.subject)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("launch/", view(self.launch), name="tasks_job_launch"),
            path("launch/preview.json", view(never_cache(self.preview)), name="tasks_job_preview"),
            path("upload/", view(self.upload), name="tasks_job_upload"),
            path("counterparts/", view(self.counterparts), name="tasks_job_counterparts"),
            *super().get_urls(),
        ]

    def launch(self, request: HttpRequest) -> HttpResponse:
        """New retrieval run, or one ?like= another: a POST with "launch" starts it, others count again."""
        user = self._may_add(request)
        if request.method == "POST":
            launch = Launch(request.POST)
        elif like := request.GET.get("like"):
            launch = Launch.like(get_object_or_404(Run, pk=like if like.isdecimal() else 0))
        else:
            launch = Launch(QueryDict(INITIAL))
        if "launch" in request.POST:
            try:
                launch.check()
                run = retrieval_launch(
                    **launch.arguments(),
                    owner=user,
                    note=launch.form.cleaned_data["note"],
                    like=launch.original,
                )
            except ValidationError:
                messages.error(request, "The run was not launched: see what is wrong below.")
            else:
                messages.success(request, f"Run {run.pk} is launched.")
                return HttpResponseRedirect(run.get_absolute_url())
        parts = [("templates", "Templates"), ("queries", "Queries")]
        return self._page(
            request,
            "admin/tasks/launch.html",
            f"New retrieval run like run {launch.original.pk}" if launch.original else "New retrieval run",
            form=launch.form,
            like=launch.original,
            selections=[(part, label, launch.filters(part)) for part, label in parts],
            main=MAIN_FILTERS,
            preview=launch.preview(),
        )

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Counts and estimate for the form as it stands."""
        self._may_add(request)
        return JsonResponse(Launch(request.GET).preview())

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Upload spectra: POST keeps the files and starts their import."""
        user = self._may_add(request)
        form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
        if form.is_valid():
            job = import_launch(**form.arguments(), owner=user)
            return HttpResponseRedirect(job.get_absolute_url())
        return self._page(request, "admin/tasks/upload.html", "Import spectra", form=form)

    def counterparts(self, request: HttpRequest) -> HttpResponse:
        """Look up counterparts: POST starts the job."""
        user = self._may_add(request)
        form = LookupForm(request.POST) if request.method == "POST" else LookupForm()
        if form.is_valid():
            try:
                job = counterparts_launch(**form.cleaned_data, owner=user)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return HttpResponseRedirect(job.get_absolute_url())
        return self._page(request, "admin/tasks/counterparts.html", "Look up counterparts", form=form)

    def _may_add(self, request: HttpRequest) -> User:
        """Who asks, where they may start jobs."""
        if not isinstance(request.user, User) or not request.user.has_perm("tasks.add_job"):
            raise PermissionDenied
        return request.user

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        of_admin = self.admin_site.each_context(request)
        return TemplateResponse(
            request, template, {**of_admin, "title": title, "opts": self.model._meta, **context}
        )


@admin.register(KeptSpectrum)
class KeptSpectrumAdmin(admin.ModelAdmin):
    """Spectra that their senders asked to keep: how many, how large, until when. They can only be deleted."""

    list_display = ("kept_at", "expires_at", "kilobytes", "asked")
    list_display_links = None
    date_hierarchy = "kept_at"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        size = Func("data", function="octet_length", output_field=IntegerField())
        return super().get_queryset(request).defer("data").annotate(size=size)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="size (kB)", ordering="size")
    def kilobytes(self, kept: Any) -> str:
        return f"{kept.size / 1000:,.0f}"

    @admin.display(description="asked")
    def asked(self, kept: KeptSpectrum) -> str:
        return ", ".join(f"{name} {value}" for name, value in kept.choices.items()) or "as usual"

"""The operator's page that publishes a run, reached from the list of runs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from catalog.models import Catalogue, Run

from .selectors import publishing_obstacles
from .services import catalogue_publish


class PublishForm(forms.ModelForm):
    """What the operator adds to a catalogue."""

    title = forms.CharField(
        max_length=200, required=False, help_text="Empty: galaxies and nebulae of the run, by its number."
    )
    uninspected = forms.BooleanField(
        required=False,
        label="Nobody inspected it",
        help_text="Take every candidate of a run without votes. The catalogue says so wherever it appears.",
    )

    class Meta:
        model = Catalogue
        fields = ["title", "notes"]


class PublishingMixin(admin.ModelAdmin):
    """Adds the action and its page to the administration of runs."""

    actions = ["publish"]

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.add_catalogue")

    @admin.action(description="Publish as a catalogue", permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Run]) -> HttpResponse | None:
        runs = list(queryset.values_list("pk", flat=True)[:2])
        if len(runs) != 1:
            self.message_user(request, "A catalogue holds one run: choose one.", messages.ERROR)
            return None
        return HttpResponseRedirect(reverse("admin:catalog_run_publish", args=runs))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.publish_page)
        return [path("<int:pk>/publish/", view, name="catalog_run_publish"), *super().get_urls()]

    def publish_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What stands in the way, and the form; a POST publishes."""
        user = request.user
        if not isinstance(user, User) or not self.has_publish_permission(request):
            raise PermissionDenied
        run = get_object_or_404(Run, pk=pk)
        form = PublishForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                catalogue = catalogue_publish(
                    run=run,
                    title=form.cleaned_data["title"],
                    notes=form.cleaned_data["notes"],
                    uninspected=form.cleaned_data["uninspected"],
                    user=user,
                )
            except ValidationError as refused:
                form.add_error(None, refused)
            else:
                return HttpResponseRedirect(catalogue.get_absolute_url())
        context = {
            **self.admin_site.each_context(request),
            "title": f"Publish run {run.pk}",
            "opts": self.model._meta,
            "form": form,
            "run": run,
            "obstacles": [] if form.is_bound else publishing_obstacles(run=run),
        }
        return TemplateResponse(request, "admin/catalog/publish.html", context)

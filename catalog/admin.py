"""The operator's view of what is held. Rows come from imports and runs, so most of it is for reading."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from .counterparts import admin as counterparts_admin  # noqa: F401 - registers its models
from .deleting import regions_kept_for, release_kept_for, run_kept_for, spectra_kept_for
from .deleting_admin import CountedDeletion
from .inspection import admin as inspection_admin  # noqa: F401 - registers its models
from .models import (
    Candidate,
    Catalogue,
    Codebook,
    HIIRegion,
    ImportBatch,
    LineRedshift,
    Refusal,
    RegionMatch,
    Release,
    Run,
    Spectrum,
)
from .publishing.admin import PublishingMixin


class ReadOnlyAdmin(CountedDeletion):
    """Rows that imports and runs write; deleting follows Django's permissions."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Release)
class ReleaseAdmin(CountedDeletion):
    list_display = ("name", "slug", "survey", "simulated", "spectra")
    list_filter = ("survey", "simulated")
    readonly_fields = ("slug", "survey", "simulated", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        return super().get_queryset(request).annotate(held=Count("spectra"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def kept(self, rows: list[Release]) -> list[str]:
        return [words for release in rows for words in release_kept_for(release=release)]

    @admin.display(ordering="held")
    def spectra(self, release: Any) -> int:
        return int(release.held)


class RoleForm(forms.ModelForm):
    """The role of a spectrum, the one thing about it that is an operator's choice."""

    class Meta:
        model = Spectrum
        fields = ["role"]

    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        if role == Spectrum.Role.TEMPLATE and self.instance.z is None:
            raise forms.ValidationError("A template needs a published redshift, and this spectrum has none.")
        return role


@admin.register(Spectrum)
class SpectrumAdmin(CountedDeletion):
    form = RoleForm
    list_display = ("name", "release", "role", "cls", "subclass", "z", "snr_r", "has_file")
    list_filter = ("release", "role")
    list_select_related = ("release",)
    list_per_page = 50
    search_fields = ("name__startswith", "=obsid")
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in Spectrum._meta.concrete_fields if field.name not in ("id", "role")]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return ["role", *self.get_readonly_fields(request, obj)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def kept(self, rows: list[Spectrum]) -> list[str]:
        return spectra_kept_for(spectra=[spectrum.pk for spectrum in rows])

    def view_on_site(self, obj: Spectrum) -> str:
        return obj.get_absolute_url()

    @admin.display(boolean=True, description="file")
    def has_file(self, spectrum: Spectrum) -> bool:
        return bool(spectrum.file)


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "origin", "release", "started_at", "finished_at",
        "imported", "attached", "already_held", "refusals",
    )  # fmt: skip
    list_select_related = ("release",)

    def counted(self, rows: list[ImportBatch]) -> dict[str, int]:
        return {"refusals": Refusal.objects.filter(batch__in=rows).count()}

    @admin.display(description="refused", ordering="refused")
    def refusals(self, batch: ImportBatch) -> str:
        if not batch.refused:
            return "0"
        address = reverse("admin:catalog_refusal_changelist")
        return format_html('<a href="{}?batch__id__exact={}">{}</a>', address, batch.pk, batch.refused)


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = ("file", "reason", "detail", "advice", "batch")
    list_filter = ("reason", ("batch", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("batch",)
    search_fields = ("file",)


@admin.register(HIIRegion)
class HIIRegionAdmin(ReadOnlyAdmin):
    list_display = ("name", "version", "catalog", "glon", "glat", "radius_arcsec", "hii_name")
    list_filter = ("version", "catalog")
    search_fields = ("name", "hii_name")

    def counted(self, rows: list[HIIRegion]) -> dict[str, int]:
        return {"matches with spectra": RegionMatch.objects.filter(region__in=rows).count()}

    def kept(self, rows: list[HIIRegion]) -> list[str]:
        return regions_kept_for(regions=[region.pk for region in rows])


@admin.register(Run)
class RunAdmin(PublishingMixin, ReadOnlyAdmin):
    list_display = ("id", "profile", "created_at", "completed_at", "n_templates", "n_queries", "n_candidates")
    list_filter = ("profile", "metric")

    def view_on_site(self, obj: Run) -> str:
        return obj.get_absolute_url()

    def counted(self, rows: list[Run]) -> dict[str, int]:
        return {
            "candidates": Candidate.objects.filter(run__in=rows).count(),
            "redshifts from lines": LineRedshift.objects.filter(run__in=rows).count(),
            "codebooks": Codebook.objects.filter(run__in=rows).count(),
        }

    def kept(self, rows: list[Run]) -> list[str]:
        return [words for run in rows for words in run_kept_for(run=run)]


@admin.register(Catalogue)
class CatalogueAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "title",
        "published_at",
        "run",
        "n_galaxies",
        "n_nebulae",
        "inspected",
        "simulated",
    )
    list_select_related = ("run",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def view_on_site(self, obj: Catalogue) -> str:
        return obj.get_absolute_url()


@admin.register(Candidate)
class CandidateAdmin(ReadOnlyAdmin):
    list_display = ("spectrum", "run", "kind", "is_primary", "z_cl", "z_rt", "bpt_class", "nebula_state")
    list_filter = ("kind", "run", "bpt_class", "nebula_state")
    list_select_related = ("spectrum", "run")
    search_fields = ("spectrum__name__startswith",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never one of a run: an operator withdraws it under /inspect/."""
        return False

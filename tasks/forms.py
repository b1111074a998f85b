"""The forms of the admin's pages that start a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django_filters.fields import RangeField

from catalog.counterparts.roads import LARGEST_RADIUS_ARCSEC, RADIUS_ARCSEC
from catalog.filterkinds import LIST
from catalog.filtersets import SpectrumFilterSet
from catalog.models import DECIDING, Release, Run, Service, Spectrum, SpectrumBlock
from catalog.run_settings import configuration_labels, differences, run_settings
from catalog.runs import Selection, selection
from retrieval.detect import DetectParameters
from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from retrieval.redshift import TOLERANCE
from retrieval.velocity import NEBULAR_LIMIT

from .services import NO_CONFIGURATION, Plan, retrieval_plan, selection_faults

MAIN_FILTERS = ("release", "role", "cls", "z", "snr_r")
INITIAL = "templates-role=template&queries-role=unknown"


class LaunchForm(forms.Form):
    """Parameters of a retrieval run; the selections are filters of spectra beside it."""

    paper = forms.MultipleChoiceField(
        label="The paper's configurations",
        choices=[(str(c), str(c)) for c in PAPER_CONFIGURATIONS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    custom = forms.CharField(
        label="Other configurations",
        required=False,
        help_text="step:segments:centres with commas between, such as 2:25:60. The run is then custom.",
    )
    metric = forms.ChoiceField(label="Metric", choices=Run.Metric.choices)
    normalization = forms.ChoiceField(label="Normalisation", choices=Run.Normalization.choices)
    z_tolerance = forms.FloatField(label="Redshift tolerance", initial=TOLERANCE)
    velocity_limit_kms = forms.FloatField(
        label="Velocity limit of nebulae (km/s)",
        initial=NEBULAR_LIMIT,
        help_text="Candidates below it in both redshifts are nebulae, the others galaxies.",
    )
    seed = forms.IntegerField(label="Seed of the codebooks", initial=0, min_value=0)
    note = forms.CharField(label="Note", required=False, max_length=200)

    def clean_custom(self) -> list[Configuration]:
        try:
            given = self.cleaned_data["custom"].split(",")
            return [Configuration.parse(text) for text in given if text.strip()]
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def arguments(self) -> dict[str, Any]:
        """Arguments of retrieval_plan, but for the selections; the form is valid."""
        data = self.cleaned_data
        paper = [Configuration.parse(text) for text in data["paper"]]
        names = ("metric", "normalization", "z_tolerance", "velocity_limit_kms", "seed")
        return {"configurations": [*paper, *data["custom"]]} | {name: data[name] for name in names}


@dataclass
class Launch:
    """A run as it stands in the form: its selections, what is possible, what it would cost."""

    data: QueryDict

    @classmethod
    def like(cls, run: Run) -> Launch:
        """The form filled in with what a run was launched with."""
        data = QueryDict(mutable=True)
        labels, paper = configuration_labels(run), {str(c) for c in PAPER_CONFIGURATIONS}
        data.setlist("paper", [label for label in labels if label in paper])
        data["custom"] = ", ".join(label for label in labels if label not in paper)
        for name in ("metric", "normalization", "z_tolerance", "velocity_limit_kms", "seed"):
            data[name] = str(getattr(run, name))
        for part, parameters in (("templates", run.template_selection), ("queries", run.query_selection)):
            for name, values in parameters.items():
                data.setlist(f"{part}-{name}", values)
        data["like"] = str(run.pk)
        return cls(data)

    @cached_property
    def original(self) -> Run | None:
        """The run that this one is to be like."""
        number = self.data.get("like", "")
        return Run.objects.filter(pk=number).first() if number.isdecimal() else None

    @cached_property
    def form(self) -> LaunchForm:
        return LaunchForm(self.data if "metric" in self.data else None)

    def selection_parameters(self, part: str) -> dict[str, list[str]]:
        """The parameters of one selection, without the prefix and without empty ones."""
        prefix = f"{part}-"
        return {
            name.removeprefix(prefix): values
            for name, given in self.data.lists()
            if name.startswith(prefix) and (values := [value for value in given if value.strip()])
        }

    def selection(self, part: SpectrumBlock.Part) -> Selection:
        return selection(part, self.selection_parameters(part))

    def filters(self, part: str) -> forms.Form:
        """The filters of one selection as a form."""
        form = SpectrumFilterSet(self.data, queryset=Spectrum.objects.none(), prefix=part).form
        form.fields[LIST].help_text = format_html(
            'The last part of its address. <a href="{}?table=spectra">Give a list</a>', reverse("give-list")
        )
        for field in form.fields.values():
            if isinstance(field, (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)):
                field.widget = forms.CheckboxSelectMultiple()
                field.widget.choices = field.choices
            elif isinstance(field, forms.ModelChoiceField):  # here one chooses, elsewhere one types
                field.empty_label, field.help_text = "any", ""
            elif isinstance(field, RangeField):
                for end, box in zip(("from", "to"), field.widget.widgets, strict=True):
                    box.attrs["aria-label"] = f"{field.label} {end}"
        return form

    def check(self) -> None:
        """Raises ValidationError that names each wrong field and what is wrong with it."""
        if not self.form.is_bound or not self.form.is_valid():
            raise ValidationError(
                [
                    f"{self.form[name].label}: {' '.join(map(str, errors))}"
                    for name, errors in self.form.errors.items()
                ]
            )

    def plan(self) -> Plan:
        """The checked run. Raises ValidationError."""
        self.check()
        return retrieval_plan(**self.arguments())

    def arguments(self) -> dict[str, Any]:
        """Arguments of retrieval_plan; the form is valid."""
        return self.form.arguments() | {
            "template_selection": self.selection_parameters("templates"),
            "query_selection": self.selection_parameters("queries"),
        }

    def changes(self, plan: Plan) -> list[tuple[str, str, str]]:
        """What differs from the run that this one is to be like: setting, its value there and here."""
        if self.original is None:
            return []
        names = ("metric", "normalization", "z_tolerance", "velocity_limit_kms", "seed")
        planned = Run(
            template_selection=plan.templates.parameters,
            query_selection=plan.queries.parameters,
            detection=asdict(DetectParameters()),
            **{name: self.form.cleaned_data[name] for name in names},
        )
        before = run_settings(self.original, configuration_labels(self.original))
        after = run_settings(planned, [str(c) for c in plan.configurations])
        return [(one.name, one.before, one.after) for one in differences(before, after)]

    def preview(self) -> dict[str, Any]:
        """Counts, obstacles, faults and estimate, as the page shows them and JSON carries them."""
        faults: list[str] = []
        counts: dict[str, dict[str, int] | None] = {}
        selections: dict[str, Selection] = {}
        for part in SpectrumBlock.Part:
            try:
                selections[part] = chosen = self.selection(part)
                counts[part.value] = {"count": chosen.count, "left_out": chosen.left_out}
            except ValidationError as error:
                counts[part.value] = None
                faults += error.messages
        templates = (counts["templates"] or {}).get("count", 0)
        obstacles = {str(c): fault for c in PAPER_CONFIGURATIONS if (fault := c.obstacle(templates))}
        plan = None
        if not faults:
            try:
                plan = self.plan()
            except ValidationError as error:
                faults += error.messages or selection_faults(*selections.values()) or [NO_CONFIGURATION]
        return {
            "counts": counts,
            "obstacles": obstacles,
            "faults": faults,
            "profile": plan.profile if plan else None,
            "changes": self.changes(plan) if plan and self.original else None,
            "estimate": _estimate(plan) if plan else None,
        }


def _estimate(plan: Plan) -> dict[str, Any]:
    cost = plan.estimate
    return {
        "seconds": cost.seconds,
        "prepared_megabytes": round(cost.prepared_bytes / 1e6, 1),
        "database_megabytes": round(cost.database_bytes / 1e6, 1),
        "workers": settings.WORKERS,
    }


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """One or more uploaded files, as a list."""

    widget = SeveralFilesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, **kwargs)  # its import refuses it by name, and takes the rest

    def clean(self, data: Any, initial: Any = None) -> Any:
        given: Sequence[UploadedFile | None] = data or [None]  # the field itself says that none is too few
        return [super(SeveralFilesField, self).clean(file, initial) for file in given]


class UploadForm(forms.Form):
    """Spectra to import."""

    uploads = SeveralFilesField(
        label="Files",
        help_text="FITS files (also .gz), zip or tar.gz archives. Put more than a hundred files into one.",
    )
    release = forms.ModelChoiceField(
        label="Release",
        queryset=Release.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label="as the headers tell",
    )
    role = forms.ChoiceField(
        label="Role", choices=[("", "as the class tells"), *Spectrum.Role.choices], required=False
    )

    def arguments(self) -> Mapping[str, Any]:
        """Arguments of import_launch; the form is valid."""
        release = self.cleaned_data["release"]
        return {
            "files": self.cleaned_data["uploads"],
            "release": release.slug if release else None,
            "role": self.cleaned_data["role"] or None,
        }


class LookupForm(forms.Form):
    """Which run's sources are looked up, and where; its data are the arguments of counterparts_launch."""

    run = forms.ModelChoiceField(
        queryset=Run.objects.filter(completed_at__isnull=False), empty_label=None, label="Run"
    )
    services = forms.MultipleChoiceField(
        choices=Service.choices,
        initial=[service.value for service in DECIDING],
        widget=forms.CheckboxSelectMultiple,
        label="Services",
        help_text="SIMBAD, SDSS and NED decide what is new, and are asked about galaxies; others only warn.",
    )
    radius_arcsec = forms.FloatField(
        initial=RADIUS_ARCSEC,
        min_value=RADIUS_ARCSEC,
        max_value=LARGEST_RADIUS_ARCSEC,
        label="Radius (arcsec)",
        help_text="An object of larger extent matches within its extent.",
    )
    snapshot_only = forms.BooleanField(
        required=False, label="Snapshots only", help_text="Ask nobody over the network."
    )

"""Giving a list of names or positions, by form or as JSON, and the page that says what became of it."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from catalog.filterkinds import LIST
from catalog.models import GivenList
from catalog.tables import REFUSALS, REGIONS, TABLES

from .entries import parse
from .refused import refused_named
from .services import (
    MAX_ENTRIES,
    MAX_POSITIONS,
    MAX_RADIUS_ARCSEC,
    RADIUS_ARCSEC,
    ListError,
    list_create,
    of_names,
)

MAX_BYTES = 8 * 1024 * 1024
TARGETS = tuple((name, table.title) for name, table in TABLES.items() if LIST in table.filterset.base_filters)


class GivenForm(forms.Form):
    """A list pasted or uploaded; both together are one list after the other."""

    entries = forms.CharField(
        label="Paste: a file name, a position or an H II region on each line",
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "code"}),
        required=False, max_length=MAX_BYTES, strip=False,
    )  # fmt: skip
    file = forms.FileField(label="Or choose a text file (CSV, TSV or plain)", required=False)
    radius = forms.FloatField(
        label="Positions match within (arcsec)", min_value=1e-3, max_value=MAX_RADIUS_ARCSEC,
        required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    table = forms.ChoiceField(label="Show them among", choices=TARGETS, required=False)

    def clean_file(self) -> str:
        upload = self.cleaned_data["file"]
        if upload is None:
            return ""
        if upload.size > MAX_BYTES:
            raise ValidationError(f"The file has {upload.size:,} bytes, at most {MAX_BYTES:,} are taken.")
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValidationError("The file is no text in UTF-8: save the table as CSV.") from error
        if "\0" in text:
            raise ValidationError("The file holds binary data: save the table as CSV.")
        return str(text)

    @property
    def text(self) -> str:
        return "\n".join(
            filter(None, (self.cleaned_data["entries"].replace("\0", ""), self.cleaned_data["file"]))
        )


# A list belongs to nobody and grants nothing, so there is no session that a foreign page could abuse.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """The form, and what takes it: ``POST`` a form, or JSON ``{"names": [...]}``.

    JSON is answered by ``{"token", "count", "regions", "url", "unmatched"}``; the token is the parameter
    ``list`` of the lists, figures and downloads.
    """
    if request.method == "POST" and request.content_type == "application/json":
        return _take_json(request)
    if request.method != "POST":
        return _form(request, GivenForm(initial={"table": request.GET.get("table", "")}))
    form = GivenForm(request.POST, request.FILES)
    if form.is_valid():
        radius = form.cleaned_data["radius"]
        try:
            made = list_create(
                entries=parse(form.text), radius_arcsec=RADIUS_ARCSEC if radius is None else radius
            )
        except ListError as error:
            form.add_error("entries", str(error))
        else:
            table = form.cleaned_data["table"] or TARGETS[0][0]
            return redirect(made if made.unmatched else f"{reverse(table)}?{LIST}={made.token}")
    return _form(request, form)


def _form(request: HttpRequest, form: GivenForm) -> HttpResponse:
    context = {
        "form": form, "max_entries": MAX_ENTRIES, "max_positions": MAX_POSITIONS, "radius": RADIUS_ARCSEC,
        "max_megabytes": MAX_BYTES // 1024**2,
    }  # fmt: skip
    return render(request, "catalog/given/give.html", context, status=400 if form.errors else 200)


def _take_json(request: HttpRequest) -> JsonResponse:
    try:
        body: Any = json.loads(request.body)
        names = body["names"]
        if not isinstance(names, list) or not all(
            isinstance(name, str) and "\0" not in name for name in names
        ):
            raise ListError('“names” must be a list of texts: {"names": ["spec-..."]}.')
        made = list_create(entries=of_names(names))
    except (ValueError, KeyError, TypeError) as error:
        said = str(error) if isinstance(error, ListError) else 'Send JSON: {"names": ["spec-..."]}.'
        return JsonResponse({"error": said}, status=400)
    return JsonResponse(
        {
            "token": made.token,
            "count": made.spectra.count(),
            "regions": made.regions.count(),
            "url": made.get_absolute_url(),
            "unmatched": [
                {"line": line, "entry": text, "reason": reason} for line, text, reason in made.unmatched
            ],
        },
        status=201,
    )


@require_safe
def given_list(request: HttpRequest, token: str) -> HttpResponse:
    """What became of a list: its spectra, where to see them, and each entry that matched none."""
    given = get_object_or_404(GivenList, token=token)
    spectra, regions = given.spectra.count(), given.regions.count()
    refused = refused_named({entry.name for entry in parse(given.entries)}).count()
    held = {REGIONS.name: regions, REFUSALS.name: refused}
    context = {
        "given": given,
        "spectra": spectra,
        "regions": regions,
        "refused": refused,
        "targets": [
            (title, f"{reverse(name)}?{LIST}={token}") for name, title in TARGETS if held.get(name, spectra)
        ],
    }
    return render(request, "catalog/given/given.html", context)

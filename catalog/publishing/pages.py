"""The pages of published catalogues, and their files."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import condition, require_safe

from catalog import citation
from catalog.downloads.archive import MAX_SPECTRA
from catalog.downloads.stream import FORMATS
from catalog.downloads.views import archived
from catalog.models import Catalogue, PublishedFile

from .compare import Difference, TableComparison, catalogue_compare
from .files import selection
from .tables import PUBLISHED

SHOWN = 200
"""Differences that the page lists of each kind; the download has all."""


@require_safe
def catalogue_list(request: HttpRequest) -> HttpResponse:
    """/catalogues/: every published catalogue, the newest first."""
    catalogues = Catalogue.objects.select_related("run").defer("provenance")
    return render(request, "catalog/catalogues.html", {"catalogues": catalogues})


@require_safe
def catalogue_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One catalogue: counts, files, provenance, how to cite it."""
    catalogue = get_object_or_404(Catalogue.objects.select_related("run"), pk=number)
    files = list(catalogue.files.all())
    tables = [
        (table.table, [file for file in files if file.table == table.table.name]) for table in PUBLISHED
    ]
    context = {
        "catalogue": catalogue,
        "tables": tables,
        "files": files,
        "most_spectra": MAX_SPECTRA,
        "others": Catalogue.objects.exclude(pk=number).only("number", "title"),
        "bibtex": citation.bibtex(catalogue),
        "provenance": catalogue.provenance,
    }
    return render(request, "catalog/catalogue.html", context)


def _file(number: int, name: str, ext: str) -> PublishedFile:
    """Raises Http404."""
    found = PublishedFile.objects.filter(catalogue=number, name=f"{name}.{ext}").first()
    if found is None:
        raise Http404(f"Catalogue {number} has no file {name}.{ext}; its page lists those it has.")
    return found


def _etag(request: HttpRequest, number: int, name: str, ext: str) -> str:
    return f'"{_file(number, name, ext).sha256}"'


@require_safe
@condition(etag_func=_etag)
def catalogue_file(request: HttpRequest, number: int, name: str, ext: str) -> FileResponse:
    """A file as it was built when the catalogue was published."""
    found = _file(number, name, ext)
    return FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=found.name,
        content_type=FORMATS[found.suffix].content_type,
    )


@require_safe
def catalogue_spectra(request: HttpRequest, number: int, table: str) -> HttpResponseBase:
    """The original files of the spectra in a table of the catalogue, as a tar."""
    catalogue = get_object_or_404(Catalogue.objects.select_related("run"), pk=number)
    published = next((one for one in PUBLISHED if one.table.name == table), None)
    if published is None:
        raise Http404(f"A catalogue has no table {table}.")
    return archived(request, selection(catalogue, published), f"glowworm-{number}-{table}-spectra.tar")


@require_safe
def catalogue_checksums(request: HttpRequest, number: int) -> HttpResponse:
    """SHA256SUMS, as ``sha256sum --check`` reads it."""
    catalogue = get_object_or_404(Catalogue, pk=number)
    lines = (f"{file.sha256}  {file.name}\n" for file in catalogue.files.all())
    return HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def compare(request: HttpRequest, before: int, after: int) -> HttpResponse:
    """What catalogue ``after`` gained, lost and changed against ``before``, the first of each kind."""
    old, new, found = _compared(before, after)
    context = {
        "before": old,
        "after": new,
        "tables": [
            (
                one.table.table.title,
                one,
                [("Gained", one.gained), ("Lost", one.lost), ("Changed", one.changed)],
            )
            for one in found
        ],
        "shown": SHOWN,
        "shown_slice": f":{SHOWN}",
    }
    return render(request, "catalog/compare.html", context)


@require_safe
def differences(request: HttpRequest, before: int, after: int) -> HttpResponse:
    """All differences as CSV."""
    _, _, found = _compared(before, after)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["table", "what", "release", "file_LAMOST", "column", "before", "after", "why"])
    for one in found:
        writer.writerows(_line(difference) for difference in one.differences)
    response = HttpResponse(text.getvalue(), content_type=FORMATS["csv"].content_type)
    name = f"glowworm-catalogue-{before}-{after}-differences.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _compared(before: int, after: int) -> tuple[Catalogue, Catalogue, list[TableComparison]]:
    old, new = (get_object_or_404(Catalogue.objects.select_related("run"), pk=pk) for pk in (before, after))
    return old, new, catalogue_compare(before=old, after=new)


def _line(difference: Difference) -> list[Any]:
    column = difference.column.name if difference.column else ""
    cells = [
        int(value) if isinstance(value, bool) else value for value in (difference.before, difference.after)
    ]
    return [difference.table, difference.what, *difference.key, column, *cells, difference.why]

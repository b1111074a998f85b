"""The addresses of downloads: a list in a format, and the original file of a spectrum."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import condition, require_safe

from catalog.evidence import spectra_named
from catalog.models import Spectrum
from catalog.tables import TABLES

from .archive import archive, has_spectra
from .selection import NothingMatchesError, Selection, SelectionError, select
from .stream import FORMATS

PLAIN = "text/plain; charset=utf-8"


def says_why(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answers 400 to a selection that cannot be, 404 to one that is empty, with the reason in words."""

    @functools.wraps(view)
    def answered(*args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(*args, **kwargs)
        except SelectionError as error:
            return HttpResponse(f"{error}\n", status=400, content_type=PLAIN)
        except NothingMatchesError as nothing:
            return HttpResponse(f"{nothing}\n", status=404, content_type=PLAIN)

    return answered


@require_safe
@says_why
def download(request: HttpRequest, table: str, suffix: str) -> HttpResponseBase:
    """The list that the page with the same query shows, whole, as ``suffix``: one of ``FORMATS``."""
    if table not in TABLES or suffix not in FORMATS:
        raise Http404(f"There is no {table}.{suffix}; there are {', '.join(TABLES)} as {', '.join(FORMATS)}.")
    selection = select(table=TABLES[table], params=request.GET)
    form, now = FORMATS[suffix], datetime.now(UTC)
    response = StreamingHttpResponse(form.stream(selection, now), content_type=form.content_type)
    name = f"{selection.stem}-{now:%Y%m%d}.{suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@says_why
def spectra_archive(request: HttpRequest, table: str) -> HttpResponseBase:
    """The original files of the spectra in the list that the page with the same query shows, as a tar."""
    if table not in TABLES or not has_spectra(TABLES[table]):
        raise Http404(f"There is no list {table} of spectra.")
    selection = select(table=TABLES[table], params=request.GET)
    return archived(request, selection, f"{selection.stem}-spectra.tar")


@says_why
def archived(request: HttpRequest, selection: Selection, filename: str) -> HttpResponseBase:
    """The tar of a selection's spectra; its length is announced, so that a browser shows the progress."""
    found = archive(selection, absolute=request.build_absolute_uri)
    response = StreamingHttpResponse(found.stream(), content_type="application/x-tar")
    response["Content-Length"] = str(found.length)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _held(name: str, release: str | None) -> Spectrum:
    """The spectrum of that name with a file, of that release or else of the newest. Raises Http404."""
    for spectrum in spectra_named(name=name):
        if spectrum.file and (not release or spectrum.release.slug == release):
            return spectrum
    raise Http404(f"There is no original file of {name}{f' in release {release}' if release else ''}.")


def _etag(request: HttpRequest, name: str) -> str:
    return f'"{_held(name, request.GET.get("release")).sha256}"'


@require_safe
@condition(etag_func=_etag)
def original(request: HttpRequest, name: str) -> FileResponse:
    """The original file, byte for byte as it was imported, under its own name."""
    spectrum = _held(name, request.GET.get("release"))
    filename = PurePosixPath(str(spectrum.file.name)).name
    content_type = "application/gzip" if filename.endswith(".gz") else "application/fits"
    return FileResponse(
        spectrum.file.open("rb"), as_attachment=True, filename=filename, content_type=content_type
    )

"""Import of a LAMOST catalogue: rows of spectra whose files come later."""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from astropy.io import fits
from django.db import connection, transaction
from django.utils import timezone

from catalog.copying import copy_rows
from catalog.models import ImportBatch, Refusal, Release, Spectrum
from retrieval.readers import SpectrumHeader
from retrieval.readers.cards import integer
from retrieval.readers.lamost import lamost_header
from retrieval.readers.read import GZIP_MAGIC
from retrieval.readers.writer import file_name

from .reasons import REASONS
from .records import clean, header_columns, place, role_of
from .releases import release_named
from .spectra import LOCK, NAME_LENGTH, Tally

SLICE_ROWS = 5000
NEEDED = ("OBSID", "LMJD", "PLANID", "SPID", "FIBERID", "RA", "DEC", "CLASS", "Z")
_COPIED = [
    field.attname
    for field in Spectrum._meta.concrete_fields
    if field.attname not in ("id", "file", "warnings")
]
_CARDS = {"DESIGNATION": "DESIG"}  # columns whose name is not that of the header card; case apart

Row = tuple[int, Mapping[str, Any]]


class BadRowError(ValueError):
    """A row that cannot be used; the message names what was found."""


def catalogue_import(
    *,
    path: Path,
    release: str | None = None,
    started_by: Any = None,
    progress: Callable[[Tally], None] | None = None,
) -> ImportBatch:
    """Import a catalogue (CSV with ``|`` or ``,``, or FITS; gzipped or not) as spectra without files.

    A row whose obsid, or file name, the release holds already is left as it is. ``release`` is a slug; by
    default the DR number in the file's name tells. Raises ValueError where the file is no such catalogue, or
    is damaged.
    """
    target = release_named(slug=release or _slug_of(path), survey="LAMOST", simulated=False)
    with ExitStack() as stack:
        rows = _undamaged_rows(path, stack)
        first = list(islice(rows, SLICE_ROWS))
        batch = ImportBatch.objects.create(
            origin=clean(path.name, 400), release=target, started_by=started_by
        )
        some = first
        while some:
            tally = _keep(batch, target, path.name, some)
            if progress:
                progress(tally)
            some = list(islice(rows, SLICE_ROWS))
    batch.finished_at = timezone.now()
    batch.save()
    return batch


def _slug_of(path: Path) -> str:
    if found := re.search(r"dr(\d+)", path.name, re.IGNORECASE):
        return f"lamost-dr{found[1]}"
    raise ValueError(
        f"{path.name} does not name its data release: give one with --release, such as lamost-dr7"
    )


def _undamaged_rows(path: Path, stack: ExitStack) -> Iterator[Row]:
    """The rows of a catalogue. ValueError, with what to do, where the file cannot be read on."""
    number = 0
    try:
        for number, row in _rows(path, stack):
            yield number, row
    except (csv.Error, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{path.name} is damaged after row {number} ({error}): fetch it again and repeat the import, "
            "which leaves what is held as it is"
        ) from error


def _rows(path: Path, stack: ExitStack) -> Iterator[Row]:
    """Numbered rows as header cards; columns that are missing raise ValueError at the first row."""
    file = stack.enter_context(path.open("rb"))
    gzipped = file.peek(2)[:2] == GZIP_MAGIC
    stream: Any = stack.enter_context(gzip.GzipFile(fileobj=file)) if gzipped else file
    if stream.peek(10)[:10].startswith(b"SIMPLE  ="):
        return _fits_rows(_unpacked(stream, stack) if gzipped else path, stack)
    return _csv_rows(path.name, stream)


def _unpacked(stream: Any, stack: ExitStack) -> Path:
    """A table is read by its pages, which needs a plain file."""
    plain = Path(stack.enter_context(tempfile.TemporaryDirectory()), "catalogue.fits")
    with plain.open("wb") as file:
        shutil.copyfileobj(stream, file)
    return plain


def _fits_rows(path: Path, stack: ExitStack) -> Iterator[Row]:
    hdus = stack.enter_context(fits.open(path, memmap=True))
    table = next((hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)), None)
    if table is None:
        raise ValueError(f"{path.name} holds no table: is it a spectrum? Use import_spectra for those")
    names = _card_names(path.name, table.columns.names)
    if table.fileinfo()["datLoc"] + table.size > path.stat().st_size:
        raise EOFError("the table ends before its last row")
    for first in range(0, len(table.data), SLICE_ROWS):
        part = table.data[first : first + SLICE_ROWS]
        columns = [part[name].tolist() for name in table.columns.names]
        for number, values in enumerate(zip(*columns, strict=True), start=first + 1):
            yield number, dict(zip(names, values, strict=True))


def _csv_rows(name: str, stream: Any) -> Iterator[Row]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    header = text.readline()
    delimiter = "|" if "|" in header else ","
    names = _card_names(name, next(csv.reader([header], delimiter=delimiter), []))
    lines = csv.reader(text, delimiter=delimiter, strict=True)
    for number, values in enumerate(lines, start=2):
        if any("\n" in value for value in values):
            raise csv.Error("the next row opens a quote and does not close it, which would swallow rows")
        if values:
            yield number, dict(zip(names, values, strict=False)) if len(values) == len(names) else {}


def _card_names(file: str, columns: list[str]) -> list[str]:
    names = [_CARDS.get(name, name) for name in (column.strip().upper() for column in columns)]
    if missing := [name.lower() for name in NEEDED if name not in names]:
        raise ValueError(
            f"{file} is not a LAMOST catalogue: it has no column {', '.join(missing)} "
            f"(columns: {', '.join(columns)[:200]})"
        )
    return names


def _keep(batch: ImportBatch, release: Release, file: str, rows: list[Row]) -> Tally:
    tally = Tally(files=len(rows))
    spectra: list[Spectrum] = []
    refusals: list[Refusal] = []
    for number, row in rows:
        try:
            spectra.append(_spectrum(release, row))
        except BadRowError as bad:
            refusals.append(
                Refusal(
                    batch=batch,
                    file=clean(f"{file}: row {number}", 400),
                    reason="catalogue-row",
                    detail=clean(str(bad), None),
                    advice=REASONS["catalogue-row"].advice,
                )
            )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        new = _not_held(release, spectra)
        place(new)
        _insert(new)
        Refusal.objects.bulk_create(refusals, batch_size=1000)
        tally.imported, tally.refused = len(new), len(refusals)
        tally.already_held = len(spectra) - len(new)
        tally.releases[release.slug] = len(new)
        tally.roles.update(spectrum.role for spectrum in new)
        tally.reasons.update(refusal.reason for refusal in refusals)
        batch.imported += tally.imported
        batch.already_held += tally.already_held
        batch.refused += tally.refused
        batch.save()
    return tally


def _insert(spectra: list[Spectrum]) -> None:
    """By COPY, several times faster than INSERT; there is no file yet."""
    now = timezone.now()
    for spectrum in spectra:
        spectrum.imported_at = now
    rows = ([*(getattr(spectrum, name) for name in _COPIED), "", "[]"] for spectrum in spectra)
    copy_rows(Spectrum, [*_COPIED, "file", "warnings"], rows)


def _not_held(release: Release, spectra: list[Spectrum]) -> list[Spectrum]:
    held = Spectrum.objects.filter(release=release)
    obsids = set(
        held.filter(obsid__in=[spectrum.obsid for spectrum in spectra]).values_list("obsid", flat=True)
    )
    names = set(held.filter(name__in=[spectrum.name for spectrum in spectra]).values_list("name", flat=True))
    new = []
    for spectrum in spectra:
        if spectrum.obsid not in obsids and spectrum.name not in names:
            new.append(spectrum)
            obsids.add(spectrum.obsid)
            names.add(spectrum.name)
    return new


def _spectrum(release: Release, row: Mapping[str, Any]) -> Spectrum:
    """A row as a spectrum without a file. Raises BadRowError."""
    if not row:
        raise BadRowError("The row has another number of fields than the header.")
    for name in ("OBSID", "LMJD", "SPID", "FIBERID"):
        if (integer(row, name) or 0) <= 0:
            raise BadRowError(f"{name.lower()} = {str(row[name])[:40]!r} is not a number above 0.")
    header: SpectrumHeader = lamost_header(row)
    if header.ra is None:
        raise BadRowError(
            f"ra = {str(row['RA'])[:40]!r}, dec = {str(row['DEC'])[:40]!r} is not a place on the sky."
        )
    if not header.plan_id:
        raise BadRowError("planid is empty.")
    columns = header_columns(header)
    name = file_name(header).removesuffix(".fits")
    if columns["obsid"] is None or len(name) > NAME_LENGTH:
        raise BadRowError(f"obsid = {row['OBSID']} or the file name {name[:80]!r} is too long.")
    return Spectrum(release=release, name=name, role=role_of(header), **columns)

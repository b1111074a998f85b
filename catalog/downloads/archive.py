"""A tar of the original files of selected spectra, as they came, behind a MANIFEST.csv, as a stream."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from django.db.models import Model, QuerySet

from catalog.models import Spectrum
from catalog.pages.cells import spectrum_url
from catalog.tables import Table

from .selection import NothingMatchesError, Selection, SelectionError

MAX_SPECTRA = 10_000
"""Of some 100 kB each: about a gigabyte."""
MANIFEST = ("path", "file_LAMOST", "release", "ra", "dec", "bytes", "sha256", "page", "note")
CHUNK = 1 << 18


@dataclass(frozen=True)
class Member:
    """One entry of the archive: its header, its size, and how to open what follows the header."""

    name: str
    header: bytes
    size: int
    opened: Callable[[], IO[bytes]]

    @property
    def padding(self) -> int:
        return -self.size % tarfile.BLOCKSIZE


@dataclass(frozen=True)
class Archive:
    """The members, ready to be sent; ``length`` is the size of the whole in bytes."""

    members: tuple[Member, ...]

    @property
    def length(self) -> int:
        held = sum(len(member.header) + member.size + member.padding for member in self.members)
        return held + 2 * tarfile.BLOCKSIZE

    def stream(self) -> Iterator[bytes]:
        """Pieces of the tar. Raises OSError where a file is not as long as was announced."""
        for member in self.members:
            yield member.header
            sent = 0
            with member.opened() as file:
                while piece := file.read(CHUNK):
                    sent += len(piece)
                    yield piece
            if sent != member.size:
                raise OSError(f"{member.name}: {member.size} bytes were announced, {sent} came")
            yield bytes(member.padding)
        yield bytes(2 * tarfile.BLOCKSIZE)


def has_spectra(table: Table) -> bool:
    """Whether the rows of a table lead to spectra."""
    model: type[Model] | None = table.filterset._meta.model
    for step in table.release.split("__")[:-1]:
        model = model._meta.get_field(step).related_model if model else None
    return model is Spectrum


def spectra_of(selection: Selection) -> QuerySet[Spectrum]:
    """The spectra that the rows are about, each once."""
    prefix = selection.table.release.removesuffix("release")
    rows = selection.rows.order_by().values(f"{prefix}pk")
    return Spectrum.objects.filter(pk__in=rows).select_related("release").order_by("pk")


def archive(selection: Selection, *, absolute: Callable[[str], str]) -> Archive:
    """The archive of a selection's spectra. ``absolute`` makes an address of the portal absolute.

    A spectrum whose file is not held stands in the manifest with a note. Raises SelectionError beyond
    MAX_SPECTRA, NothingMatchesError where no file is held at all.
    """
    spectra = spectra_of(selection)
    count = spectra.count()
    if count > MAX_SPECTRA:
        raise SelectionError(
            f"The selection holds {count:,} spectra, an archive at most {MAX_SPECTRA:,}: filter it further."
        )
    members, lines = [], []
    for spectrum in spectra.iterator(chunk_size=2000):
        member, note = _member(spectrum)
        if member:
            members.append(member)
        held = (member.name, member.size) if member else ("", "")
        lines.append(
            (
                held[0], spectrum.name, spectrum.release.name, spectrum.ra, spectrum.dec, held[1],
                spectrum.sha256, absolute(spectrum_url(spectrum)), note,
            )
        )  # fmt: skip
    if not members:
        raise NothingMatchesError(
            f"Nothing to download: of none of the {count:,} selected spectra is the original file held here."
        )
    return Archive((_manifest(lines), *members))


def _member(spectrum: Spectrum) -> tuple[Member | None, str]:
    """The original file of a spectrum, or why there is none."""
    if not spectrum.file:
        return None, "known from a catalogue only"
    try:
        size = spectrum.file.size
    except OSError:
        return None, "the file is lost"
    name = f"{spectrum.release.slug}/{PurePosixPath(str(spectrum.file.name)).name}"
    header = _header(name, size, int(spectrum.imported_at.timestamp()))
    return Member(name, header, size, lambda: spectrum.file.storage.open(str(spectrum.file.name))), ""


def _manifest(lines: Sequence[tuple[object, ...]]) -> Member:
    text = io.StringIO()
    csv.writer(text).writerows([MANIFEST, *lines])
    content = text.getvalue().encode()
    return Member(
        "MANIFEST.csv", _header("MANIFEST.csv", len(content), 0), len(content), lambda: io.BytesIO(content)
    )


def _header(name: str, size: int, modified: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, modified, 0o644
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")

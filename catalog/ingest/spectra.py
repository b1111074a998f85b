"""Import of spectrum files, a few hundred at a time.

A file is kept in storage under its checksum before its row exists, and rows come in whole
transactions: an import that is killed leaves no half of anything, and running it again goes on
where it stopped, because what is held is known by its checksum.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import ImportBatch, Refusal, Release, Spectrum
from catalog.models.survey import spectrum_storage
from retrieval.readers import ObservedSpectrum, Refused, read_spectrum
from retrieval.readers.read import stem

from .files import TRUTH, FoundFile, find_truth, iterate_files
from .reasons import REASONS
from .records import clean, file_columns, header_columns, place, role_of
from .releases import check_slug, release_named, release_of
from .truth import truth_import

SLICE_FILES = 200
SLICE_BYTES = 64 * 2**20
NAME_LENGTH = 160
FILE_NAME_BYTES = 240  # file systems take 255
LOCK = 0x5350_4543  # of all imports: names, obsids and sources are found and made under it

_COUNTED = ("imported", "attached", "already_held", "refused")
_ATTACHED = ("name", "file", "sha256", "flux_unit", "layout", "n_pixels", "wave_min", "wave_max", "warnings")


@dataclass
class Tally:
    """What became of some files."""

    files: int = 0
    imported: int = 0
    attached: int = 0
    already_held: int = 0
    refused: int = 0
    releases: Counter[str] = field(default_factory=Counter)
    roles: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Choices:
    """What the operator chose for an import: a release, a role, roles by file (path or name)."""

    release: str | None = None
    role: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)

    def role_for(self, file: FoundFile) -> str | None:
        return self.roles.get(file.path) or self.roles.get(file.name) or self.role


Progress = Callable[[Tally], None]


def spectra_import(
    *,
    paths: Sequence[Path],
    release: str | None = None,
    role: str | None = None,
    manifest: Mapping[str, str] | None = None,
    started_by: Any = None,
    progress: Progress | None = None,
    batch: ImportBatch | None = None,
) -> ImportBatch:
    """Import folders, archives and files; ``progress`` is told of every slice.

    ``release`` is a slug, ``role`` one of Spectrum.Role, ``manifest`` gives roles by file. Files that cannot
    be used become refusals. Raises FileNotFoundError where a path does not exist, ValueError for no slug.
    """
    if release:
        check_slug(release)
    choices = Choices(release, role, manifest or {})
    found = [iterate_files(path) for path in paths]
    if batch is None:
        origin = clean(", ".join(str(path) for path in paths), 400)
        batch = ImportBatch.objects.create(origin=origin, started_by=started_by)
    for files in found:
        import_slice(batch=batch, files=files, choices=choices, progress=progress)
    import_finish(batch=batch, paths=paths)
    return batch


def import_slice(
    *,
    batch: ImportBatch,
    files: Iterable[FoundFile],
    choices: Choices | None = None,
    progress: Progress | None = None,
) -> Tally:
    """Import some of the files that ``iterate_files`` gives, and count them in the batch.

    To cut an import into chunks: ``islice(iterate_files(path), first, first + count)``. Inside an outer
    transaction the import's lock is held until that ends, so let nothing be locked before that another
    import may want. Doing a slice twice imports nothing twice.
    """
    total = Tally()
    for some in _slices(files):
        tally = _import(batch, some, choices or Choices())
        total.add(tally)
        if progress:
            progress(tally)
    return total


def import_finish(*, batch: ImportBatch, paths: Sequence[Path]) -> None:
    """Join the truth of simulated spectra, where the paths hold any, and close the batch."""
    batch.refresh_from_db()
    for path in paths:
        try:
            if content := find_truth(path):
                truth_import(content=content, release=batch.release)
        except (Refused, ValueError) as error:
            Refusal.objects.create(
                batch=batch,
                file=TRUTH,
                reason="truth-unreadable",
                detail=clean(str(error), None),
                advice=REASONS["truth-unreadable"].advice,
            )
            batch.refused += 1
    batch.finished_at = timezone.now()
    batch.save()


@dataclass
class _Arrival:
    """A file on its way: its spectrum, or why there is none."""

    file: FoundFile
    content: bytes = b""
    sha256: str = ""
    spectrum: ObservedSpectrum | None = None
    refused: Refused | None = None


def _slices(files: Iterable[FoundFile]) -> Iterator[list[_Arrival]]:
    """Some hundred files with their bytes, as many as memory bears well."""
    some: list[_Arrival] = []
    size = 0
    for file in files:
        arrival = _Arrival(file)
        try:
            arrival.content = file.read()
            arrival.sha256 = hashlib.sha256(arrival.content).hexdigest()
        except Refused as refused:
            arrival.refused = refused
        except OSError as error:
            arrival.refused = Refused("file-unreadable", f"{error.strerror or error}.")
        some.append(arrival)
        size += len(arrival.content)
        if len(some) >= SLICE_FILES or size >= SLICE_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _import(batch: ImportBatch, arrivals: list[_Arrival], choices: Choices) -> Tally:
    held = _held(arrivals, choices)
    for arrival in arrivals:
        if arrival.refused is None and arrival.sha256 not in held:
            _read(arrival)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        return _Slice(batch, choices, arrivals).keep()


def _read(arrival: _Arrival) -> None:
    try:
        arrival.spectrum = read_spectrum(arrival.content, arrival.file.name)
    except Refused as refused:
        arrival.refused = refused


def _held(arrivals: list[_Arrival], choices: Choices) -> dict[str, str]:
    """Name of the spectrum that holds each checksum: in the named release, or anywhere where none is."""
    rows = Spectrum.objects.filter(sha256__in={arrival.sha256 for arrival in arrivals} - {""})
    if choices.release:
        rows = rows.filter(release__slug=choices.release)
    return dict(rows.order_by("-id").values_list("sha256", "name"))


class _Slice:
    """One slice under the lock: decides about each file, then writes all rows at once."""

    def __init__(self, batch: ImportBatch, choices: Choices, arrivals: list[_Arrival]) -> None:
        self.batch = batch
        self.choices = choices
        self.arrivals = arrivals
        self.held = _held(arrivals, choices)
        self.tally = Tally(files=len(arrivals))
        self.new: list[Spectrum] = []
        self.attached: list[Spectrum] = []
        self.refusals: list[Refusal] = []
        self.releases: dict[tuple[str, str, bool], Release] = {}
        self.by_name: dict[tuple[int, str], Spectrum] = {}
        self.by_obsid: dict[int, list[Spectrum]] = defaultdict(list)

    def keep(self) -> Tally:
        self._look_up()
        for arrival in self.arrivals:
            try:
                self._decide(arrival)
            except Refused as refused:
                self._refuse(arrival, refused)
        place(self.new)
        Spectrum.objects.bulk_create(self.new, batch_size=SLICE_FILES)
        Spectrum.objects.bulk_update(self.attached, _ATTACHED, batch_size=SLICE_FILES)
        Refusal.objects.bulk_create(self.refusals)
        counts = {
            name: getattr(self.tally, name) for name in ("imported", "attached", "already_held", "refused")
        }
        changed: dict[str, Any] = {name: F(name) + count for name, count in counts.items()}
        if self.choices.release and self.releases:
            self.batch.release = changed["release"] = next(iter(self.releases.values()))
        ImportBatch.objects.filter(pk=self.batch.pk).update(**changed)
        return self.tally

    def _release(self, spectrum: ObservedSpectrum) -> Release:
        header = spectrum.header
        key = (header.survey, header.release, header.simulated)
        if key not in self.releases:
            slug = self.choices.release
            self.releases[key] = (
                release_named(slug=slug, survey=header.survey, simulated=header.simulated)
                if slug
                else release_of(header)
            )
        return self.releases[key]

    def _look_up(self) -> None:
        """Rows under the names or obsids of this slice, in the named release or in all of these surveys."""
        spectra = [arrival.spectrum for arrival in self.arrivals if arrival.spectrum]
        within = {self._release(spectrum).pk for spectrum in spectra}
        if not self.choices.release:
            surveys = {spectrum.header.survey for spectrum in spectra}
            within |= set(Release.objects.filter(survey__in=surveys).values_list("pk", flat=True))
        rows = Spectrum.objects.filter(release__in=within).select_related("release").order_by("id")
        for row in rows.filter(name__in={spectrum.name for spectrum in spectra}):
            self._remember(row)
        for row in rows.filter(obsid__in={spectrum.header.obsid for spectrum in spectra} - {None}):
            self._remember(row)

    def _remember(self, row: Spectrum) -> None:
        """One object per row, whichever way it is found."""
        row = self.by_name.setdefault((row.release_id, row.name), row)
        if row.obsid is not None and row not in self.by_obsid[row.obsid]:
            self.by_obsid[row.obsid].append(row)

    def _decide(self, arrival: _Arrival) -> None:
        name = clean(stem(arrival.file.name), None)
        if arrival.sha256 in self.held:
            if self.held[arrival.sha256] != name:
                raise Refused("duplicate", f"It is held as {self.held[arrival.sha256]}.")
            self.tally.already_held += 1
            return
        if arrival.refused:
            raise arrival.refused
        size = len(clean(arrival.file.name, None).encode())
        if not 0 < len(name) <= NAME_LENGTH or size > FILE_NAME_BYTES:
            raise Refused("name-unusable", f"{len(name)} characters, {size} bytes: {name[:80]!r}.")
        spectrum = arrival.spectrum or read_spectrum(arrival.content, arrival.file.name)
        release = self._release(spectrum)
        if release.simulated != spectrum.header.simulated:
            raise Refused("release-mismatch", f"{release.name} has simulated = {release.simulated}.")
        row = self._row_for(spectrum, name, release)
        if row is None:
            self._add(arrival, spectrum, name, release)
        else:
            self._attach(arrival, spectrum, name, row)
        self.held[arrival.sha256] = name

    def _row_for(self, spectrum: ObservedSpectrum, name: str, release: Release) -> Spectrum | None:
        """The row that waits for this file, None where there is none. Refused where its place is taken.

        A catalogue's row may stand in another release of the survey; its obsid tells.
        """
        obsid = spectrum.header.obsid
        same = self.by_obsid[obsid] if obsid is not None else []
        row = (
            next((row for row in same if row.release_id == release.pk), None)
            or self.by_name.get((release.pk, name))
            or next(
                (row for row in same if not row.sha256 and row.release.simulated == release.simulated), None
            )
        )
        if row is None:
            return None
        namesake = self.by_name.get((row.release_id, name), row)
        if row.sha256 or namesake is not row or (obsid is not None and row.obsid not in (None, obsid)):
            taken = row if row.sha256 else namesake
            raise Refused(
                "name-taken",
                f"{taken.name} of {taken.release.name} has obsid {taken.obsid}, checksum "
                f"{taken.sha256[:12] or 'none'}; this file has obsid {obsid}.",
            )
        return row

    def _add(self, arrival: _Arrival, spectrum: ObservedSpectrum, name: str, release: Release) -> None:
        columns = header_columns(spectrum.header)
        role = self.choices.role_for(arrival.file) or role_of(spectrum.header)
        if role == Spectrum.Role.TEMPLATE and columns["z"] is None:
            raise Refused("template-without-redshift")
        row = Spectrum(release=release, name=name, role=role, sha256=arrival.sha256)
        for column, value in (columns | file_columns(spectrum)).items():
            setattr(row, column, value)
        row.file.name = _store(arrival)
        self.new.append(row)
        self._remember(row)
        self.tally.imported += 1
        self.tally.releases[release.slug] += 1
        self.tally.roles[role] += 1

    def _attach(self, arrival: _Arrival, spectrum: ObservedSpectrum, name: str, row: Spectrum) -> None:
        row.name, row.sha256 = name, arrival.sha256
        row.flux_unit = clean(spectrum.header.flux_unit, 60)
        for column, value in file_columns(spectrum).items():
            setattr(row, column, value)
        row.file.name = _store(arrival)
        self.attached.append(row)
        self._remember(row)
        self.tally.attached += 1
        self.tally.releases[row.release.slug] += 1
        self.tally.roles[row.role] += 1

    def _refuse(self, arrival: _Arrival, refused: Refused) -> None:
        self.refusals.append(
            Refusal(
                batch=self.batch,
                file=clean(arrival.file.label, 400),
                reason=refused.code,
                detail=clean(f"{REASONS[refused.code].text} {refused.detail}".strip(), None),
                advice=REASONS[refused.code].advice,
                sha256=arrival.sha256,
            )
        )
        self.tally.refused += 1
        self.tally.reasons[refused.code] += 1


def _store(arrival: _Arrival) -> str:
    """Keep the bytes under their checksum; what a killed import left there is used again if it is whole."""
    storage = spectrum_storage()
    wanted = f"spectra/{arrival.sha256[:2]}/{arrival.sha256}/{clean(arrival.file.name, 200)}"
    if storage.exists(wanted):
        with storage.open(wanted) as file:
            if file.read() == arrival.content:
                return wanted
        storage.delete(wanted)
    return storage.save(wanted, ContentFile(arrival.content))

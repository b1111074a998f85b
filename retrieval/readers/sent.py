"""A spectrum that somebody sent: a survey's file, or a table of their own, told apart by what it holds."""

from __future__ import annotations

from dataclasses import replace

from retrieval.readers import read, textual, votable
from retrieval.readers.axis import Stated
from retrieval.readers.refusals import Refused
from retrieval.readers.spectrum import ObservedSpectrum
from retrieval.readers.table1d import RawTable, read_table1d

MAX_TEXT = 16 * 2**20  # bytes of a table written as text
OPTICAL = (2000.0, 13000.0)  # Angstrom
_ARRAYS = ("wavelength", "flux", "ivar", "andmask", "ormask")
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"(\xb5/\xfd")
_TAR = slice(257, 262)


def read_sent(raw: bytes, name: str, stated: Stated | None = None) -> ObservedSpectrum:
    """One spectrum of any layout that is known: those of `read_spectrum`, or a table.

    Tables are FITS, VOTable, ECSV, or CSV and its relatives, gzipped or not, with columns of wavelength and
    flux, and ivar, error or variance, and mask where there are. `stated` says what the file does not: a
    contradiction is refused. Raises Refused for whatever cannot be used, and nothing else.
    """
    stated = stated or Stated()
    raw = read.unpacked(raw)
    if not raw.strip():
        raise Refused("empty", f"{len(raw)} bytes.")
    if raw.startswith(read.FITS_MAGIC):
        return _optical(read.read_spectrum(raw, name, stated))
    return _optical(read_table1d(_table(raw), read.stem(name), stated))


def _optical(spectrum: ObservedSpectrum) -> ObservedSpectrum:
    """Without the pixels far outside of what is compared: some files reach from X-rays to radio."""
    kept = (spectrum.wavelength >= OPTICAL[0]) & (spectrum.wavelength <= OPTICAL[1])
    if kept.all():
        return spectrum
    parts = {part: getattr(spectrum, part)[kept] for part in _ARRAYS}
    return replace(spectrum, **parts, warnings=(*spectrum.warnings, "cut-to-optical"))


def _table(raw: bytes) -> RawTable:
    head = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if raw.startswith(_ARCHIVES) or raw[_TAR] == b"ustar":
        raise Refused("archive", f"It starts with {raw[:6]!r}.")
    if len(raw) > MAX_TEXT:
        raise Refused("too-large", f"{len(raw) / 2**20:.0f} MB of text; at most {MAX_TEXT // 2**20} MB.")
    if b"votable" in head and head.startswith(b"<"):
        return votable.read_votable(raw)
    if head.startswith(b"<"):
        raise Refused("web-page" if b"<html" in head or b"<!doctype html" in head else "table-unreadable",
                      f"It starts with {raw[:40]!r}.")  # fmt: skip
    if head.startswith(b"# %ecsv"):
        return textual.read_ecsv(raw)
    return textual.read_csv(raw)

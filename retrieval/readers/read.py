"""Open a file and choose its reader by structure, never by its name or by the release that it claims."""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from retrieval.readers import cards, image1d, lamost, sdss, table1d, tables
from retrieval.readers.axis import Stated
from retrieval.readers.refusals import Refused
from retrieval.readers.spectrum import ObservedSpectrum

MAX_BYTES = 64 * 2**20  # a spectrum takes 0.1 MB, the largest SDSS file with all exposures 10 MB
GZIP_MAGIC = b"\x1f\x8b"
FITS_MAGIC = b"SIMPLE  ="


def read_spectrum(
    source: Path | bytes, name: str | None = None, stated: Stated | None = None
) -> ObservedSpectrum:
    """Read one spectrum from a FITS file or from its bytes, gzipped or not.

    ``name`` (default: the file's own) loses its .fits, .fit and .gz. ``stated`` says of the wavelengths what
    the file does not. Raises Refused for whatever cannot be used, and OSError where the file itself cannot be
    opened.
    """
    raw = source if isinstance(source, bytes) else _contents(source)
    label = name or (source.name if isinstance(source, Path) else "spectrum")
    stated = stated or Stated()
    raw = unpacked(raw)
    if not raw:
        raise Refused("empty", "0 bytes.")
    if not raw.startswith(FITS_MAGIC):
        raise Refused("not-fits", f"It starts with {raw[:16]!r}.")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", AstropyWarning)
            with fits.open(io.BytesIO(raw), memmap=False, lazy_load_hdus=False) as hdus:
                spectrum = _read(list(hdus), raw, stem(label), stated)
                _check_stated(spectrum, stated)
                return spectrum
    except Refused:
        raise
    except Exception as error:  # a damaged header can make astropy raise anything at all
        code = "truncated" if len(raw) % 2880 else "not-fits"
        raise Refused(code, f"{type(error).__name__}: {error}"[:300]) from error


def stem(name: str) -> str:
    """A spectrum's name: the file name without folder and endings."""
    name = Path(name).name
    for ending in (".gz", ".fits", ".fit", ".csv", ".ecsv", ".vot", ".xml", ".txt", ".dat"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return name


def _contents(path: Path) -> bytes:
    if (size := path.stat().st_size) > MAX_BYTES:
        raise Refused("unknown-layout", f"{size / 2**20:.0f} MB: no one-dimensional spectrum is that large.")
    return path.read_bytes()


def unpacked(raw: bytes) -> bytes:
    """The bytes themselves, or what they unpack to where they are gzipped. Raises Refused."""
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            content = file.read(MAX_BYTES + 1)
    except EOFError as error:
        raise Refused("truncated", f"The gzip stream of {len(raw)} bytes has no end.") from error
    except (OSError, zlib.error) as error:
        raise Refused("unreadable-archive", f"gzip: {error}.") from error
    if len(content) > MAX_BYTES:
        raise Refused("archive-bomb", f"{len(raw)} bytes unpack to more than {MAX_BYTES // 2**20} MB.")
    return content


def _read(hdus: list[Any], raw: bytes, name: str, stated: Stated) -> ObservedSpectrum:
    for hdu in hdus:
        end = hdu.fileinfo()["datLoc"] + hdu.size
        if end > len(raw):
            raise Refused("truncated", f"HDU {hdu.name!r} should end at byte {end}, the file has {len(raw)}.")
    primary = hdus[0]
    if lamost.is_medium_resolution(hdus):
        raise Refused("medium-resolution", f"It holds {', '.join(hdu.name for hdu in hdus[1:4])}.")
    columns = [set(tables.column_names(hdu)) for hdu in hdus]
    for hdu, names in zip(hdus, columns, strict=True):
        if names >= sdss.PIXEL_COLUMNS:
            about = next((h for h, n in zip(hdus, columns, strict=True) if n >= sdss.OBJECT_COLUMNS), None)
            return sdss.read_spec(primary, hdu, about, raw, name)
        if hdu.name == "COADD" or names >= {"FLUX", "IVAR", "ANDMASK"}:
            return lamost.read_coadd(primary, hdu, raw, name)
    axes = primary.header["NAXIS"]
    is_lamost = cards.text(primary.header, "TELESCOP") == "LAMOST"
    if axes == 2 and (is_lamost or "EXTEN0" in primary.header):
        return lamost.read_image(primary, name)
    if axes == 1:
        return image1d.read_image1d(primary, {hdu.name: hdu for hdu in hdus[1:]}, name, stated)
    if (table := _table(hdus)) is not None:
        return table1d.read_table1d(table, name, stated)
    found = ", ".join(f"{hdu.name} ({type(hdu).__name__}, {hdu.header['NAXIS']} axes)" for hdu in hdus[:6])
    raise Refused("wrong-hdus" if is_lamost else "unknown-layout", f"Found: {found}.")


def _table(hdus: list[Any]) -> table1d.RawTable | None:
    """The first binary table with a wavelength and a flux, with the cards of the primary and its own."""
    for hdu in hdus[1:]:
        if not tables.column_names(hdu):
            continue
        columns = [
            table1d.Column(column.name, column.unit or "", _whole(hdu.data[column.name]))
            for column in hdu.columns
        ]
        cards_of = [card for header in (hdus[0].header, hdu.header) for card in header.cards]
        about = {
            card.keyword: card.value for card in cards_of if card.keyword not in ("", "COMMENT", "HISTORY")
        }
        table = table1d.RawTable(columns, about)
        if table1d.is_spectrum(table):
            return table
    return None


def _whole(values: Any) -> Any:
    """The cell itself where a table of one row holds a vector."""
    return values[0] if len(values) == 1 and np.ndim(values[0]) == 1 else values


def _check_stated(spectrum: ObservedSpectrum, stated: Stated) -> None:
    """A survey's own layout tells unit and medium by itself: the sender may not say otherwise."""
    medium = "air" if "air-converted" in spectrum.warnings else "vacuum"
    if stated.medium not in ("", medium):
        raise Refused("medium-contradicted", f"The file is in {medium}, you say {stated.medium}.")
    if spectrum.layout not in ("image1d", "table1d") and stated.unit not in ("", "Angstrom"):
        raise Refused("unit-contradicted", f"The file is in Angstrom, you say {stated.unit}.")

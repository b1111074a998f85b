"""Write a spectrum as LAMOST writes it: for the simulated survey, and for tests of the readers.

The bytes follow from the arguments alone: no date of writing, no random identifier.
"""

from __future__ import annotations

import gzip
import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from retrieval.readers.spectrum import ObservedSpectrum, SpectrumHeader

BLOCK = 2880  # bytes of a FITS block
GZIP_LEVEL = 4

_MJD_ZERO = datetime(1858, 11, 17)
_MAGNITUDES = 7  # MAG1 to MAG7
_NOT_MEASURED, _NO_MAGNITUDE = -9999.0, 99.0

Card = tuple[str, Any, str]


def file_name(head: SpectrumHeader) -> str:
    """LAMOST's name of a spectrum's file: spec-<lmjd>-<planid>_sp<spectrograph>-<fibre>.fits."""
    return f"spec-{head.lmjd}-{head.plan_id}_sp{head.spectrograph or 0:02d}-{head.fiber or 0:03d}.fits"


def write_lamost(spectrum: ObservedSpectrum, path: Path, layout: str) -> None:
    """Write one file, gzipped where ``path`` ends in .gz. ValueError for a layout that is not LAMOST's."""
    content = lamost_bytes(spectrum, layout)
    path.write_bytes(gzip.compress(content, GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else content)


def lamost_bytes(spectrum: ObservedSpectrum, layout: str) -> bytes:
    """The file's bytes: "lamost-image5" is the layout of DR6 to DR8, "lamost-coadd" that of DR9 and DR10."""
    rows = np.array(
        [spectrum.flux, spectrum.ivar, spectrum.wavelength, spectrum.andmask, spectrum.ormask], dtype=">f4"
    )
    if layout == "lamost-image5":
        return _unit(_primary(spectrum, coadd=False), rows)
    if layout == "lamost-coadd":
        columns = np.vstack([rows, np.zeros_like(rows[:1])])  # NORM = 0: there is no normalised spectrum
        return _unit(_primary(spectrum, coadd=True), None) + _unit(_table_cards(rows.shape[1]), columns)
    raise ValueError(f"Layout {layout!r} cannot be written: choose lamost-image5 or lamost-coadd.")


def _unit(cards: list[Card], data: NDArray[Any] | None) -> bytes:
    content = fits.Header([fits.Card(*card) for card in cards]).tostring().encode("ascii")
    if data is not None:
        content += data.astype(">f4").tobytes()
    return content + b"\0" * (-len(content) % BLOCK)


def _primary(spectrum: ObservedSpectrum, *, coadd: bool) -> list[Card]:
    size = spectrum.flux.size
    # An empty primary of LAMOST still carries NAXIS1 and NAXIS2: a trap that readers must meet.
    structure: list[Card] = [
        ("SIMPLE", True, "Primary Header"),
        ("BITPIX", 16 if coadd else -32, ""),
        ("NAXIS", 0 if coadd else 2, "Number of array dimensions"),
        ("NAXIS1", size, ""),
        ("NAXIS2", 5, ""),
        ("EXTEND", True, ""),
    ]
    return [
        *structure,
        *_file_cards(spectrum, coadd=coadd),
        *_observation_cards(spectrum),
        *_target_cards(spectrum, coadd=coadd),
        *_reduction_cards(spectrum),
        *_result_cards(spectrum),
    ]


def _file_cards(spectrum: ObservedSpectrum, *, coadd: bool) -> list[Card]:
    head = spectrum.header
    cards: list[Card] = [
        ("COMMENT", "--------FILE INFORMATION", ""),
        ("FILENAME", file_name(head), ""),
        ("AUTHOR", "Simulation" if head.simulated else "LAMOST Pipeline", "Who compiled the information"),
        ("DATA_V", head.release, "Data release version"),
    ]
    if head.obsid is not None:
        cards.insert(2, ("OBSID", head.obsid, "Unique number ID of this spectrum"))
    if head.simulated:
        cards.append(("SIMULATE", True, "Simulated spectrum: not an observation"))
    if coadd:
        cards += [
            ("N_EXTEN", 2, "The amount of extension"),
            ("NORM", 0, "1 if there exists a normalized spectrum"),
        ]
    else:
        cards += [
            ("EXTEN0", "Flux, Inverse, Wavelength, Andmask, Ormask", ""),
            ("N_EXTEN", 1, "The extension number"),
            ("EXTNAME", "Flux", "The extension name"),
        ]
    return cards


def _observation_cards(spectrum: ObservedSpectrum) -> list[Card]:
    head = spectrum.header
    start = _MJD_ZERO + timedelta(days=head.mjd or 0, hours=12)  # UTC
    local = start + timedelta(hours=8)  # Beijing
    return [
        ("COMMENT", "--------TELESCOPE PARAMETERS", ""),
        ("TELESCOP", "LAMOST", "GuoShouJing Telescope"),
        ("LONGITUD", 117.58, "[deg] Longitude of site"),
        ("LATITUDE", 40.39, "[deg] Latitude of site"),
        ("COMMENT", "--------OBSERVATION PARAMETERS", ""),
        ("DATE-OBS", (start + timedelta(minutes=45)).isoformat(), "The observation median UTC"),
        ("DATE-BEG", local.isoformat() + ".0", "The observation start local time"),
        ("DATE-END", (local + timedelta(minutes=90)).isoformat() + ".0", "The observation end local time"),
        ("LMJD", head.lmjd, "Local Modified Julian Day"),
        ("MJD", head.mjd, "Modified Julian Day"),
        ("PLANID", head.plan_id, "Plan ID in use"),
        ("NEXP", 3, "Number of valid exposures"),
        ("EXPTIME", 5400.0, "[s] Minimum of exposure time for all cameras"),
        ("SPID", head.spectrograph, "Spectrograph ID"),
    ]


def _target_cards(spectrum: ObservedSpectrum, *, coadd: bool) -> list[Card]:
    head = spectrum.header
    type_key, mask_key = ("FIB_TYPE", "FIB_MASK") if coadd else ("FIBERTYP", "FIBERMAS")
    cards: list[Card] = [
        ("RA", head.ra, "[deg] Right ascension of object"),
        ("DEC", head.dec, "[deg] Declination of object"),
        ("RADECSYS", "FK5", "Equatorial coordinate system"),
        ("EQUINOX", 2000.0, "Equinox in years"),
        ("DESIG", head.designation, "Designation of LAMOST target"),
        ("FIBERID", head.fiber, "Fiber ID of Object"),
        ("OBJTYPE", head.object_type, "Object type from input catalog"),
        ("TSOURCE", "SIMULATE" if head.simulated else "-", "Name of input catalog"),
        ("TFROM", "-", "Target catalog"),
        (type_key, "Obj", "Fiber type of object"),
        (mask_key, 0, "Bitmask of warning values, 0 means all is well"),
    ]
    magnitudes = {
        band: _NO_MAGNITUDE if value is None else round(value, 2) for band, value in head.magnitudes.items()
    }
    if coadd:
        return cards + [
            (f"MAG_PS_{band.upper()}", magnitudes.get(band, _NO_MAGNITUDE), "[mag] Magnitude of object")
            for band in "grizy"
        ]
    values = [*magnitudes.values(), *[_NO_MAGNITUDE] * _MAGNITUDES][:_MAGNITUDES]
    return [
        *cards,
        ("MAGTYPE", "".join(magnitudes), "Magnitude type of object"),
        *((f"MAG{n}", value, f"[mag] Mag{n} of object") for n, value in enumerate(values, start=1)),
    ]


def _reduction_cards(spectrum: ObservedSpectrum) -> list[Card]:
    head = spectrum.header
    start = round(math.log10(spectrum.wavelength[0]), 4)
    step = 0.0001
    return [
        ("COMMENT", "--------DATA REDUCTION PARAMETERS", ""),
        ("HELIO", True, "Heliocentric correction"),
        ("HELIO_RV", round(_heliocentric(head.ra or 0.0, head.dec or 0.0, head.mjd or 0), 5), "[km/s]"),
        ("VACUUM", True, "Wavelengths are in vacuum"),
        ("NWORDER", 2, "Number of linear-log10 coefficients"),
        ("WFITTYPE", "LOG-LINEAR", "Linear-log10 dispersion"),
        ("COEFF0", start, "Central wavelength (log10) of first pixel"),
        ("COEFF1", step, "Log10 dispersion per pixel"),
        ("CRVAL1", start, "Central wavelength (log10) of first pixel"),
        ("CD1_1", step, "Log10 dispersion per pixel"),
        ("CRPIX1", 1, "Starting pixel (1-indexed)"),
        ("CTYPE1", "LINEAR", ""),
        ("DC-FLAG", 1, "Log-linear flag"),
    ]


def _result_cards(spectrum: ObservedSpectrum) -> list[Card]:
    head = spectrum.header
    return [
        ("COMMENT", "--------SPECTRA ANALYSIS RESULTS", ""),
        ("VERSPIPE", head.pipeline, "Version of Pipeline"),
        ("CLASS", head.cls, "Class of object"),
        ("SUBCLASS", head.subclass, "Subclass of object"),
        ("Z", _NOT_MEASURED if head.z is None else head.z, "Redshift of object"),
        ("Z_ERR", _NOT_MEASURED if head.z_err is None else head.z_err, "Redshift error of object"),
        ("ZFLAG", "PIPELINE", "Which method computes the redshift"),
        *(
            (f"SNR{band.upper()}", round(head.snr.get(band, _NOT_MEASURED), 2), f"SNR of {band} filter")
            for band in "ugriz"
        ),
    ]


def _table_cards(size: int) -> list[Card]:
    names = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK", "NORMALIZATION")
    return [
        ("XTENSION", "BINTABLE", "Binary table"),
        ("BITPIX", 8, "Required value"),
        ("NAXIS", 2, "Required value"),
        ("NAXIS1", 4 * size * len(names), "Number of bytes per row"),
        ("NAXIS2", 1, "Number of rows"),
        ("PCOUNT", 0, "Normally 0 (no varying arrays)"),
        ("GCOUNT", 1, "Required value"),
        ("TFIELDS", len(names), "Number of columns in table"),
        ("EXTNAME", "COADD", "The extension name"),
        *((f"TTYPE{n}", name, "") for n, name in enumerate(names, start=1)),
        *((f"TFORM{n}", f"{size}E", "") for n in range(1, len(names) + 1)),
    ]


def _heliocentric(ra: float, dec: float, mjd: float) -> float:
    """Velocity of the Earth towards a place on the sky, km/s, of a circular orbit: right to about 1 km/s."""
    sun = math.radians(280.46 + 0.9856474 * (mjd - 51544.5))  # ecliptic longitude of the mean Sun
    tilt = math.radians(23.4393)
    a, d = math.radians(ra), math.radians(dec)
    y = math.cos(tilt) * math.cos(d) * math.sin(a) + math.sin(tilt) * math.sin(d)
    x = math.cos(d) * math.cos(a)
    return 29.79 * (x * math.sin(sun) - y * math.cos(sun))

"""LAMOST low-resolution spectra, DR1 to DR10 and later: a five-row image, or a COADD table of one row."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from retrieval.readers import cards
from retrieval.readers.air import air_to_vacuum
from retrieval.readers.refusals import Refused
from retrieval.readers.spectrum import ObservedSpectrum, SpectrumHeader, observed
from retrieval.readers.tables import read_columns

COADD_COLUMNS = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")

_SINGLE_EXPOSURE = re.compile(r"[BR]-\d+")


def is_medium_resolution(hdus: list[Any]) -> bool:
    return any(hdu.name in ("COADD_B", "COADD_R") or _SINGLE_EXPOSURE.fullmatch(hdu.name) for hdu in hdus[1:])


def read_image(primary: Any, name: str) -> ObservedSpectrum:
    """Rows: flux, inverse variance, wavelength (DR1: continuum-subtracted flux), andmask, ormask."""
    header = primary.header
    rows = re.findall(r"[a-z]+", cards.text(header, "EXTEN0").lower())
    if header["NAXIS2"] != 5:
        raise Refused("wrong-hdus", f"The image has {header['NAXIS2']} rows, not 5.")
    flux, ivar, third, andmask, ormask = primary.data
    if "subcontinuum" in rows:
        layout, wavelength = "lamost-image5-subcontinuum", _grid_of_coefficients(header, flux.size)
    else:
        layout, wavelength = "lamost-image5", third
    return _spectrum(header, name, layout, wavelength, flux, ivar, andmask, ormask)


def read_coadd(primary: Any, table: Any, raw: bytes, name: str) -> ObservedSpectrum:
    """A table of one row of vector columns; the primary, although empty, carries all cards."""
    columns = read_columns(table, raw, COADD_COLUMNS)
    if missing := [column for column in COADD_COLUMNS if column not in columns]:
        code = "wavelength-missing" if missing == ["WAVELENGTH"] else "wrong-hdus"
        raise Refused(code, f"The table {table.name} has no {', '.join(missing)}.")
    if (rows := table.header["NAXIS2"]) != 1:
        raise Refused("wrong-hdus", f"The table {table.name} has {rows} rows, not 1.")
    flux, ivar, wavelength, andmask, ormask = (np.atleast_1d(columns[column][0]) for column in COADD_COLUMNS)
    return _spectrum(primary.header, name, "lamost-coadd", wavelength, flux, ivar, andmask, ormask)


def _grid_of_coefficients(header: fits.Header, size: int) -> NDArray[np.float64]:
    start = cards.number(header, "COEFF0", "CRVAL1")
    step = cards.number(header, "COEFF1", "CD1_1")
    if start is None or step is None:
        raise Refused("wavelength-missing", "No COEFF0 and COEFF1 in the header, and no wavelength row.")
    if not (0 < start < 10 and 0 < step < 0.1):
        raise Refused("wavelength-missing", f"COEFF0 = {start} and COEFF1 = {step} are not log10 Angstrom.")
    return np.power(10.0, start + step * np.arange(size))


def _spectrum(
    header: fits.Header,
    name: str,
    layout: str,
    wavelength: Any,
    flux: Any,
    ivar: Any,
    andmask: Any,
    ormask: Any,
) -> ObservedSpectrum:
    warnings = []
    if "VACUUM" not in header:
        warnings.append("vacuum-unstated")
    elif header["VACUUM"] is False:
        warnings.append("air-converted")
        wavelength = air_to_vacuum(np.asarray(wavelength, dtype=np.float64))
    if header.get("HELIO") is not True:
        warnings.append("not-heliocentric")
    meta = lamost_header(header)
    if meta.obsid is None:
        warnings.append("obsid-missing")
    if cards.text(header, "FIBERTYP", "FIB_TYPE").lower() == "sky":
        warnings.append("sky-fibre")
    return observed(
        name=name,
        layout=layout,
        header=meta,
        wavelength=wavelength,
        flux=flux,
        ivar=ivar,
        andmask=andmask,
        ormask=ormask,
        warnings=warnings,
    )


def lamost_header(header: fits.Header) -> SpectrumHeader:
    pipeline = cards.text(header, "VERSPIPE")
    ra, dec = cards.position(header, "RA", "DEC")
    snr = {band: cards.measured(header, f"SNR{band.upper()}", f"SN_{band.upper()}") for band in "ugriz"}
    return SpectrumHeader(
        survey="LAMOST",
        release=cards.text(header, "DATA_V") or f"DR1-3 (pipeline {pipeline})",  # DATA_V came with DR4
        obsid=cards.integer(header, "OBSID"),
        designation=cards.text(header, "DESIG"),
        ra=ra,
        dec=dec,
        lmjd=cards.integer(header, "LMJD"),
        mjd=cards.integer(header, "MJD"),
        plan_id=cards.text(header, "PLANID"),
        spectrograph=cards.integer(header, "SPID"),
        fiber=cards.integer(header, "FIBERID"),
        object_type=cards.text(header, "OBJTYPE"),
        cls=cards.text(header, "CLASS"),
        subclass=cards.text(header, "SUBCLASS"),
        z=cards.measured(header, "Z"),
        z_err=cards.measured(header, "Z_ERR"),
        snr={band: value for band, value in snr.items() if value is not None},
        magnitudes=_magnitudes(header),
        simulated=header.get("SIMULATE") is True,
        pipeline=pipeline,
        flux_unit=cards.text(header, "BUNIT") or "relative",
    )


def _magnitudes(header: fits.Header) -> dict[str, float | None]:
    """MAG1 to MAG7 in the bands of MAGTYPE; from DR9 on the Pan-STARRS magnitudes MAG_PS_G to MAG_PS_Y."""
    if "MAGTYPE" in header:
        keys = {band: f"MAG{n}" for n, band in enumerate(cards.bands(cards.text(header, "MAGTYPE")), start=1)}
    else:
        keys = {band: f"MAG_PS_{band.upper()}" for band in "grizy"}
    return {band: cards.magnitude(cards.number(header, key)) for band, key in keys.items() if key in header}

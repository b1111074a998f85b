"""SDSS spec and "lite" files: a COADD table of pixels, and one row about the object."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from retrieval.readers import cards
from retrieval.readers.refusals import Refused
from retrieval.readers.spectrum import ObservedSpectrum, SpectrumHeader, observed
from retrieval.readers.tables import read_columns

PIXEL_COLUMNS = {"flux", "loglam", "ivar", "and_mask", "or_mask"}
OBJECT_COLUMNS = {"CLASS", "Z", "PLUG_RA", "PLUG_DEC"}

_WANTED = {
    "CLASS", "SUBCLASS", "Z", "Z_ERR", "PLUG_RA", "PLUG_DEC", "SOURCETYPE", "OBJTYPE", "PLATE", "MJD",
    "FIBERID", "SPECTROGRAPHID", "SN_MEDIAN", "SN_MEDIAN_ALL", "SPECTROFLUX",
}  # fmt: skip


def read_spec(primary: Any, coadd: Any, about: Any, raw: bytes, name: str) -> ObservedSpectrum:
    """``loglam`` is log10 of the vacuum, heliocentric wavelength in Angstrom."""
    if about is None or about.header["NAXIS2"] != 1:
        raise Refused(
            "wrong-hdus", "There is no SPECOBJ or SPALL table of one row with CLASS, Z and PLUG_RA."
        )
    data = read_columns(coadd, raw, PIXEL_COLUMNS)
    row = {column: values[0] for column, values in read_columns(about, raw, _WANTED).items()}
    header = sdss_header(primary.header, row)
    warnings = []
    if primary.header.get("VACUUM") is not True:
        warnings.append("vacuum-unstated")
    if "HELIO_RV" not in primary.header:
        warnings.append("not-heliocentric")
    if header.cls == "SKY":
        warnings.append("sky-fibre")
    return observed(
        name=name,
        layout="sdss-spec",
        header=header,
        wavelength=10.0 ** np.asarray(data["loglam"], dtype=np.float64),
        flux=data["flux"],
        ivar=data["ivar"],
        andmask=data["and_mask"],
        ormask=data["or_mask"],
        warnings=warnings,
    )


def sdss_header(primary: cards.Cards, row: cards.Cards) -> SpectrumHeader:
    """The position is PLUG_RA, PLUG_DEC: RA and DEC of the primary are those of the telescope."""
    target = cards.text(row, "SOURCETYPE", "OBJTYPE")
    ra, dec = cards.position(row, "PLUG_RA", "PLUG_DEC")
    snr = dict(zip("ugriz", _vector(row, "SN_MEDIAN"), strict=False))
    if (overall := cards.number(row, "SN_MEDIAN_ALL")) is not None:
        snr["all"] = overall
    return SpectrumHeader(
        survey="SDSS",
        release=cards.text(primary, "VERS2D", "RUN2D"),
        ra=ra,
        dec=dec,
        mjd=cards.integer(row, "MJD"),
        plan_id=cards.text(row, "PLATE"),
        spectrograph=cards.integer(row, "SPECTROGRAPHID"),
        fiber=cards.integer(row, "FIBERID"),
        object_type=target,
        cls="SKY" if target == "SKY" else cards.text(row, "CLASS"),  # the pipeline classifies empty sky too
        subclass=cards.text(row, "SUBCLASS"),
        z=cards.measured(row, "Z"),
        z_err=cards.measured(row, "Z_ERR"),
        snr=snr,
        magnitudes={
            band: 22.5 - 2.5 * math.log10(flux) if flux > 0 else None  # nanomaggies
            for band, flux in zip("ugriz", _vector(row, "SPECTROFLUX"), strict=False)
        },
        simulated=primary.get("SIMULATE") is True,
        pipeline=cards.text(primary, "VERS2D", "RUN2D"),
        flux_unit=cards.text(primary, "BUNIT") or "relative",
    )


def _vector(row: cards.Cards, key: str) -> list[float]:
    return [float(value) for value in np.atleast_1d(row[key])] if key in row else []

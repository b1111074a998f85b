"""One-dimensional images of other instruments: read where the header says enough, else refused."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from retrieval.masks import MASK_BIT
from retrieval.readers import cards
from retrieval.readers.air import air_to_vacuum
from retrieval.readers.axis import ANGSTROMS, Stated, axis_medium, axis_unit, from_log, medium_said
from retrieval.readers.noise import noise
from retrieval.readers.refusals import Refused
from retrieval.readers.spectrum import ObservedSpectrum, SpectrumHeader, observed


def read_image1d(primary: Any, extensions: dict[str, Any], name: str, stated: Stated) -> ObservedSpectrum:
    """Flux in the primary; WAVELENGTH and VARIANCE in extensions, or the wavelength from the header."""
    header = primary.header
    flux = np.asarray(primary.data, dtype=np.float64)
    warnings: list[str] = []
    wavelength = _wavelength(header, extensions, flux.size, stated)
    _check_not_shifted(header, wavelength)
    if _medium(header, stated) == "air":
        wavelength = air_to_vacuum(wavelength)
        warnings.append("air-converted")
    if "HELIO_RV" not in header and header.get("HELIO") is not True:
        warnings.append("not-heliocentric")
    if "VARIANCE" in extensions:
        variance = np.asarray(extensions["VARIANCE"].data, dtype=np.float64)
        ivar = np.divide(1, variance, out=np.zeros_like(variance), where=variance > 0)
    else:
        ivar = np.full(flux.size, noise(flux) ** -2.0)
        warnings.append("noise-estimated")
    if ivar.shape != flux.shape or wavelength.shape != flux.shape:
        raise Refused(
            "length-mismatch",
            f"flux {flux.shape}, wavelength {wavelength.shape}, variance {ivar.shape} pixels.",
        )
    finite = np.flatnonzero(np.isfinite(flux))
    if not finite.size:
        raise Refused("nan-flux", f"{flux.size} of {flux.size} pixels.")
    lost = ~np.isfinite(flux) & ~(ivar > 0)  # pixels that the file itself marks as without data
    if lost.any():
        flux[lost] = np.interp(np.flatnonzero(lost), np.flatnonzero(~lost), flux[~lost])
        warnings.append("pixels-filled")
    mask = np.where(lost, MASK_BIT["NODATA"].value, 0)
    seen = slice(finite[0], finite[-1] + 1)
    return observed(
        name=name,
        layout="image1d",
        header=_header(header),
        wavelength=wavelength[seen],
        flux=flux[seen],
        ivar=ivar[seen],
        andmask=mask[seen],
        ormask=mask[seen],
        warnings=warnings,
    )


def _wavelength(
    header: fits.Header, extensions: dict[str, Any], size: int, stated: Stated
) -> NDArray[np.float64]:
    unit = axis_unit(cards.text(header, "CUNIT1"), stated, usual="Angstrom")
    if "WAVELENGTH" in extensions:
        axis = np.asarray(extensions["WAVELENGTH"].data, dtype=np.float64)
    else:
        start, step = cards.number(header, "CRVAL1"), cards.number(header, "CD1_1", "CDELT1")
        if start is None or step is None:
            raise Refused(
                "wavelength-missing", "There is neither a WAVELENGTH extension nor CRVAL1 with CDELT1."
            )
        pixel = np.arange(1, size + 1, dtype=np.float64)
        axis = start + step * (pixel - (cards.number(header, "CRPIX1") or 1.0))
    logarithmic = header.get("LOGSCALE") is True or header.get("DC-FLAG") == 1
    return from_log(axis) if logarithmic else axis * ANGSTROMS[unit]


def _check_not_shifted(header: fits.Header, wavelength: NDArray[np.float64]) -> None:
    """Refuse a spectrum that somebody moved to rest: COEFF0 still tells where its first pixel was."""
    before = cards.number(header, "COEFF0")
    if before is not None and abs(before - np.log10(wavelength[0])) > 2e-4:  # two SDSS pixels
        raise Refused(
            "wavelength-contradicted",
            f"COEFF0 puts the first pixel at {10**before:.1f} A, the axis at {wavelength[0]:.1f} A: "
            f"a factor of {10**before / wavelength[0]:.5f}; Z = {cards.number(header, 'Z')}.",
        )


def _medium(header: fits.Header, stated: Stated) -> str:
    if medium := axis_medium(medium_said(header), stated):
        return medium
    axis = cards.text(header, "CTYPE1")
    raise Refused("medium-unstated", f"There is no VACUUM card, and CTYPE1 = {axis!r} does not tell.")


def _header(header: fits.Header) -> SpectrumHeader:
    """RA and DEC of such files are often the telescope's, so only RAOBJ and DECOBJ count."""
    ra, dec = cards.position(header, "RAOBJ", "DECOBJ")
    snr = {band: cards.measured(header, f"SN_{band.upper()}") for band in "ugriz"}
    magnitudes = {band: cards.number(header, f"MAG_{band.upper()}") for band in "ugriz"}
    return SpectrumHeader(
        survey="SDSS" if cards.text(header, "TELESCOP").startswith("SDSS") else "other",
        ra=ra,
        dec=dec,
        mjd=cards.integer(header, "MJD", "UTMJD"),
        plan_id=cards.text(header, "PLATEID"),
        spectrograph=cards.integer(header, "SPECID"),
        fiber=cards.integer(header, "FIBERID"),
        object_type=cards.text(header, "OBJTYPE"),
        cls=cards.text(header, "CLASS"),
        subclass=cards.text(header, "SUBCLASS"),
        z=cards.measured(header, "Z"),
        z_err=cards.measured(header, "Z_ERR"),
        snr={band: value for band, value in snr.items() if value is not None},
        magnitudes={band: cards.magnitude(value) for band, value in magnitudes.items() if value is not None},
        simulated=header.get("SIMULATE") is True,
        pipeline=cards.text(header, "VERS2D"),
        flux_unit=cards.text(header, "BUNIT") or "relative",
    )

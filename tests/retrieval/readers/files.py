"""Spectrum files made here, byte for byte, for the readers to meet."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
from astropy.io import fits

from retrieval.readers import ObservedSpectrum
from retrieval.readers.writer import lamost_bytes
from retrieval.simulate.survey import simulate_one


@cache
def galaxy() -> ObservedSpectrum:
    return simulate_one("star-forming", "template", 3, seed=7).spectrum


def lamost(layout: str = "lamost-image5", **changes: object) -> bytes:
    """A LAMOST file of a simulated galaxy, with arrays or header fields changed."""
    return lamost_bytes(replace(galaxy(), **changes), layout)


def subcontinuum() -> bytes:
    """The same galaxy as the first releases wrote it: no wavelengths, but the flux without its continuum."""
    with fits.open(io.BytesIO(lamost())) as hdus:
        header, data = hdus[0].header.copy(), hdus[0].data.copy()
    header["EXTEN0"] = "Flux Inverse Subcontinuum Andmask Ormask"
    data[2] = np.random.default_rng(0).normal(0, 1, data.shape[1])
    for key in ("OBSID", "DATA_V", "SNRR"):
        del header[key]
    header["SN_R"] = 12.5
    return to_bytes(fits.PrimaryHDU(data, header))


def to_bytes(*hdus: object) -> bytes:
    buffer = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(buffer)
    return buffer.getvalue()


def with_cards(raw: bytes, **cards: object) -> bytes:
    """The same file with primary header cards set, or removed where the value is None."""
    with fits.open(io.BytesIO(raw)) as hdus:
        for key, value in cards.items():
            if value is None:
                hdus[0].header.remove(key)
            else:
                hdus[0].header[key] = value
        return to_bytes(*[hdu.copy() for hdu in hdus])


def sdss(
    *, about: dict[str, object] | None = None, drop: str = "", vacuum: bool = True, name: str = "SPECOBJ"
) -> bytes:
    """An SDSS "lite" file of a made-up galaxy; ``drop`` leaves a pixel column out."""
    size = 400
    rng = np.random.default_rng(1)
    columns = [
        ("flux", "E", rng.normal(10, 1, size)),
        ("loglam", "E", 3.6 + 1e-4 * np.arange(size)),
        ("ivar", "E", np.ones(size)),
        ("and_mask", "J", np.zeros(size, int)),
        ("or_mask", "J", np.full(size, 1 << 24)),
        ("model", "E", np.zeros(size)),
    ]
    coadd = fits.BinTableHDU.from_columns(
        [fits.Column(key, form, array=values) for key, form, values in columns if key != drop], name="COADD"
    )
    values = {
        "SURVEY": ("6A", ["sdss"]),
        "SOURCETYPE": ("8A", ["GALAXY"]),
        "SPECOBJID": ("22A", ["  332304326343026688"]),
        "FIRSTFLAG": ("X", [[True]]),
        "CLASS": ("6A", ["GALAXY"]),
        "SUBCLASS": ("21A", ["STARFORMING"]),
        "Z": ("E", [0.0925]),
        "Z_ERR": ("E", [1e-5]),
        "PLUG_RA": ("D", [0.0]),
        "PLUG_DEC": ("D", [-10.5]),
        "PLATE": ("J", [431]),
        "MJD": ("J", [51877]),
        "FIBERID": ("J", [19]),
        "SN_MEDIAN": ("5E", [[1, 2, 3, 4, 5]]),
        "SN_MEDIAN_ALL": ("E", [3.5]),
        "SPECTROFLUX": ("5E", [[-1, 10, 100, 100, 100]]),
    } | (about or {})
    row = fits.BinTableHDU.from_columns(
        [fits.Column(key, form, array=array) for key, (form, array) in values.items()], name=name
    )
    primary = fits.PrimaryHDU()
    primary.header.update(TELESCOP="SDSS 2.5-M", HELIO_RV=3.2, VERS2D="v5_3_12", RA=180.0, DEC=0.0)
    primary.header["BUNIT"] = "1E-17 erg/cm^2/s/Ang"
    if vacuum:
        primary.header["VACUUM"] = True
    return to_bytes(primary, coadd, row)


def image1d(flux: np.ndarray, *extensions: tuple[str, np.ndarray], **cards: object) -> bytes:
    primary = fits.PrimaryHDU(np.asarray(flux, dtype=np.float32))
    primary.header.update(cards)
    return to_bytes(primary, *[fits.ImageHDU(array, name=name) for name, array in extensions])


def medium_resolution() -> bytes:
    columns = [fits.Column(key, "E", array=np.ones(50)) for key in ("FLUX", "IVAR", "LOGLAM")]
    arms = [fits.BinTableHDU.from_columns(columns, name=name) for name in ("COADD_B", "COADD_R")]
    return to_bytes(fits.PrimaryHDU(), *arms)

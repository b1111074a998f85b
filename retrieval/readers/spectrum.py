"""One observed spectrum as every reader returns it, and the checks that all of them share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.grid import START, STOP
from retrieval.masks import BAD_BITS, bad_pixels
from retrieval.readers.refusals import Refused

LAYOUTS = ("lamost-image5", "lamost-image5-subcontinuum", "lamost-coadd", "sdss-spec", "image1d", "table1d")


@dataclass(frozen=True)
class SpectrumHeader:
    """What the file says about its spectrum; None or "" where it does not say."""

    survey: str  # "LAMOST", "SDSS" or "other"
    release: str = ""
    obsid: int | None = None
    designation: str = ""
    ra: float | None = None  # deg, ICRS to the accuracy of the survey's FK5
    dec: float | None = None  # deg
    lmjd: int | None = None  # local modified Julian day, LAMOST's name of the night
    mjd: int | None = None  # modified Julian day, UTC
    plan_id: str = ""  # LAMOST plan, SDSS plate
    spectrograph: int | None = None
    fiber: int | None = None
    object_type: str = ""
    cls: str = ""  # as written: STAR, GALAXY, QSO, Unknown, SKY
    subclass: str = ""
    z: float | None = None
    z_err: float | None = None
    snr: dict[str, float] = field(default_factory=dict)  # per band u, g, r, i, z; SDSS also "all"
    magnitudes: dict[str, float | None] = field(default_factory=dict)  # per band; None where not measured
    simulated: bool = False
    pipeline: str = ""
    flux_unit: str = "relative"


@dataclass(frozen=True, eq=False)
class ObservedSpectrum:
    """A spectrum on its own pixels.

    ``wavelength`` (n,) is in vacuum Angstrom, heliocentric unless a warning says otherwise; ``flux`` (n,) is
    in ``header.flux_unit``, ``ivar`` (n,) in its inverse square; masks (n,) hold the survey's bits.
    ``warnings`` are keys of WARNINGS.
    """

    name: str
    layout: str
    wavelength: NDArray[np.float64]
    flux: NDArray[np.float32]
    ivar: NDArray[np.float32]
    andmask: NDArray[np.int32]
    ormask: NDArray[np.int32]
    header: SpectrumHeader
    warnings: tuple[str, ...] = ()

    @property
    def has_named_bits(self) -> bool:
        """True where the masks hold the bits of `retrieval.masks`; SDSS's mean other things."""
        return self.header.survey != "SDSS"

    @property
    def bad(self) -> NDArray[np.bool_]:
        """True (n,) where a pixel is not to be used. SDSS sets ivar to 0 where its own masks are fatal."""
        return bad_pixels(self.andmask, self.ivar, BAD_BITS if self.has_named_bits else 0)


def observed(
    *,
    name: str,
    layout: str,
    header: SpectrumHeader,
    wavelength: ArrayLike,
    flux: ArrayLike,
    ivar: ArrayLike,
    andmask: ArrayLike,
    ormask: ArrayLike,
    warnings: list[str],
) -> ObservedSpectrum:
    """Check the arrays of one spectrum and bring them to their types. Raises Refused; adds warning codes."""
    wave = np.asarray(wavelength, dtype=np.float64)
    with np.errstate(over="ignore"):  # what is beyond single precision is told below
        values = np.array(flux, dtype=np.float32)
        weight = np.array(ivar, dtype=np.float32)
    masks = [_bits(mask) for mask in (andmask, ormask)]
    lengths = [wave.size, values.size, weight.size, masks[0].size, masks[1].size]
    if len(set(lengths)) > 1:
        raise Refused(
            "length-mismatch",
            "wavelength {}, flux {}, ivar {}, andmask {}, ormask {} pixels.".format(*lengths),
        )
    _check_wavelength(wave)
    if bad := int(np.count_nonzero(~np.isfinite(values))):
        raise Refused("nan-flux", f"{bad} of {values.size} pixels.")
    if not values.any():
        raise Refused("zero-flux", f"All {values.size} pixels.")
    if not np.isfinite(weight).all():
        weight[~np.isfinite(weight)] = 0
        warnings.append("ivar-not-finite")
    if not (weight > 0).any():
        raise Refused("ivar-zero", f"All {weight.size} pixels.")
    lit = np.flatnonzero(values)
    for end in (slice(0, lit[0]), slice(lit[-1] + 1, None)):
        if (weight[end] > 0).any():
            weight[end] = 0
            if "zero-ends" not in warnings:
                warnings.append("zero-ends")
    if header.ra is None or header.dec is None:
        warnings.append("position-missing")
    return ObservedSpectrum(name, layout, wave, values, weight, masks[0], masks[1], header, tuple(warnings))


def _check_wavelength(wave: NDArray[np.float64]) -> None:
    if not np.isfinite(wave).all() or (wave <= 0).any():
        raise Refused("wavelength-missing", "Some wavelengths are not positive numbers.")
    steps = np.flatnonzero(np.diff(wave) <= 0)
    if steps.size:
        first = int(steps[0])
        raise Refused(
            "wavelength-not-monotonic",
            f"{steps.size} of {wave.size - 1} steps; pixel {first + 1} has {wave[first + 1]:.2f} A "
            f"after {wave[first]:.2f} A.",
        )
    inside = int(np.count_nonzero((wave >= START) & (wave <= STOP)))
    if inside < 2:
        covered = f"It covers {wave[0]:.1f} to {wave[-1]:.1f} A." if wave.size else "It has no pixels."
        raise Refused("no-overlap", covered)


def _bits(mask: ArrayLike) -> NDArray[np.int32]:
    """Mask bits as integers: LAMOST stores them as floats."""
    values = np.nan_to_num(np.asarray(mask, dtype=np.float64), nan=0, posinf=0, neginf=0)
    return np.clip(values, -(2**31), 2**31 - 1).astype(np.int32)

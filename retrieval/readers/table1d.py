"""A table with a column of wavelengths and one of flux, whatever it was written as, as a spectrum."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy import units as u
from numpy.typing import NDArray

from retrieval.masks import MASK_BIT
from retrieval.readers import cards
from retrieval.readers.air import air_to_vacuum
from retrieval.readers.axis import ANGSTROMS, Stated, axis_medium, axis_unit, from_log, medium_said
from retrieval.readers.noise import noise
from retrieval.readers.refusals import Refused
from retrieval.readers.spectrum import ObservedSpectrum, SpectrumHeader, observed

MAX_PIXELS = 60_000

WAVELENGTH = (
    "wavelength", "wavelengths", "wave", "waves", "lambda", "lam", "wl", "wlen", "spectral_axis", "spectral",
)  # fmt: skip
LOG_WAVELENGTH = ("loglam", "log_lam", "log_lambda", "log_wave", "logwave", "log_wavelength", "loglambda")
FLUX = ("flux", "fluxes", "f_lambda", "flambda", "flam", "flux_lambda", "flux_density", "intensity")
IVAR = ("ivar", "inverse_variance", "invvar", "inv_var", "flux_ivar", "ivar_flux")
ERROR = (
    "error", "err", "errors", "sigma", "sig", "uncertainty", "unc", "noise", "std", "stdev", "stddev",
    "flux_error", "flux_err", "flux_sigma", "flux_uncertainty", "error_flux", "err_flux", "e_flux", "eflux",
)  # fmt: skip
VARIANCE = ("variance", "var", "flux_variance", "flux_var")
MASK = ("mask", "flag", "flags", "quality", "qual", "dq", "bad", "bpm", "andmask", "and_mask")
_PER_FREQUENCY = ("fnu", "f_nu", "flux_nu")
_POSITIONS = (("RA_TARG", "DEC_TARG"), ("RAOBJ", "DECOBJ"), ("RA", "DEC"))
_UNIT_IN_NAME = re.compile(r"\s*[\[(]([^\])]*)[\])]\s*$")
_MEDIA = {"air": "air", "vac": "vacuum", "vacuum": "vacuum"}


@dataclass(frozen=True)
class Column:
    """One column: its name as written, its unit ("": not said), and its values (n,), masked where empty."""

    name: str
    unit: str
    values: NDArray[Any] | np.ma.MaskedArray

    @property
    def words(self) -> list[str]:
        """The name in small letters, without a unit in brackets, parted where it is not a letter or digit."""
        return re.findall(r"[a-z0-9]+", _UNIT_IN_NAME.sub("", self.name).lower())

    @property
    def key(self) -> str:
        """The words joined, without those that tell the medium."""
        return "_".join(word for word in self.words if word not in _MEDIA) or "_".join(self.words)

    @property
    def medium(self) -> str:
        return next((_MEDIA[word] for word in self.words if word in _MEDIA), "")

    @property
    def unit_said(self) -> str:
        """The unit; else that which stands in brackets behind the name."""
        in_name = _UNIT_IN_NAME.search(self.name)
        return self.unit.strip() or (in_name[1].strip() if in_name else "")

    def numbers(self) -> NDArray[np.float64]:
        """The values as float64 (n,); NaN where empty. Raises Refused for text."""
        try:
            filled = np.ma.filled(np.ma.asarray(self.values).astype(np.float64), np.nan)
        except (TypeError, ValueError) as error:
            raise Refused(
                "table-unreadable", f"Column {self.name[:40]!r} holds text, not numbers."
            ) from error
        return np.asarray(filled, dtype=np.float64)


@dataclass(frozen=True)
class RawTable:
    """Columns of one length, and the header's cards."""

    columns: Sequence[Column]
    about: Mapping[str, Any] = field(default_factory=dict)


def read_table1d(table: RawTable, name: str, stated: Stated) -> ObservedSpectrum:
    """The spectrum that a table holds. Wavelengths are taken to vacuum Angstrom. Raises Refused."""
    axis, logarithmic = _axis(table)
    flux_column = _find(table, FLUX)
    if axis is None or flux_column is None:
        names = ", ".join(column.name[:24] for column in table.columns[:12]) or "none"
        if _find(table, _PER_FREQUENCY):
            raise Refused("flux-unit", f"The columns are {names}.")
        raise Refused("columns-missing", f"Its columns are: {names}.")
    _check_size(axis, flux_column)
    warnings: list[str] = []
    wavelength = _wavelength(axis, logarithmic, table.about, stated, warnings)
    flux, unit = flux_column.numbers(), _flux_unit(flux_column)
    empty = np.ma.getmaskarray(np.ma.asarray(flux_column.values))
    ivar, flagged = _weights(table, flux_column, flux, warnings)
    lost = ~np.isfinite(flux) & (empty | flagged | ~(ivar > 0))  # the file itself says: nothing here
    if lost.any() and not lost.all():
        flux[lost] = np.interp(np.flatnonzero(lost), np.flatnonzero(~lost), flux[~lost])
        warnings.append("pixels-filled")
    ivar[lost | flagged] = 0.0
    flux, ivar, unit = _scaled(flux, ivar, unit)
    mask = np.where(lost | flagged, MASK_BIT["NODATA"].value, 0)
    if "HELIO_RV" not in table.about and table.about.get("HELIO") is not True:
        warnings.append("frame-unstated")
    return observed(
        name=name,
        layout="table1d",
        header=_header(table.about, unit),
        wavelength=wavelength,
        flux=flux,
        ivar=ivar,
        andmask=mask,
        ormask=mask,
        warnings=warnings,
    )


def is_spectrum(table: RawTable) -> bool:
    """Whether there are a wavelength and a flux, or what stands for one per frequency."""
    return _axis(table)[0] is not None and _find(table, FLUX + _PER_FREQUENCY) is not None


def _find(table: RawTable, names: Sequence[str]) -> Column | None:
    """The column whose name comes first among `names`."""
    ranks = {name: rank for rank, name in enumerate(names)}
    known = [column for column in table.columns if column.key in ranks]
    return min(known, key=lambda column: ranks[column.key], default=None)


def _axis(table: RawTable) -> tuple[Column | None, bool]:
    """The column of wavelengths, in vacuum where there are two, and whether it holds logarithms."""
    for names, logarithmic in ((WAVELENGTH, False), (LOG_WAVELENGTH, True)):
        in_vacuum = RawTable([column for column in table.columns if column.medium == "vacuum"])
        if found := _find(in_vacuum, names) or _find(table, names):
            return found, logarithmic
    return None, False


def _check_size(axis: Column, flux: Column) -> None:
    shapes = {np.shape(axis.values), np.shape(flux.values)}
    if any(len(shape) != 1 for shape in shapes):
        raise Refused(
            "several-spectra", f"Wavelengths {np.shape(axis.values)}, flux {np.shape(flux.values)}."
        )
    if len(shapes) > 1:
        raise Refused("length-mismatch", f"{len(axis.values)} wavelengths, {len(flux.values)} fluxes.")
    if len(flux.values) > MAX_PIXELS:
        raise Refused("too-large", f"{len(flux.values)} pixels; at most {MAX_PIXELS}.")
    if not len(flux.values):
        raise Refused("no-overlap", "The table has no rows.")


def _wavelength(
    axis: Column, logarithmic: bool, about: Mapping[str, Any], stated: Stated, warnings: list[str]
) -> NDArray[np.float64]:
    values = axis.numbers()
    if not np.isfinite(values).all():
        raise Refused("wavelength-missing", f"{np.count_nonzero(~np.isfinite(values))} are not numbers.")
    if logarithmic:
        if stated.unit not in ("", "Angstrom"):
            raise Refused("unit-contradicted", f"{axis.name} is log10 of Angstrom, you say {stated.unit}.")
        wavelength = from_log(values)
    else:
        wavelength = values * ANGSTROMS[axis_unit(axis.unit_said, stated)]
    of_header = medium_said(about)
    if axis.medium and of_header and axis.medium != of_header:
        raise Refused(
            "medium-contradicted", f"The column is named {axis.name[:40]!r}, the header says {of_header}."
        )
    medium = axis_medium(axis.medium or of_header, stated)
    if not medium:
        raise Refused("medium-unstated", f"The column is named {axis.name[:40]!r}.")
    if medium == "air":
        if not (wavelength > 0).all():
            raise Refused("wavelength-missing", "Some wavelengths are not positive numbers.")
        wavelength = air_to_vacuum(wavelength)
        warnings.append("air-converted")
    return wavelength


def _weights(
    table: RawTable, flux_column: Column, flux: NDArray[np.float64], warnings: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Inverse variance and where the mask says bad, both (n,), from what columns there are."""
    flags = _find(table, MASK)
    flagged = np.zeros(flux.shape, dtype=bool)
    if flags is not None:
        marks = flags.numbers()
        flagged = np.isfinite(marks) & (marks != 0)
    for names, power in ((IVAR, 1.0), (ERROR, -2.0), (VARIANCE, -1.0)):
        if (column := _find(table, names)) is None:
            continue
        values = column.numbers()
        if power == -2.0 and column.unit_said and flux_column.unit_said not in ("", column.unit_said):
            raise Refused(
                "unit-contradicted",
                f"{flux_column.name[:24]} is in {flux_column.unit_said[:40]}, {column.name[:24]} in "
                f"{column.unit_said[:40]}.",
            )
        with np.errstate(all="ignore"):
            weight = np.where(values > 0, values, np.nan) ** power
        return np.where(np.isfinite(weight), weight, 0.0), flagged
    warnings.append("noise-estimated")
    return np.full(flux.shape, noise(np.where(flagged, np.nan, flux)) ** -2.0), flagged


def _scaled(
    flux: NDArray[np.float64], ivar: NDArray[np.float64], unit: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """In a power of ten of the unit, where the flux would be too small or too large for single precision."""
    some = np.abs(flux[np.isfinite(flux) & (flux != 0)])
    exponent = int(np.clip(np.floor(np.log10(some.max())), -300, 300)) if some.size else 0
    if -6 <= exponent <= 6:
        return flux, ivar, unit
    ten = np.float64(10.0)  # whose powers may be infinite, where those of a plain float raise
    with np.errstate(all="ignore"):
        return flux * ten**-exponent, ivar * ten ** (2 * exponent), f"1e{exponent} {unit}"


def _flux_unit(column: Column) -> str:
    """The unit as written, "relative" where there is none. Raises Refused for what is not per wavelength."""
    said = column.unit_said
    if not said:
        return "relative"
    unit = u.Unit(said, parse_strict="silent")
    if isinstance(unit, u.UnrecognizedUnit):
        return said[:60]
    if unit.is_equivalent(u.Jy) or isinstance(unit, u.MagUnit) or unit.is_equivalent(u.mag):
        raise Refused("flux-unit", f"The unit of {column.name[:24]} is {said[:40]}.")
    return said[:60]


def _header(about: Mapping[str, Any], unit: str) -> SpectrumHeader:
    ra, dec = next(
        (place for pair in _POSITIONS if (place := cards.position(about, *pair)) != (None, None)),
        (None, None),
    )
    return SpectrumHeader(
        survey="other",
        ra=ra,
        dec=dec,
        mjd=cards.integer(about, "MJD", "MJD-OBS"),
        object_type=cards.text(about, "OBJECT")[:40],
        z=cards.measured(about, "Z", "REDSHIFT"),
        simulated=about.get("SIMULATE") is True,
        flux_unit=unit,
    )

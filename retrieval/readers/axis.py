"""The wavelength axis: its unit, whether it is in air, and what a sender may say where the file is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.readers import cards
from retrieval.readers.refusals import Refused

Unit = Literal["", "Angstrom", "nm", "micron"]
Medium = Literal["", "vacuum", "air"]

ANGSTROMS: dict[str, float] = {"Angstrom": 1.0, "nm": 10.0, "micron": 1e4, "m": 1e10}

_SPELLINGS: dict[str, str] = {
    "angstrom": "Angstrom", "angstroms": "Angstrom", "ang": "Angstrom", "a": "Angstrom", "aa": "Angstrom",
    "å": "Angstrom", "0.1nm": "Angstrom", "10**-10m": "Angstrom",
    "nm": "nm", "nanometer": "nm", "nanometers": "nm", "nanometre": "nm", "nanometres": "nm",
    "micron": "micron", "microns": "micron", "um": "micron", "µm": "micron", "μm": "micron",
    "micrometer": "micron", "micrometers": "micron", "micrometre": "micron", "micrometres": "micron",
    "m": "m", "meter": "m", "metre": "m",
}  # fmt: skip


@dataclass(frozen=True)
class Stated:
    """What the sender of a file says of its wavelengths; "" leaves it to the file."""

    unit: Unit = ""
    medium: Medium = ""


def unit_named(text: str) -> str:
    """The key of ANGSTROMS that a unit's spelling stands for. Raises Refused for any other text."""
    found = _SPELLINGS.get("".join(text.lower().split()))
    if found is None:
        raise Refused("unit-unknown", f"The unit of the wavelengths is {text[:40]!r}.")
    return found


def axis_unit(said: str, stated: Stated, usual: str = "") -> str:
    """The unit of an axis of which the file says `said` ("": nothing) and the sender `stated`.

    `usual` is taken where both are silent. Raises Refused where they contradict each other, or nobody says.
    """
    of_file = unit_named(said) if said.strip() else ""
    if of_file and stated.unit and of_file != stated.unit:
        raise Refused("unit-contradicted", f"The file says {of_file}, you say {stated.unit}.")
    found = of_file or stated.unit or usual
    if not found:
        raise Refused("unit-unstated")
    return found


def axis_medium(said: str, stated: Stated) -> str:
    """ "vacuum" or "air" for an axis of which the file says `said` ("": nothing). Raises Refused likewise."""
    if said and stated.medium and said != stated.medium:
        raise Refused("medium-contradicted", f"The file says {said}, you say {stated.medium}.")
    return said or stated.medium


def medium_said(about: Mapping[str, Any]) -> str:
    """ "vacuum", "air" or "": what the cards of a header say of its wavelengths.

    Known are VACUUM, AIRORVAC, and the axis types of FITS (Greisen et al. 2006): WAVE is vacuum, AWAV is air.
    """
    vacuum = about.get("VACUUM")
    if isinstance(vacuum, bool | np.bool_):
        return "vacuum" if vacuum else "air"
    word = cards.text(about, "AIRORVAC", "MEDIUM").lower()
    if word.startswith(("vac", "air")):
        return "vacuum" if word.startswith("vac") else "air"
    return {"WAVE": "vacuum", "AWAV": "air"}.get(cards.text(about, "CTYPE1")[:4], "")


def from_log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wavelengths (n,) of their decimal logarithms. Raises Refused where they can be no logarithms."""
    if (np.abs(values) > 10).any():
        raise Refused("wavelength-missing", f"The axis is said to be log10 but starts at {values[0]:g}.")
    return np.asarray(10.0**values, dtype=np.float64)

"""LAMOST pixel-mask bits: what each means and which pixels are not to be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class MaskBit:
    """One bit of the LAMOST and-mask or or-mask; `value` is the power of two that stands for it."""

    name: str
    value: int
    words: str


MASK_BITS: tuple[MaskBit, ...] = (
    MaskBit("BADCCD", 1 << 0, "bad pixel of the detector"),
    MaskBit("BADPROFILE", 1 << 1, "bad profile in the extraction"),
    MaskBit("NOSKY", 1 << 2, "no sky information at this wavelength"),
    MaskBit("BRIGHTSKY", 1 << 3, "sky level too high"),
    MaskBit("BADCENTER", 1 << 4, "fibre trace out of the centre"),
    MaskBit("NODATA", 1 << 5, "no good data"),
)

MASK_BIT: dict[str, MaskBit] = {bit.name: bit for bit in MASK_BITS}

# Never "any bit": BRIGHTSKY and BADCENTER alone can flag a third of a usable spectrum.
BAD_BITS: int = sum(MASK_BIT[name].value for name in ("BADCCD", "BADPROFILE", "NOSKY", "NODATA"))


def bad_pixels(andmask: ArrayLike, ivar: ArrayLike, bits: int = BAD_BITS) -> NDArray[np.bool_]:
    """True where a pixel is not to be used: any of `bits` set in `andmask`, or inverse variance not above 0.

    The archive stores masks as floats; they are cast. Both arrays have one shape, which the result shares.
    """
    flags = np.asarray(andmask).astype(np.int64)
    weight = np.asarray(ivar)
    if flags.shape != weight.shape:
        raise ValueError(f"andmask has shape {flags.shape} but ivar has {weight.shape}.")
    return ((flags & bits) != 0) | ~(weight > 0)


def decode(mask: int) -> tuple[str, ...]:
    """Names of the bits set in one mask value, lowest first."""
    return tuple(bit.name for bit in MASK_BITS if int(mask) & bit.value)

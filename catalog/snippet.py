"""A few lines of Python that fetch what a spectrum's page shows."""

from __future__ import annotations

from .models import Spectrum

ARRAYS = {
    "lamost-image5": "    flux, ivar, wavelength, andmask, ormask = hdus[0].data",
    "lamost-image5-subcontinuum": (
        "    flux, ivar, _, andmask, ormask = hdus[0].data\n"
        "    header = hdus[0].header\n"
        '    start = header.get("COEFF0", header.get("CRVAL1"))\n'
        '    step = header.get("COEFF1", header.get("CD1_1"))\n'
        "    wavelength = 10 ** (start + step * np.arange(flux.size))"
    ),
    "lamost-coadd": (
        '    row = hdus[1].data[0]\n    wavelength, flux, ivar = row["WAVELENGTH"], row["FLUX"], row["IVAR"]'
    ),
    "sdss-spec": (
        '    wavelength = 10 ** hdus[1].data["loglam"].astype(float)\n'
        '    flux, ivar = hdus[1].data["flux"], hdus[1].data["ivar"]'
    ),
}
"""How each layout gives wavelength (Angstrom), flux and inverse variance."""
DRAWN = """\
error = np.where(ivar > 0, 1 / np.sqrt(np.where(ivar > 0, ivar, 1)), np.nan)
print(f"{wavelength.size} pixels, {wavelength.min():.1f} to {wavelength.max():.1f} Angstrom")"""
IN_AIR = "# The file's wavelengths are in air; the page shows them in vacuum."


def python_snippet(*, spectrum: Spectrum, file_url: str, row_url: str) -> str:
    """Code that reads the original file and the list's row at these whole addresses. Needs astropy."""
    row = f"""\
from astropy.table import Table

rows = Table.read({row_url!r}, format="ascii.csv")
row = rows[rows["file_LAMOST"] == {spectrum.name!r}]
print(row)"""
    if not spectrum.file:
        return row
    arrays = ARRAYS.get(spectrum.layout, "    hdus.info()")
    after = f"\n{DRAWN}" if spectrum.layout in ARRAYS else ""
    if "air-converted" in spectrum.warnings:
        after = f"\n{IN_AIR}{after}"
    return f"""\
import numpy as np
from astropy.io import fits

with fits.open({file_url!r}) as hdus:
{arrays}
{after}

{row}"""

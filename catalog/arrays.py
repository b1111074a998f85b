"""The arrays of a held spectrum, read from its original file."""

from __future__ import annotations

from retrieval.readers import ObservedSpectrum, read_spectrum

from .models import Spectrum


def load_spectrum(spectrum: Spectrum) -> ObservedSpectrum:
    """Read the original file through storage; wavelengths are in vacuum Angstrom, flux in ``flux_unit``.

    Raises FileNotFoundError where only the catalogue's row is held or the storage has lost the file, and
    ``retrieval.readers.Refused`` where what is stored cannot be read any more.
    """
    if not spectrum.file:
        raise FileNotFoundError(
            f"{spectrum.name} is known from a catalogue only: import its file with import_spectra"
        )
    with spectrum.file.open("rb") as file:
        return read_spectrum(file.read(), spectrum.file.name)

"""Read spectrum files of LAMOST, SDSS and others into one form."""

from retrieval.readers.axis import Stated
from retrieval.readers.read import read_spectrum
from retrieval.readers.refusals import REFUSALS, WARNINGS, Reason, Refused
from retrieval.readers.sent import read_sent
from retrieval.readers.spectrum import LAYOUTS, ObservedSpectrum, SpectrumHeader

__all__ = [
    "LAYOUTS",
    "REFUSALS",
    "WARNINGS",
    "ObservedSpectrum",
    "Reason",
    "Refused",
    "SpectrumHeader",
    "Stated",
    "read_sent",
    "read_spectrum",
]

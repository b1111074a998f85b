"""How spectra come in: files, archives, catalogues; each bad one a refusal, the rest held."""

from .files import FoundFile, iterate_files
from .reasons import REASONS
from .spectra import Choices, Tally, import_finish, import_slice, spectra_import

__all__ = [
    "REASONS",
    "Choices",
    "FoundFile",
    "Tally",
    "import_finish",
    "import_slice",
    "iterate_files",
    "spectra_import",
]

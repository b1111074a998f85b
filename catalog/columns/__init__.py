"""The one column dictionary: name, label, kind, unit, UCD and description of every published column.

Pages, downloads, the command line and the docs read it; the Virtual Observatory services will. One module for
each kind of row. Names of Tables 2 and 3 are the paper's (Lu et al. 2022), in one spelling each.
"""

from .candidates import CANDIDATE_COLUMNS
from .column import Column
from .spectra import REFUSAL_COLUMNS, SPECTRUM_COLUMNS
from .tables import GALAXY_COLUMNS, NEBULA_COLUMNS

__all__ = [
    "CANDIDATE_COLUMNS",
    "GALAXY_COLUMNS",
    "NEBULA_COLUMNS",
    "REFUSAL_COLUMNS",
    "SPECTRUM_COLUMNS",
    "Column",
]

"""The one column dictionary: name, label, kind, unit, UCD and description of every published column.

Pages, downloads, the command line and the docs read it; the Virtual Observatory services will. One module for
each kind of row. Names of Tables 2 and 3 are the paper's (Lu et al. 2022), in one spelling each.
"""

from .axes import numbers_of
from .candidates import CANDIDATE_COLUMNS
from .column import Column
from .inspection import INSPECTED_COLUMNS, VOTE_COLUMNS
from .kin import KIN_COLUMNS
from .lookups import LOOKUP_COLUMNS
from .regions import NEBULA_MORE_COLUMNS, REGION_COLUMNS, UNCLEAR_COLUMNS
from .spectra import REFUSAL_COLUMNS, SPECTRUM_COLUMNS
from .tables import GALAXY_COLUMNS, NEBULA_COLUMNS

__all__ = [
    "CANDIDATE_COLUMNS",
    "GALAXY_COLUMNS",
    "INSPECTED_COLUMNS",
    "KIN_COLUMNS",
    "LOOKUP_COLUMNS",
    "NEBULA_COLUMNS",
    "NEBULA_MORE_COLUMNS",
    "REFUSAL_COLUMNS",
    "REGION_COLUMNS",
    "SPECTRUM_COLUMNS",
    "UNCLEAR_COLUMNS",
    "VOTE_COLUMNS",
    "Column",
    "numbers_of",
]

"""What the portal holds. One module per subject; import from here."""

from .regions import HIIRegion, RegionMatch
from .results import Candidate, Counterpart, CounterpartLookup, Inspection, LineMeasurement
from .runs import CodeBlock, Codebook, CodebookBlock, LineRedshift, Neighbour, Run, SpectrumBlock
from .survey import ImportBatch, Refusal, Release, Source, Spectrum, Truth

__all__ = [
    "Candidate",
    "CodeBlock",
    "Codebook",
    "CodebookBlock",
    "Counterpart",
    "CounterpartLookup",
    "HIIRegion",
    "ImportBatch",
    "Inspection",
    "LineMeasurement",
    "LineRedshift",
    "Neighbour",
    "Refusal",
    "RegionMatch",
    "Release",
    "Run",
    "Source",
    "Spectrum",
    "SpectrumBlock",
    "Truth",
]

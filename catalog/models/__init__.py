"""What the portal holds. One module per subject; import from here."""

from .counterparts import (
    DECIDING,
    Counterpart,
    CounterpartLookup,
    Outage,
    Service,
    Snapshot,
    SnapshotObject,
)
from .inspection import (
    Adjudication,
    ConsensusRule,
    GoldStandard,
    InspectionLease,
    Inspector,
    SeenClass,
    Verdict,
    Vote,
)
from .published import (
    Catalogue,
    PublishedCandidate,
    PublishedFile,
    PublishedGalaxy,
    PublishedNebula,
    PublishedRow,
)
from .readers import ColumnChoice, GivenList, SavedSearch
from .regions import HIIRegion, RegionMatch
from .results import Candidate, LineMeasurement
from .runs import CodeBlock, Codebook, CodebookBlock, LineRedshift, Neighbour, Run, SpectrumBlock
from .survey import ImportBatch, Refusal, Release, Source, Spectrum, Truth

__all__ = [
    "DECIDING",
    "Adjudication",
    "Candidate",
    "Catalogue",
    "CodeBlock",
    "Codebook",
    "CodebookBlock",
    "ColumnChoice",
    "ConsensusRule",
    "Counterpart",
    "CounterpartLookup",
    "GivenList",
    "GoldStandard",
    "HIIRegion",
    "ImportBatch",
    "InspectionLease",
    "Inspector",
    "LineMeasurement",
    "LineRedshift",
    "Neighbour",
    "Outage",
    "PublishedCandidate",
    "PublishedFile",
    "PublishedGalaxy",
    "PublishedNebula",
    "PublishedRow",
    "Refusal",
    "RegionMatch",
    "Release",
    "Run",
    "SavedSearch",
    "SeenClass",
    "Service",
    "Snapshot",
    "SnapshotObject",
    "Source",
    "Spectrum",
    "SpectrumBlock",
    "Truth",
    "Verdict",
    "Vote",
]

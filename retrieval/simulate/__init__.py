"""A seeded simulation of a LAMOST survey: spectra with known truth, in real file layouts."""

from retrieval.simulate.regions import REGIONS, Region
from retrieval.simulate.survey import (
    SimulatedSpectrum,
    SurveyCounts,
    SurveySummary,
    Truth,
    simulate,
    write_survey,
)

__all__ = [
    "REGIONS",
    "Region",
    "SimulatedSpectrum",
    "SurveyCounts",
    "SurveySummary",
    "Truth",
    "simulate",
    "write_survey",
]

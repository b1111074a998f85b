"""Classes, diagnostics and regions on simulated spectra, against what the simulator put in."""

from __future__ import annotations

from collections import Counter

import pytest

from catalog.classes import candidates_classify
from catalog.models import Candidate, Spectrum
from catalog.regions import PAPER_VERSION, paper_regions_import, regions_match
from retrieval.diagnose import CLASSES, Flux
from retrieval.measure import measure_lines
from retrieval.simulate.survey import SimulatedSpectrum, simulate_one
from tests.factories import CandidateFactory, RunFactory

pytestmark = pytest.mark.django_db

SEED = 21
EACH = 30


def simulated(kind: str, count: int, role: str = "unknown") -> list[SimulatedSpectrum]:
    return [simulate_one(kind, role, index, SEED) for index in range(count)]


def classified(made: list[SimulatedSpectrum], kind: str) -> list[Candidate]:
    """Candidates of simulated spectra, measured at their true redshifts and classified."""
    run = RunFactory(region_version=PAPER_VERSION)
    candidates, fluxes = [], []
    for one in made:
        observed, truth = one.spectrum, one.truth
        fits = measure_lines(observed.wavelength, observed.flux, observed.ivar, truth.z, mask=observed.bad)
        candidates.append(
            CandidateFactory(
                run=run, nebula=kind == "nebula", spectrum__ra=observed.header.ra, z_cl=truth.z,
                spectrum__dec=observed.header.dec, spectrum__name=observed.name, bpt_class="",
            )
        )  # fmt: skip
        fluxes.append({fit.line: Flux(fit.flux, fit.flux_err) for fit in fits})
    spectra = [candidate.spectrum_id for candidate in candidates]
    assert Spectrum.objects.filter(pk__in=spectra).count() == len(made)
    paper_regions_import()
    regions_match(spectra=spectra, version=PAPER_VERSION)
    candidates_classify(candidates=candidates, fluxes=fluxes)
    return candidates


def test_the_confusion_matrix_of_bpt_classes():
    """Most bright galaxies fall into their own class; what does not lies within its errors of a curve."""
    made = [one for kind in CLASSES for one in simulated(kind, EACH, "template")]
    found = classified(made, "galaxy")
    matrix = Counter(
        (one.truth.bpt_class, candidate.bpt_class) for one, candidate in zip(made, found, strict=True)
    )
    classed = sum(n for (_, cls), n in matrix.items() if cls != "unclassified")
    right = sum(n for (truth, cls), n in matrix.items() if truth == cls)
    assert classed > 0.5 * len(made), matrix
    assert right > 0.8 * classed, matrix
    for cls in CLASSES:
        of_class = sum(
            n for (truth, found_as), n in matrix.items() if truth == cls and found_as != "unclassified"
        )
        assert matrix[cls, cls] > 0.6 * of_class, matrix
    wild = (
        matrix["star-forming", "Seyfert"]
        + matrix["star-forming", "LINER"]
        + matrix["Seyfert", "star-forming"]
    )
    assert wild <= 0.03 * len(made), matrix


def test_probabilities_are_calibrated():
    """The mean probability of the given class is the share of galaxies that it is right for."""
    made = [one for kind in CLASSES for one in simulated(kind, EACH)]
    given, right = [], []
    fields = dict(zip(CLASSES, ("p_star_forming", "p_composite", "p_liner", "p_seyfert"), strict=True))
    for one, candidate in zip(made, classified(made, "galaxy"), strict=True):
        if candidate.bpt_class != "unclassified":
            given.append(getattr(candidate, fields[candidate.bpt_class]))
            right.append(candidate.bpt_class == one.truth.bpt_class)
    assert len(given) > 30
    assert abs(sum(given) / len(given) - sum(right) / len(right)) < 0.12


def test_nebulae_by_diagnostic_and_region():
    inside, outside = simulated("H II region", EACH), simulated("H II region outside", EACH)
    planetary = simulated("planetary nebula", EACH)
    made = [*inside, *outside, *planetary]
    found = classified(made, "nebula")
    by_kind = Counter(
        (one.truth.kind, candidate.nebula_state) for one, candidate in zip(made, found, strict=True)
    )
    # The wrong side is rare, whatever the noise; most are decided.
    assert by_kind["planetary nebula", "H II-like"] <= 1, by_kind
    assert by_kind["H II region", "PN-like"] + by_kind["H II region outside", "PN-like"] <= 2, by_kind
    assert by_kind["H II region", "H II-like"] > 0.6 * EACH, by_kind
    assert by_kind["planetary nebula", "PN-like"] > 0.6 * EACH, by_kind
    for one, candidate in zip(made, found, strict=True):
        assert (candidate.region.name if candidate.region else "") == one.truth.region
        if one.truth.region:
            assert candidate.new_found is False
        else:
            assert candidate.new_found == (True if candidate.nebula_state == "H II-like" else None)
        if candidate.nebula_state == "undetermined":
            assert candidate.nebula_reason

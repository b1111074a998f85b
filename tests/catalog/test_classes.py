"""Classes, limits, places and flags of candidates, from line fluxes."""

from __future__ import annotations

import math

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import LSRK, SkyCoord

from catalog import classes
from catalog.classes import candidates_classify
from catalog.models import Candidate
from retrieval.diagnose import Flux, class_probabilities
from retrieval.flags import CANDIDATE_DESCRIPTIONS, CandidateFlag, candidate_warnings
from retrieval.neargalaxies import NEAR_GALAXIES
from retrieval.velocity import UNLIKE_REGION
from tests.factories import CandidateFactory, HIIRegionFactory, RegionMatchFactory

pytestmark = pytest.mark.django_db

STRONG = {
    "nii_6585": Flux(25, 1), "ha": Flux(100, 1), "oiii_5008": Flux(30, 1), "hb": Flux(30, 1),
    "sii_6718": Flux(18, 1), "sii_6733": Flux(13, 1),
}  # fmt: skip


def classified(candidate: Candidate, **changed: Flux) -> Candidate:
    """The candidate as it stands in the database after it is classified and saved."""
    candidates_classify(candidates=[candidate], fluxes=[STRONG | changed])
    Candidate.objects.bulk_update([candidate], classes.FIELDS)
    return Candidate.objects.select_related("region").get(pk=candidate.pk)


def fresh(**changes: object) -> Candidate:
    """A nebula candidate that nobody has classified."""
    unset = {
        "log_nii_ha": None, "log_sii_ha": None, "nebula_state": "", "new_found": None,
        "supernova_remnant_like": None,
    }  # fmt: skip
    return CandidateFactory(nebula=True, **{**unset, **changes})


def test_a_galaxy_gets_class_ratios_and_probabilities():
    galaxy = classified(CandidateFactory(bpt_class=""))
    assert (galaxy.bpt_class, galaxy.bpt_reason) == ("star-forming", "")
    assert galaxy.log_nii_ha == pytest.approx(math.log10(0.25))
    assert galaxy.log_sii_ha == pytest.approx(math.log10(0.31))
    assert galaxy.snr_min == pytest.approx(25)
    shares = [getattr(galaxy, field) for field in classes.PROBABILITIES]
    alone = class_probabilities([[25, 100, 30, 30]], [[1, 1, 1, 1]])
    assert shares == alone[0].tolist()
    assert sum(shares) == pytest.approx(1)
    assert (galaxy.nebula_state, galaxy.new_found, galaxy.nii_is_limit) == ("", None, False)


def test_an_unclassified_galaxy_says_why_and_has_no_probabilities():
    galaxy = classified(CandidateFactory(), hb=Flux(2, 1), nii_6585=Flux(math.nan, math.nan))
    assert galaxy.bpt_class == "unclassified"
    assert galaxy.bpt_reason == "not measured: [N II] 6585; S/N under 3: Hβ"
    assert [getattr(galaxy, field) for field in classes.PROBABILITIES] == [None] * 4
    assert (galaxy.log_nii_ha, galaxy.log_oiii_hb, galaxy.snr_min) == (None, None, None)


def test_many_at_once_equal_one_by_one():
    rng = np.random.default_rng(8)
    rows = [CandidateFactory() for _ in range(6)]
    fluxes = [{key: Flux(float(rng.uniform(5, 100)), 4.0) for key in STRONG} for _ in rows]
    candidates_classify(candidates=rows, fluxes=fluxes)
    together = [[getattr(row, field) for field in classes.FIELDS] for row in rows]
    for row, lines in zip(rows, fluxes, strict=True):
        candidates_classify(candidates=[row], fluxes=[lines])
    assert [[getattr(row, field) for field in classes.FIELDS] for row in rows] == together


def test_no_candidates_at_all():
    candidates_classify(candidates=[], fluxes=[])


def test_new_found_follows_region_and_diagnostic():
    inside, outside, unlike = fresh(), fresh(), fresh()
    region = HIIRegionFactory()
    RegionMatchFactory(spectrum=inside.spectrum, region=region, is_best=True)
    assert classified(inside).new_found is False
    assert classified(inside).region == region
    assert classified(outside).new_found is True
    faint = {"sii_6718": Flux(2, 0.1), "sii_6733": Flux(2, 0.1)}
    found = classified(unlike, **faint)
    assert (found.nebula_state, found.new_found, found.nebula_reason) == ("PN-like", None, "")
    # Inside a region it counts as inside, whatever the diagnostic says.
    assert classified(inside, **faint).new_found is False


def test_limits_are_held_and_marked():
    found = classified(fresh(), sii_6718=Flux(0.5, 1), sii_6733=Flux(0.5, 1))
    assert (found.nii_is_limit, found.sii_is_limit) == (False, True)
    assert found.log_sii_ha == pytest.approx(math.log10(3 * math.sqrt(2) / 100))
    assert found.log_sii_ha_err is None
    assert found.nebula_state == "PN-like"
    found = classified(fresh(), nii_6585=Flux(1, 10))
    assert found.nii_is_limit
    assert found.log_nii_ha == pytest.approx(math.log10(0.3))
    assert found.log_nii_ha_err is None
    again = classified(found)  # better fluxes take the mark away
    assert (again.nii_is_limit, again.nebula_reason) == (False, "")
    assert again.log_nii_ha_err is not None


def test_what_leaves_it_unclear():
    found = classified(fresh(), ha=Flux(2, 1))
    assert (found.nebula_state, found.nebula_reason) == ("undetermined", "S/N under 3: Hα")
    assert (found.new_found, found.log_nii_ha, found.log_sii_ha) == (None, None, None)


def test_velocity_in_the_local_standard_of_rest():
    candidate = classified(fresh())
    spectrum = candidate.spectrum
    place = SkyCoord(
        spectrum.ra * u.deg, spectrum.dec * u.deg, distance=1 * u.kpc, pm_ra_cosdec=0 * u.mas / u.yr,
        pm_dec=0 * u.mas / u.yr, radial_velocity=candidate.velocity_kms * u.km / u.s,
    )  # fmt: skip
    expected = place.transform_to(LSRK()).radial_velocity.value
    assert candidate.velocity_lsr_kms == pytest.approx(expected, abs=1e-3)
    nowhere = fresh(spectrum__ra=None, spectrum__dec=None)
    assert classified(nowhere).velocity_lsr_kms is None


@pytest.mark.parametrize(
    ("offsets", "near", "flagged"),
    [
        ((UNLIKE_REGION - 1,), UNLIKE_REGION - 1, False),
        ((UNLIKE_REGION + 1,), UNLIKE_REGION + 1, True),
        ((-500.0, 300.0, 5.0), 5.0, False),
        ((-500.0, 300.0), 300.0, True),
        ((), None, False),
    ],
)
def test_velocity_against_the_regions(offsets, near, flagged):
    candidate = fresh()
    lsr = classified(candidate).velocity_lsr_kms
    region = HIIRegionFactory(velocities_kms=[lsr + offset for offset in offsets])
    RegionMatchFactory(spectrum=candidate.spectrum, region=region, is_best=True)
    found = classified(candidate)
    assert found.region_velocity_kms == (None if near is None else pytest.approx(lsr + near))
    assert bool(found.flags & CandidateFlag.VELOCITY_UNLIKE_REGION) == flagged
    assert found.new_found is False  # a flag never decides


def test_near_galaxies_are_named_and_flagged():
    m33 = next(galaxy for galaxy in NEAR_GALAXIES if galaxy.name == "M33")
    on_disc = classified(fresh(spectrum__ra=m33.ra + 0.05, spectrum__dec=m33.dec))
    assert on_disc.near_galaxy == "M33"
    assert on_disc.flags & CandidateFlag.NEAR_GALAXY
    assert on_disc.new_found is True  # a flag never decides
    beside = classified(fresh(spectrum__ra=m33.ra + 2, spectrum__dec=m33.dec))
    assert (beside.near_galaxy, beside.flags & CandidateFlag.NEAR_GALAXY) == ("", 0)
    behind = CandidateFactory(spectrum__ra=m33.ra + 0.05, spectrum__dec=m33.dec)
    assert classified(behind).near_galaxy == ""  # a galaxy beyond 500 km/s is not M33's


def test_flags_of_others_stay():
    candidate = fresh(flags=int(CandidateFlag.GAIA_STAR | CandidateFlag.NEAR_GALAXY))
    shocked = {"sii_6718": Flux(30, 1), "sii_6733": Flux(25, 1)}
    found = classified(candidate, **shocked)
    assert found.flags == CandidateFlag.GAIA_STAR | CandidateFlag.SUPERNOVA_REMNANT_LIKE
    assert found.supernova_remnant_like
    assert candidate_warnings(found.flags) == (
        CANDIDATE_DESCRIPTIONS[CandidateFlag.SUPERNOVA_REMNANT_LIKE],
        CANDIDATE_DESCRIPTIONS[CandidateFlag.GAIA_STAR],
    )


def test_every_flag_has_a_bit_of_its_own_and_words():
    assert [int(flag) for flag in CandidateFlag] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert set(CANDIDATE_DESCRIPTIONS) == set(CandidateFlag)
    assert len(candidate_warnings(255)) == len(set(candidate_warnings(255))) == 8

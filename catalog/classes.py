"""What candidates are and where they lie: classes, the nebula test, regions, velocities, flags."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.diagnose import Flux, blend, bpt, class_probabilities, log_ratio, nebula_test
from retrieval.flags import CandidateFlag
from retrieval.neargalaxies import near_galaxy
from retrieval.velocity import UNLIKE_REGION, lsr_velocity_kms, nearest_velocity

from .models import Candidate, HIIRegion, RegionMatch, Run, Spectrum

BPT_LINES = ("nii_6585", "ha", "oiii_5008", "hb")
NEBULA_LINES = ("nii_6585", "ha", "sii_6718", "sii_6733")
UNMEASURED = Flux(math.nan, math.nan)
PROBABILITIES = ("p_star_forming", "p_composite", "p_liner", "p_seyfert")  # in the order of diagnose.CLASSES

PLACE_FIELDS = (
    "region", "new_found", "velocity_lsr_kms", "region_velocity_kms", "near_galaxy", "flags",
)  # fmt: skip
"""Fields of Candidate that `candidates_place` sets."""
FIELDS = (
    "log_nii_ha", "log_nii_ha_err", "log_sii_ha", "log_sii_ha_err", "log_oiii_hb", "log_oiii_hb_err",
    "nii_is_limit", "sii_is_limit", "snr_min", "bpt_class", "bpt_reason", *PROBABILITIES,
    "nebula_state", "nebula_reason", "supernova_remnant_like", *PLACE_FIELDS,
)  # fmt: skip
"""Fields of Candidate that `candidates_classify` sets."""

OWN_FLAGS = (
    CandidateFlag.NEAR_GALAXY | CandidateFlag.SUPERNOVA_REMNANT_LIKE | CandidateFlag.VELOCITY_UNLIKE_REGION
)


def candidates_classify(*, candidates: Sequence[Candidate], fluxes: Sequence[Mapping[str, Flux]]) -> None:
    """Set the classes of candidates whose H II regions are matched; the caller saves FIELDS.

    `fluxes` holds, for each candidate, flux and error of each measured line by its key in the line table.
    """
    ra, dec = _positions(candidates)
    classes_set(candidates=candidates, fluxes=fluxes, regions=_best_regions(candidates), ra=ra, dec=dec)


def candidates_place(*, candidates: Sequence[Candidate]) -> None:
    """Set what follows from the matched H II regions of classified candidates; the caller saves them."""
    ra, dec = _positions(candidates)
    _set_places(candidates, _best_regions(candidates), ra, dec)


def classes_set(
    *,
    candidates: Sequence[Candidate],
    fluxes: Sequence[Mapping[str, Flux]],
    regions: Sequence[HIIRegion | None],
    ra: NDArray[np.float64],
    dec: NDArray[np.float64],
) -> None:
    """As `candidates_classify`, with what is known of each place given: nothing is read from the database.

    `regions` holds the best H II region of each, or None; `ra` and `dec` (n,) degrees, NaN where unknown.
    """
    galaxies = []
    for candidate, lines in zip(candidates, fluxes, strict=True):
        _set_ratios(candidate, lines)
        if candidate.kind == Candidate.Kind.GALAXY:
            _set_class(candidate, lines)
            galaxies.append((candidate, lines))
        else:
            _set_nebula(candidate, lines)
    _set_probabilities(galaxies)
    _set_places(candidates, regions, ra, dec)


def _best_regions(candidates: Sequence[Candidate]) -> list[HIIRegion | None]:
    """The best region of each candidate in the version of its run; None outside of all."""
    runs = {candidate.run_id for candidate in candidates}
    versions = dict(Run.objects.filter(pk__in=runs).values_list("pk", "region_version"))
    matches = RegionMatch.objects.filter(
        spectrum__in=[candidate.spectrum_id for candidate in candidates],
        version__in=versions.values(),
        is_best=True,
    )
    held = {(match.spectrum_id, match.version): match.region for match in matches.select_related("region")}
    return [held.get((candidate.spectrum_id, versions[candidate.run_id])) for candidate in candidates]


def _set_ratios(candidate: Candidate, lines: Mapping[str, Flux]) -> None:
    """Ratios of detected lines; empty where one of the two is not."""
    diagram = bpt(*(lines.get(key, UNMEASURED) for key in BPT_LINES))
    both = blend(lines.get("sii_6718", UNMEASURED), lines.get("sii_6733", UNMEASURED))
    sulphur = log_ratio(both, lines.get("ha", UNMEASURED))
    candidate.log_nii_ha, candidate.log_nii_ha_err = _finite(diagram.x), _finite(diagram.x_err)
    candidate.log_oiii_hb, candidate.log_oiii_hb_err = _finite(diagram.y), _finite(diagram.y_err)
    candidate.log_sii_ha, candidate.log_sii_ha_err = _finite(sulphur[0]), _finite(sulphur[1])


def _set_class(candidate: Candidate, lines: Mapping[str, Flux]) -> None:
    measured = [lines.get(key, UNMEASURED) for key in BPT_LINES]
    diagram = bpt(*measured)
    snr = [flux / error if error > 0 else math.nan for flux, error in measured]
    candidate.snr_min = _finite(min(snr)) if all(map(math.isfinite, snr)) else None
    candidate.bpt_class, candidate.bpt_reason = diagram.cls, diagram.reason[:120]


def _set_probabilities(galaxies: Sequence[tuple[Candidate, Mapping[str, Flux]]]) -> None:
    """Of classified galaxies: with a line under S/N 3 the draws would say little of the galaxy."""
    measured = np.array(
        [[lines.get(key, UNMEASURED) for key in BPT_LINES] for _, lines in galaxies], dtype=np.float64
    ).reshape(-1, len(BPT_LINES), 2)
    shares = class_probabilities(measured[:, :, 0], measured[:, :, 1])
    for (candidate, _), row in zip(galaxies, shares.tolist(), strict=True):
        classed = candidate.bpt_class != Candidate.BptClass.UNCLASSIFIED
        for field, share in zip(PROBABILITIES, row, strict=True):
            setattr(candidate, field, _finite(share) if classed else None)


def _set_nebula(candidate: Candidate, lines: Mapping[str, Flux]) -> None:
    """A ratio of an undetected line is held as its limit, without an error."""
    test = nebula_test(*(lines.get(key, UNMEASURED) for key in NEBULA_LINES))
    candidate.nebula_state, candidate.nebula_reason = test.state, test.reason[:120]
    candidate.supernova_remnant_like = test.snr_like
    candidate.nii_is_limit, candidate.sii_is_limit = test.nii_is_limit, test.sii_is_limit
    if test.nii_is_limit:
        candidate.log_nii_ha = _finite(test.log_nii_ha)
    if test.sii_is_limit:
        candidate.log_sii_ha = _finite(test.log_sii_ha)


def _set_places(
    candidates: Sequence[Candidate],
    regions: Sequence[HIIRegion | None],
    ra: NDArray[np.float64],
    dec: NDArray[np.float64],
) -> None:
    """The region, velocity in the local standard of rest and against the region's, near galaxies, flags."""
    lsr = lsr_velocity_kms([candidate.velocity_kms for candidate in candidates], ra, dec)
    galaxies = near_galaxy(ra, dec)
    rows = zip(candidates, regions, lsr.tolist(), galaxies.tolist(), strict=True)
    for candidate, region, velocity, galaxy in rows:
        candidate.region = region
        if candidate.kind == Candidate.Kind.NEBULA:
            candidate.new_found = _new_found(candidate)
        candidate.velocity_lsr_kms = _finite(velocity)
        printed = candidate.region.velocities_kms if candidate.region else []
        known = math.isfinite(velocity) and candidate.kind == Candidate.Kind.NEBULA
        candidate.region_velocity_kms = _finite(nearest_velocity(velocity, printed)) if known else None
        candidate.near_galaxy = galaxy if candidate.kind == Candidate.Kind.NEBULA else ""
        _set_flags(candidate)


def _new_found(nebula: Candidate) -> bool | None:
    """As in Table 2 of Lu et al. 2022: not new inside a region, new outside where the test says H II."""
    if nebula.region:
        return False
    return True if nebula.nebula_state == Candidate.NebulaState.HII else None


def _positions(candidates: Sequence[Candidate]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right ascension and declination, degrees; NaN where a spectrum has none."""
    ids = [candidate.spectrum_id for candidate in candidates]
    held = {
        pk: (ra, dec) for pk, ra, dec in Spectrum.objects.filter(pk__in=ids).values_list("pk", "ra", "dec")
    }
    places = np.array([held[pk] for pk in ids], dtype=np.float64).reshape(-1, 2)
    return places[:, 0], places[:, 1]


def _set_flags(candidate: Candidate) -> None:
    """Own bits anew; those that others set stay."""
    flags = CandidateFlag(0)
    if candidate.near_galaxy:
        flags |= CandidateFlag.NEAR_GALAXY
    if candidate.supernova_remnant_like:
        flags |= CandidateFlag.SUPERNOVA_REMNANT_LIKE
    lsr, printed = candidate.velocity_lsr_kms, candidate.region_velocity_kms
    if lsr is not None and printed is not None and abs(lsr - printed) > UNLIKE_REGION:
        flags |= CandidateFlag.VELOCITY_UNLIKE_REGION
    candidate.flags = candidate.flags & ~int(OWN_FLAGS) | int(flags)


def _finite(value: float) -> float | None:
    """A number as the database holds it: empty instead of NaN."""
    return float(value) if math.isfinite(value) else None

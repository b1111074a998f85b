"""What candidates are: classes of galaxies, the nebula test, and where they lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from retrieval.diagnose import Flux, bpt, log_ratio, nebula_test

from .models import Candidate, RegionMatch

BPT_LINES = ("nii_6585", "ha", "oiii_5008", "hb")
NEBULA_LINES = ("nii_6585", "ha", "sii_6718", "sii_6733")
UNMEASURED = Flux(math.nan, math.nan)

FIELDS = (
    "log_nii_ha", "log_nii_ha_err", "log_sii_ha", "log_sii_ha_err", "log_oiii_hb", "log_oiii_hb_err",
    "snr_min", "bpt_class", "bpt_reason", "nebula_state", "supernova_remnant_like", "region", "new_found",
)  # fmt: skip
"""Fields of Candidate that `candidates_classify` sets."""


def candidates_classify(*, candidates: Sequence[Candidate], fluxes: Sequence[Mapping[str, Flux]]) -> None:
    """Set the classes of candidates whose H II regions are matched; the caller saves FIELDS.

    `fluxes` holds, for each candidate, flux and error of each measured line by its key in the line table.
    """
    regions = dict(
        RegionMatch.objects.filter(
            spectrum__in=[candidate.spectrum_id for candidate in candidates], is_best=True
        ).values_list("spectrum_id", "region_id")
    )
    for candidate, lines in zip(candidates, fluxes, strict=True):
        candidate.region_id = regions.get(candidate.spectrum_id)
        _set_ratios(candidate, lines)
        if candidate.kind == Candidate.Kind.GALAXY:
            _set_class(candidate, lines)
        else:
            _set_nebula(candidate, lines)


def _set_ratios(candidate: Candidate, lines: Mapping[str, Flux]) -> None:
    """Ratios of detected lines; empty where one of the two is not."""
    diagram = bpt(*(lines.get(key, UNMEASURED) for key in BPT_LINES))
    doublet = [lines.get(key, UNMEASURED) for key in ("sii_6718", "sii_6733")]
    both = Flux(sum(line.flux for line in doublet), math.hypot(*(line.error for line in doublet)))
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


def _set_nebula(candidate: Candidate, lines: Mapping[str, Flux]) -> None:
    """As in Table 2 of Lu et al. 2022: not new inside a region, new outside where the test says H II."""
    test = nebula_test(*(lines.get(key, UNMEASURED) for key in NEBULA_LINES))
    candidate.nebula_state, candidate.supernova_remnant_like = test.state, test.snr_like
    if candidate.region_id:
        candidate.new_found = False
    else:
        candidate.new_found = True if test.state == Candidate.NebulaState.HII else None


def _finite(value: float) -> float | None:
    """A number as the database holds it: empty instead of NaN."""
    return float(value) if math.isfinite(value) else None

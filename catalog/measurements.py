"""Lines of candidates: measured, turned into classes, stored."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from retrieval.diagnose import Flux, bpt, log_ratio, nebula_test
from retrieval.measure import LineFit, measure_lines

from .arrays import load_spectrum
from .models import Candidate, LineMeasurement, RegionMatch

BPT_LINES = ("nii_6585", "ha", "oiii_5008", "hb")
NEBULA_LINES = ("nii_6585", "ha", "sii_6718", "sii_6733")
UNMEASURED = Flux(math.nan, math.nan)


@dataclass(frozen=True)
class Measured:
    """A candidate and its fitted lines."""

    candidate: Candidate
    fits: tuple[LineFit, ...]

    def flux(self, key: str) -> Flux:
        """Flux and error of a line; NaN where it was not measured."""
        return next((Flux(fit.flux, fit.flux_err) for fit in self.fits if fit.line == key), UNMEASURED)


def candidates_measured(*, candidates: Iterable[Candidate]) -> tuple[list[Measured], list[tuple[str, str]]]:
    """Fit the lines of candidates at z_CL; also names and reasons of those that could not be read.

    Writes nothing.
    """
    measured, failures = [], []
    for candidate in candidates:
        try:
            observed = load_spectrum(candidate.spectrum)
            fits = measure_lines(
                observed.wavelength, observed.flux, observed.ivar, candidate.z_cl, mask=observed.bad
            )
        except (ValueError, OSError) as error:
            failures.append((candidate.spectrum.name, str(error)))
        else:
            measured.append(Measured(candidate, fits))
    return measured, failures


def measurements_store(*, measured: Iterable[Measured]) -> None:
    """Store lines, ratios and classes of candidates whose H II regions are matched; replaces earlier ones."""
    measured = list(measured)
    candidates = [item.candidate for item in measured]
    regions = dict(
        RegionMatch.objects.filter(
            spectrum__in=[candidate.spectrum_id for candidate in candidates], is_best=True
        ).values_list("spectrum_id", "region_id")
    )
    for item in measured:
        item.candidate.region_id = regions.get(item.candidate.spectrum_id)
        _set_ratios(item)
        if item.candidate.kind == Candidate.Kind.GALAXY:
            _set_class(item)
        else:
            _set_nebula(item)
        item.candidate.measured_at = timezone.now()
    LineMeasurement.objects.filter(candidate__in=candidates).delete()
    LineMeasurement.objects.bulk_create(_row(item.candidate, fit) for item in measured for fit in item.fits)
    Candidate.objects.bulk_update(
        candidates,
        [
            "measured_at", "log_nii_ha", "log_nii_ha_err", "log_sii_ha", "log_sii_ha_err", "log_oiii_hb",
            "log_oiii_hb_err", "snr_min", "bpt_class", "bpt_reason", "nebula_state", "supernova_remnant_like",
            "region", "new_found",
        ],
        batch_size=500,
    )  # fmt: skip


def _set_ratios(item: Measured) -> None:
    """Ratios of detected lines; empty where one of the two is not."""
    diagram = bpt(*(item.flux(key) for key in BPT_LINES))
    doublet = item.flux("sii_6718"), item.flux("sii_6733")
    both = Flux(sum(line.flux for line in doublet), math.hypot(*(line.error for line in doublet)))
    sulphur = log_ratio(both, item.flux("ha"))
    candidate = item.candidate
    candidate.log_nii_ha, candidate.log_nii_ha_err = _finite(diagram.x), _finite(diagram.x_err)
    candidate.log_oiii_hb, candidate.log_oiii_hb_err = _finite(diagram.y), _finite(diagram.y_err)
    candidate.log_sii_ha, candidate.log_sii_ha_err = _finite(sulphur[0]), _finite(sulphur[1])


def _set_class(item: Measured) -> None:
    diagram = bpt(*(item.flux(key) for key in BPT_LINES))
    snr = [flux / error if error > 0 else math.nan for flux, error in map(item.flux, BPT_LINES)]
    item.candidate.snr_min = _finite(min(snr)) if all(map(math.isfinite, snr)) else None
    item.candidate.bpt_class, item.candidate.bpt_reason = diagram.cls, diagram.reason[:120]


def _set_nebula(item: Measured) -> None:
    """As in Table 2 of Lu et al. 2022: not new inside a region, new outside where the test says H II."""
    test = nebula_test(*(item.flux(key) for key in NEBULA_LINES))
    candidate = item.candidate
    candidate.nebula_state, candidate.supernova_remnant_like = test.state, test.snr_like
    if candidate.region_id:
        candidate.new_found = False
    else:
        candidate.new_found = True if test.state == Candidate.NebulaState.HII else None


def _row(candidate: Candidate, fit: LineFit) -> LineMeasurement:
    return LineMeasurement(
        candidate=candidate, line=fit.line, flux=_finite(fit.flux), flux_err=_finite(fit.flux_err),
        ew=_finite(fit.ew), ew_err=_finite(fit.ew_err), center=fit.center, sigma_kms=_finite(fit.sigma_kms),
        snr=_finite(fit.snr), continuum=_finite(fit.continuum), flags=fit.flags,
    )  # fmt: skip


def _finite(value: float) -> float | None:
    """A number as the database holds it: empty instead of NaN."""
    return float(value) if math.isfinite(value) else None

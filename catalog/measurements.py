"""Lines of candidates: measured, turned into classes, stored."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from retrieval.diagnose import Flux
from retrieval.measure import LineFit, measure_many

from . import classes
from .arrays import load_spectrum
from .classes import candidates_classify
from .models import Candidate, LineMeasurement

READ_AT_ONCE = 128  # spectra in memory: as many as are fitted at once


@dataclass(frozen=True)
class Measured:
    """A candidate and its fitted lines."""

    candidate: Candidate
    fits: tuple[LineFit, ...]

    @property
    def fluxes(self) -> dict[str, Flux]:
        """Flux and error of each line, NaN where it could not be measured."""
        return {fit.line: Flux(fit.flux, fit.flux_err) for fit in self.fits}


def candidates_measured(*, candidates: Iterable[Candidate]) -> tuple[list[Measured], list[tuple[str, str]]]:
    """Fit the lines of candidates at z_CL; also names and reasons of those that could not be read.

    Writes nothing.
    """
    waiting, measured, failures = list(candidates), [], []
    for start in range(0, len(waiting), READ_AT_ONCE):
        read = []
        for candidate in waiting[start : start + READ_AT_ONCE]:
            try:
                read.append((candidate, load_spectrum(candidate.spectrum)))
            except (ValueError, OSError) as error:
                failures.append((candidate.spectrum.name, str(error)))
        fits = measure_many([observed for _, observed in read], [candidate.z_cl for candidate, _ in read])
        measured += [Measured(candidate, lines) for (candidate, _), lines in zip(read, fits, strict=True)]
    return measured, failures


def measurements_store(*, measured: Iterable[Measured]) -> None:
    """Store lines, ratios and classes of candidates whose H II regions are matched; replaces earlier ones."""
    measured = list(measured)
    candidates = [item.candidate for item in measured]
    candidates_classify(candidates=candidates, fluxes=[item.fluxes for item in measured])
    for candidate in candidates:
        candidate.measured_at = timezone.now()
    LineMeasurement.objects.filter(candidate__in=candidates).delete()
    LineMeasurement.objects.bulk_create(
        line_row(item.candidate, fit) for item in measured for fit in item.fits
    )
    Candidate.objects.bulk_update(candidates, ["measured_at", *classes.FIELDS], batch_size=500)


def line_row(candidate: Candidate, fit: LineFit) -> LineMeasurement:
    """A fitted line as the database holds it, unsaved."""
    return LineMeasurement(
        candidate=candidate, line=fit.line, flux=_finite(fit.flux), flux_err=_finite(fit.flux_err),
        flux_limit=_finite(fit.flux_limit), ew=_finite(fit.ew), ew_err=_finite(fit.ew_err), center=fit.center,
        sigma_kms=_finite(fit.sigma_kms), sigma_kms_err=_finite(fit.sigma_kms_err), snr=_finite(fit.snr),
        continuum=_finite(fit.continuum), continuum_err=_finite(fit.continuum_err),
        absorption_ew=_finite(fit.absorption_ew), flags=fit.flags,
    )  # fmt: skip


def _finite(value: float) -> float | None:
    """A number as the database holds it: empty instead of NaN."""
    return float(value) if math.isfinite(value) else None

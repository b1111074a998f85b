"""A spectrum with a real file, its run and its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from catalog.models import Candidate, Release, Run, Spectrum
from retrieval.lines import LINE
from retrieval.masks import MASK_BIT
from retrieval.readers import ObservedSpectrum, SpectrumHeader
from retrieval.readers.writer import lamost_bytes
from tests import factories as f

Z = 0.0721


def observed(*, name: str = "spec-56649-GAC078N31M1_sp12-177", level: float = 100.0) -> ObservedSpectrum:
    """A LAMOST spectrum with H alpha at Z, pixels 1000 to 1009 masked (BADCCD)."""
    wavelength = 10 ** (3.5682 + 1e-4 * np.arange(3909))
    flux = level + 300 * np.exp(-0.5 * ((wavelength - LINE["ha"].wavelength * (1 + Z)) / 4) ** 2)
    andmask = np.zeros(3909, dtype=np.int32)
    andmask[1000:1010] = MASK_BIT["BADCCD"].value
    header = SpectrumHeader(survey="LAMOST", obsid=1, ra=150.0, dec=2.0, lmjd=56649, cls="Unknown")
    return ObservedSpectrum(
        name, "lamost-image5", wavelength, flux.astype(np.float32), np.full(3909, 0.04, np.float32),
        andmask, andmask, header,
    )  # fmt: skip


@dataclass
class Held:
    run: Run
    spectrum: Spectrum
    template: Spectrum
    candidate: Candidate


@pytest.fixture
def held(db: None) -> Held:
    """A galaxy with its file, confirmed by two of three configurations of the newest run."""
    run = f.RunFactory(n_queries=7, n_templates=5, n_line_redshifts=3, n_candidates=1)
    content = lamost_bytes(observed(), "lamost-image5")
    spectrum = f.SpectrumFactory(name="spec-galaxy", with_file=content)
    template = f.SpectrumFactory(
        name="spec-template", template=True, z=0.0725, ra=10.0,
        with_file=lamost_bytes(observed(level=50.0), "lamost-image5"),
    )  # fmt: skip
    f.LineRedshiftFactory(
        run=run, spectrum=spectrum, z=Z, lines={"hb": 5213.3, "oiii_5008": 5369.2, "ha": 7037.9}
    )
    candidate = f.CandidateFactory(run=run, spectrum=spectrum, z_cl=Z, z_rt=0.0725)
    for number, agrees in enumerate((True, True, False)):
        f.NeighbourFactory(
            codebook=f.CodebookFactory(
                run=run, number=number, segments=25 * (number + 1), centers=number + 1
            ),
            spectrum=spectrum, template=template, distance=1.25 + number, agrees=agrees,
        )  # fmt: skip
    f.LineMeasurementFactory(
        candidate=candidate, line="ha", flux=3007.7, flux_err=12.3, center=7037.9, flags=2
    )
    return Held(run, spectrum, template, candidate)


def release(slug: str, **fields: Any) -> Release:
    return f.ReleaseFactory(slug=slug, name=slug.upper(), **fields)

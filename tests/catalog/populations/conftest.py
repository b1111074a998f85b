"""A run of galaxies and nebulae with spread values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from catalog.models import Candidate, Run
from tests import factories as f

CLASSES = ("star-forming", "composite", "LINER", "Seyfert", "unclassified")


@pytest.fixture
def run(db: None) -> Run:
    """Forty galaxies and twenty nebulae; some without S/N, without ratios, or with a limit."""
    run, rng = f.RunFactory(), np.random.default_rng(5)
    for n in range(60):
        nebula = n % 3 == 2
        fields: dict[str, Any] = {
            "spectrum__ra": float(rng.uniform(0, 360)), "spectrum__dec": float(rng.uniform(-80, 80)),
            "spectrum__snr_r": None if n % 11 == 0 else float(rng.lognormal(2, 0.7)),
            "spectrum__mag_g": float(rng.uniform(14, 20)), "log_nii_ha": float(rng.normal(-0.4, 0.3)),
        }  # fmt: skip
        if nebula:
            fields |= {
                "velocity_kms": float(rng.uniform(-400, 400)),
                "log_sii_ha": -0.4,
                "sii_is_limit": n % 2 == 0,
            }
        else:
            fields |= {
                "z_cl": float(rng.uniform(0.01, 0.3)), "bpt_class": CLASSES[n % 5],
                "log_oiii_hb": None if n % 7 == 0 else float(rng.normal(0, 0.4)), "log_oiii_hb_err": 0.05,
                "nii_is_limit": n % 10 == 0, "p_star_forming": 0.75, "p_composite": 0.25,
            }  # fmt: skip
        f.CandidateFactory(run=run, nebula=nebula, spectrum__name=f"spec-{n:02d}", **fields)
    return run


def galaxies(run: Run) -> list[Candidate]:
    return list(run.candidates.filter(kind="galaxy").select_related("spectrum").order_by("pk"))

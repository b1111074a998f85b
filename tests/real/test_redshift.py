"""Redshifts from lines on real spectra: right on galaxies, rarely made up on stars and sky."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from retrieval import ProductQuantizer, detect_lines, line_redshift, prepare
from retrieval.match import confirm
from retrieval.readers import read_spectrum
from tests.real.data import is_emission_galaxy, is_f_star, is_sky, manifest

pytestmark = pytest.mark.real


@cache
def prepared(path: str) -> tuple[np.ndarray, float]:
    """The prepared spectrum of one file and its line redshift, NaN where there is none."""
    spectrum = read_spectrum(Path(path))
    x, grid = prepare(spectrum.wavelength, spectrum.flux)
    found = line_redshift(detect_lines(grid, x))
    return x, found.value if found else np.nan


def sample(chosen) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prepared spectra, line redshifts and published redshifts of the manifest's rows that `chosen` takes."""
    rows = [row for row in manifest() if chosen(row)]
    spectra, z_cl = zip(*(prepared(row["path"]) for row in rows), strict=True)
    return np.array(spectra), np.array(z_cl), np.array([float(row["z"] or np.nan) for row in rows])


def test_line_redshift_agrees_with_the_published_one():
    _, z_cl, z = sample(is_emission_galaxy)
    assert z.size == 53
    agree = np.abs(z_cl - z) <= 0.001
    print(f"CL redshift within 0.001 of the published one: {agree.sum()} of {z.size}")
    assert agree.mean() >= 0.95


def test_false_redshifts_before_the_template_check_are_few():
    for name, chosen in (("F stars", is_f_star), ("sky fibres", is_sky)):
        _, z_cl, _ = sample(chosen)
        print(f"{name} with a (false) line redshift: {np.isfinite(z_cl).sum()} of {z_cl.size}")
    _, z_cl, _ = sample(lambda row: is_f_star(row) or is_sky(row))
    assert z_cl.size == 444
    assert np.isfinite(z_cl).mean() <= 0.10


@pytest.mark.parametrize("centers", [10, 40])
@pytest.mark.parametrize("metric", ["l2_sum", "l2_squared"])
def test_the_template_check_removes_false_redshifts(metric: str, centers: int):
    templates, _, z_templates = sample(lambda row: row["survey"] == "SDSS" and row["cls"] == "GALAXY")
    queries, z_cl, _ = sample(lambda row: is_f_star(row) or is_sky(row))
    quantizer = ProductQuantizer(25, centers, metric=metric).fit(templates)
    nearest, _ = quantizer.search(queries, quantizer.encode(templates))
    confirmed = confirm(z_cl, z_templates[nearest[:, 0]])
    print(f"2:25:{centers} {metric}: {confirmed.sum()} of {confirmed.size} stars and sky fibres confirmed")
    assert confirmed.mean() <= 0.02


def test_the_template_check_keeps_a_galaxy_that_is_its_own_template():
    templates, z_cl, z = sample(is_emission_galaxy)
    quantizer = ProductQuantizer(25, 40).fit(templates)
    nearest, _ = quantizer.search(templates, quantizer.encode(templates))
    confirmed = confirm(z_cl, z[nearest[:, 0]])
    print(f"galaxies confirmed by their own template: {confirmed.sum()} of {confirmed.size}")
    assert confirmed.mean() >= 0.9

"""Simulated galaxy spectra for measurements: prepared as a run prepares them, as many as a survey has.

Physical continua and gas of `retrieval.simulate`, at random redshift, dust and signal to noise, with unit
norm on the comparison grid. Vectorised: 177,270 spectra take about a minute. Files are kept in the folder
given, named by what they hold.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retrieval.grid import make_grid
from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.simulate import continua, emission

REST_CELL_KMS = 35.0  # half a LAMOST resolution element or less
RESOLUTION = 1800.0
BLOCK = 2048

TEMPLATE_SN = (5.0, 40.0)  # per 2 Angstrom, log-uniform
QUERY_SN = (2.0, 20.0)


def spectra(
    folder: Path, role: str, rows: int, step: int, seed: int = 7, *, mapped: bool = False
) -> NDArray[np.float32]:
    """Spectra of a `role`, "templates" or "queries", float32 (rows, samples) with unit norm; made once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{role}-{rows}-step{step}-seed{seed}.npy"
    if not path.exists():
        limits = {"templates": TEMPLATE_SN, "queries": QUERY_SN}[role]
        made = _simulate(np.random.default_rng([seed, len(role)]), rows, step, limits)
        partial = path.with_suffix(".part.npy")
        np.save(partial, made)
        partial.rename(path)
    return np.load(path, mmap_mode="r" if mapped else None)


def _simulate(rng: Generator, rows: int, step: int, limits: tuple[float, float]) -> NDArray[np.float32]:
    grid = make_grid(step)
    cells = np.arange(np.log(2700.0), np.log(9000.0), REST_CELL_KMS / SPEED_OF_LIGHT)
    library = _library(cells)
    keys, strengths = _gases(rng)
    centres = np.array([LINE[key].wavelength for key in keys])
    out = np.empty((rows, grid.size), dtype=np.float32)
    for start in range(0, rows, BLOCK):
        block = out[start : start + BLOCK]
        n = len(block)
        z = rng.gamma(2.5, 0.045, n).clip(0.0, 0.4)
        _continua(rng, block, library, cells, grid, z)
        _lines(rng, block, centres, strengths, grid, z)
        block /= np.sqrt(np.mean(block**2, axis=1, keepdims=True))
        noise = step**-0.5 * 2**0.5 / np.exp(rng.uniform(*np.log(limits), n))
        # The blue arm of the instrument is the noisier.
        shape = (1.0 + 1.2 * np.exp(-(grid - grid[0]) / 500.0)).astype(np.float32)
        block += (
            rng.standard_normal(block.shape, dtype=np.float32) * noise.astype(np.float32)[:, None] * shape
        )
        block /= np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64)).astype(np.float32)[:, None]
    return out


def _library(cells: NDArray[np.float64]) -> NDArray[np.float32]:
    """Continua at rest, (families, cells): old to young, free of dust to dusty, two velocity dispersions."""
    rest = np.exp(cells)
    return np.array(
        [
            continua.galaxy(rest, young=young, colour_excess=dust, sigma_kms=sigma)
            for young in (0.0, 0.15, 0.4, 0.7, 1.0)
            for dust in (0.0, 0.3, 0.8)
            for sigma in (130.0, 230.0)
        ],
        dtype=np.float32,
    )


def _gases(rng: Generator) -> tuple[list[str], NDArray[np.float64]]:
    """Line keys and line fluxes relative to Ha, (gases, lines)."""
    kinds = (emission.star_forming, emission.composite, emission.liner, emission.seyfert)
    drawn = rng.choice(4, 600, p=[0.6, 0.2, 0.12, 0.08])
    tables = [emission.line_fluxes(kinds[kind](rng), 1.0, rng.uniform(0, 0.6)) for kind in drawn]
    keys = list(tables[0])
    return keys, np.array([[table[key] for key in keys] for table in tables])


def _continua(
    rng: Generator,
    block: NDArray[np.float32],
    library: NDArray[np.float32],
    cells: NDArray[np.float64],
    grid: NDArray[np.float64],
    z: NDArray[np.float64],
) -> None:
    """Mixtures of three families at redshift `z`, tilted by an imperfect flux calibration."""
    n = len(block)
    at = (np.log(grid)[None, :] - np.log1p(z)[:, None] - cells[0]) / (cells[1] - cells[0])
    low = at.astype(np.int32)
    share = (at - low).astype(np.float32)
    members, weights = rng.integers(0, len(library), (n, 3)), rng.dirichlet((1.0, 1.0, 1.0), n)
    rest = np.einsum("ij,ijk->ik", weights.astype(np.float32), library[members])
    rows = np.arange(n)[:, None]
    np.multiply(rest[rows, low], 1 - share, out=block)
    block += rest[rows, low + 1] * share
    x = np.linspace(-1, 1, grid.size, dtype=np.float32)
    tilt = rng.normal(0, 0.05, (n, 2)).astype(np.float32)
    block *= 1 + tilt[:, :1] * x + tilt[:, 1:] * x**2


def _lines(
    rng: Generator,
    block: NDArray[np.float32],
    centres: NDArray[np.float64],
    strengths: NDArray[np.float64],
    grid: NDArray[np.float64],
    z: NDArray[np.float64],
) -> None:
    """Gaussian emission lines: equivalent width of Ha log-normal about 8 Angstrom, a fifth without any."""
    n, step = len(block), grid[1] - grid[0]
    width = np.exp(rng.normal(np.log(8.0), 1.1, n)) * (rng.random(n) > 0.2)
    flux = strengths[rng.integers(0, len(strengths), n)] * width[:, None]
    kms = np.hypot(rng.uniform(60, 200, n), SPEED_OF_LIGHT / RESOLUTION / 2.355)
    reach = np.arange(-int(30 / step), int(30 / step) + 1)
    rows = np.arange(n)[:, None]
    for line, centre in enumerate(centres):
        at = centre * (1 + z)
        sigma = at * kms / SPEED_OF_LIGHT
        sample = np.rint((at - grid[0]) / step).astype(int)[:, None] + reach
        seen = (sample >= 0) & (sample < grid.size)
        profile = np.exp(-0.5 * ((grid[0] + step * sample - at[:, None]) / sigma[:, None]) ** 2)
        profile *= (flux[:, line] / (sigma * np.sqrt(2 * np.pi)))[:, None] * seen
        block[rows, sample.clip(0, grid.size - 1)] += profile.astype(np.float32)

"""Prepared spectra of a run: a chunked array per part and step under the data folder.

Derived, so it may be dropped and rebuilt. A block of spectra is one row of chunks, so that workers writing
different blocks never touch the same file; the library replaces a file at once, so that a worker that was
given up for dead and writes its block again harms nobody.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import zarr
from django.conf import settings
from numpy.typing import NDArray

from retrieval.grid import make_grid

from .models import Run, SpectrumBlock

STRIPE = 500  # samples of a chunk: a few segments are read without the rest of the spectrum


class PreparedGoneError(Exception):
    """The prepared spectra of a run, or some of them, are no longer on disk."""


def folder(run: Run) -> Path:
    return settings.DATA_DIR / "prepared" / f"run-{run.pk}"


def create(run: Run, *, part: str, step: int, rows: int, block: int) -> None:
    """Make an empty array for `rows` spectra in blocks of `block`; replaces one that is there."""
    zarr.create_array(
        store=_path(run, part, step),
        shape=(rows, make_grid(step).size),
        chunks=(min(block, rows), STRIPE),
        dtype="float32",
        fill_value=np.nan,  # what a lost chunk reads as
        compressors=None,
        overwrite=True,
    )


def write(block: SpectrumBlock, *, step: int, rows: NDArray[np.float32]) -> None:
    """Store the block's prepared spectra, float32 (count, n_grid)."""
    _open(block.run, block.part, step, "r+")[block.first : block.first + block.count] = rows


def read(block: SpectrumBlock, *, step: int) -> NDArray[np.float32]:
    """The block's prepared spectra, float32 (count, n_grid); rows that could not be prepared hold 0."""
    return _read(block.run, block.part, step, slice(block.first, block.first + block.count), slice(None))


def read_columns(run: Run, *, part: str, step: int, first: int, last: int) -> NDArray[np.float32]:
    """Samples `first` up to `last` of all spectra of a part, float32 (rows, last - first)."""
    return _read(run, part, step, slice(None), slice(first, last))


def _read(run: Run, part: str, step: int, rows: slice, samples: slice) -> NDArray[np.float32]:
    values = np.asarray(_open(run, part, step, "r")[rows, samples])
    if lost := int(np.count_nonzero(~np.isfinite(values))):
        raise PreparedGoneError(
            f"{lost} of {values.size} values of {_path(run, part, step)} are lost: "
            f"remove {folder(run)} and retry, to prepare the spectra again."
        )
    return values


def exists(run: Run) -> bool:
    return folder(run).is_dir()


def remove(run: Run) -> None:
    shutil.rmtree(folder(run), ignore_errors=True)


def _path(run: Run, part: str, step: int) -> Path:
    return folder(run) / f"{part}-{step}.zarr"


def _open(run: Run, part: str, step: int, mode: str) -> zarr.Array:
    try:
        return zarr.open_array(store=_path(run, part, step), mode=mode)
    except FileNotFoundError as error:
        raise PreparedGoneError(
            f"The prepared spectra of run {run.pk} are gone from {folder(run)}: retry to make them again."
        ) from error

"""What each segment adds to a spectrum's distance from a template, from the stored codebook and codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from retrieval import prepare
from retrieval.prepare import Normalization
from retrieval.search import Codes

from .arrays import load_spectrum
from .codebooks import DamagedError, load_quantizer
from .figures.lines import DRAWN_LINES
from .figures.plain import rounded
from .models import CodeBlock, Codebook, Neighbour, Spectrum, SpectrumBlock
from .runs import block_ids, block_usable

LARGEST = 5  # segments that are named in words


@dataclass(frozen=True, eq=False)
class Segments:
    """``edges`` (m + 1,) observed vacuum Angstrom; ``parts`` (m,) sub-distances in the run's metric."""

    edges: NDArray[np.float64]
    parts: NDArray[np.float64]

    @property
    def distance(self) -> float:
        return float(self.parts.sum())

    @property
    def shares(self) -> NDArray[np.float64]:
        """Of the distance, (m,): they sum to 1, or are all 0 where there is no distance."""
        return self.parts / self.distance if self.distance > 0 else np.zeros_like(self.parts)

    def told(self, *, z: float) -> dict[str, Any]:
        """As figures draw them: shares, distance, and the largest shares with the lines in them at `z`."""
        shares = self.shares
        largest = [int(at) for at in np.argsort(-shares, kind="stable")[:LARGEST]]
        return {
            "shares": rounded(shares),
            "distance": self.distance,
            "largest": [
                {
                    "first": float(self.edges[at]),
                    "last": float(self.edges[at + 1]),
                    "share": float(shares[at]),
                    "lines": self.lines_within(at, z),
                }
                for at in largest
            ],
        }

    def lines_within(self, segment: int, z: float) -> list[str]:
        """Labels of the lines that fall into a segment at a redshift."""
        first, last = self.edges[segment], self.edges[segment + 1]
        return [line.label for line in DRAWN_LINES if first <= line.wavelength * (1 + z) < last]


def neighbour_segments(*, neighbour: Neighbour) -> Segments:
    """A stored neighbour's distance, segment by segment; their sum is what the search found.

    Raises DamagedError where codebook or codes are damaged or the template is not among them, and OSError or
    ValueError (Refused, PrepareError) where the spectrum's file can no longer be read or prepared.
    """
    codebook, run = neighbour.codebook, neighbour.codebook.run
    observed = load_spectrum(neighbour.spectrum)
    vector, grid = prepare(
        observed.wavelength, observed.flux, step=codebook.step,
        normalization=cast(Normalization, run.normalization), mask=observed.bad,
    )  # fmt: skip
    quantizer = load_quantizer(codebook)
    code = template_code(codebook=codebook, template=neighbour.template)
    return Segments(segment_edges(grid, codebook), quantizer.explain(vector, code))


def segment_edges(grid: NDArray[np.float64], codebook: Codebook) -> NDArray[np.float64]:
    """Edges (segments + 1,) of the segments on the grid (n,) of prepared spectra, Angstrom."""
    width = codebook.step * (grid.size // codebook.segments)
    return grid[0] + width * np.arange(codebook.segments + 1)


def template_code(*, codebook: Codebook, template: Spectrum) -> Codes:
    """The code (segments,) of one template. Raises DamagedError where it is not among the codes."""
    blocks = SpectrumBlock.objects.filter(run=codebook.run_id, part=SpectrumBlock.Part.TEMPLATES)
    for block in blocks.order_by("number").iterator(chunk_size=64):
        row = np.flatnonzero(block_ids(block)[block_usable(block)] == template.pk)
        if not row.size:
            continue
        stored = CodeBlock.objects.filter(codebook=codebook, number=block.number).first()
        if stored is None:
            break
        dtype = np.dtype(np.uint8 if codebook.centers <= 256 else "<u2")
        codes = np.frombuffer(stored.data, dtype)
        if codes.size != stored.count * codebook.segments or row[0] >= stored.count:
            raise DamagedError(
                f"Block {block.number} of codebook {codebook.pk} is damaged: launch a new run."
            )
        code = codes.reshape(stored.count, codebook.segments)[row[0]]
        return code.astype(np.uint8) if codebook.centers <= 256 else code.astype(np.uint16)
    raise DamagedError(f"{template.name} is not among the encoded templates of {codebook.label}.")

"""Where a spectrum and its kin differ: what each segment adds to the distance by which they were found."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from catalog.figures.plain import rounded
from catalog.segments import Segments, segment_edges
from retrieval import ProductQuantizer, prepare
from retrieval.prepare import Normalization

from .books import SHELF
from .figure import DRAWN
from .search import Kin


def shares_of(kin: Kin) -> dict[str, Any]:
    """``edges`` of the segments, and of each kin that is drawn its shares, as the spectrum's page draws them.

    Empty without kin.
    """
    if not kin.kin:
        return {}
    codebook, observed = kin.codebook, kin.observed
    normalization = cast(Normalization, kin.run.normalization)
    vector, grid = prepare(
        observed.wavelength, observed.flux, step=codebook.step, normalization=normalization, mask=observed.bad
    )
    book, _ = SHELF.book(codebook)
    searcher = book.searcher
    table = ProductQuantizer.from_codebook(searcher.codebook, searcher.metric).distance_table(vector)
    edges, every = segment_edges(grid, codebook), np.arange(codebook.segments)
    told = []
    for one in kin.kin[:DRAWN]:
        code = searcher.codes[np.flatnonzero(book.templates == one.template.pk)[0]]
        z = cast(float, one.template.z if kin.z is None else kin.z)
        parts = Segments(edges, table[every, code].astype(np.float64))
        told.append(
            {"rank": one.rank, "template": one.template.name, "stored": one.pq_distance} | parts.told(z=z)
        )
    return {"edges": rounded(edges, 7), "kin": told}

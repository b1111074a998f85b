"""Each segment's share of a distance, from what the database holds of a codebook."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.test import Client

from catalog.codebooks import DamagedError, codes_store
from catalog.models import CodebookBlock, Neighbour, SpectrumBlock
from catalog.segments import neighbour_segments, template_code
from retrieval import ProductQuantizer, prepare
from retrieval.readers.writer import lamost_bytes
from tests import factories as f
from tests.catalog.pages.conftest import observed

pytestmark = pytest.mark.django_db
SEGMENTS, CENTERS = 25, 3


@pytest.fixture
def neighbour() -> Neighbour:
    """A spectrum searched among five templates, one of them not usable, by a codebook of 25 segments."""
    run = f.RunFactory()
    made = [observed(name=f"t{n}", level=40.0 + 30 * n) for n in range(5)]
    for n, template in enumerate(made):
        template.flux[:] += 20 * np.sin(template.wavelength / (200 + 50 * n))
    rows = [
        f.SpectrumFactory(name=one.name, template=True, with_file=lamost_bytes(one, "lamost-image5"))
        for one in made
    ]
    query = f.SpectrumFactory(name="query", with_file=lamost_bytes(observed(), "lamost-image5"))
    usable = np.array([1, 0, 1, 1, 1], dtype=np.uint8)
    ids = np.array([row.pk for row in rows], dtype="<i8")
    SpectrumBlock.objects.create(
        run=run, part="templates", number=0, first=0, count=5, spectrum_ids=ids.tobytes(),
        usable=usable.tobytes(),
    )  # fmt: skip
    vectors = np.stack([prepare(one.wavelength, one.flux, 2, "l2", mask=one.bad)[0] for one in made])
    kept = vectors[usable == 1]
    quantizer = ProductQuantizer(SEGMENTS, CENTERS, "l2_sum").fit(kept)
    codebook = f.CodebookFactory(run=run, number=0, step=2, segments=SEGMENTS, centers=CENTERS, n_templates=4)
    CodebookBlock.objects.filter(codebook=codebook).delete()
    CodebookBlock.objects.create(
        codebook=codebook, first_segment=0, segments=SEGMENTS, data=quantizer.codebook.tobytes()
    )
    codes = quantizer.encode(kept)
    codes_store(codebook=codebook, number=0, codes=codes, seconds=0)
    one = observed()
    index, distance = quantizer.search(
        prepare(one.wavelength, one.flux, 2, "l2", mask=one.bad)[0][None], codes
    )
    template = rows[int(np.flatnonzero(usable)[index[0, 0]])]
    return f.NeighbourFactory(
        codebook=codebook, spectrum=query, template=template, distance=float(distance[0, 0])
    )


def test_shares_add_up_to_the_distance_that_the_search_found(neighbour: Neighbour) -> None:
    segments = neighbour_segments(neighbour=neighbour)  # of the file, whose wavelengths are float32
    assert segments.distance == pytest.approx(neighbour.distance, rel=1e-5)
    assert segments.shares.sum() == pytest.approx(1.0)
    assert segments.edges[[0, -1]].tolist() == [3900.0, 8900.0]
    assert len(segments.edges) == SEGMENTS + 1
    assert segments.lines_within(13, 0.0) == ["[N II] 6550", "Hα", "[N II] 6585"]


def test_page_draws_them_and_names_the_largest(client: Client, neighbour: Neighbour) -> None:
    url = f"/spectra/query/distance.json?run={neighbour.codebook.run_id}&configuration="
    found: dict[str, Any] = client.get(f"{url}2:25:3").json()
    assert found["template"] == neighbour.template.name
    assert found["distance"] == pytest.approx(found["stored"], rel=1e-5)
    assert sum(found["shares"]) == pytest.approx(1.0, abs=1e-3)
    largest = [part["share"] for part in found["largest"]]
    assert largest == pytest.approx(sorted(found["shares"], reverse=True)[:5], rel=1e-4)
    missing = client.get(f"{url}2:50:3")
    assert missing.status_code == 404
    assert "did not search" in missing.json()["error"]


def test_damage_is_said(client: Client, neighbour: Neighbour) -> None:
    codebook = neighbour.codebook
    stranger = f.SpectrumFactory(template=True)
    with pytest.raises(DamagedError, match="is not among the encoded templates"):
        template_code(codebook=codebook, template=stranger)
    codebook.code_blocks.update(count=9)
    with pytest.raises(DamagedError, match="is damaged: launch a new run"):
        template_code(codebook=codebook, template=neighbour.template)
    answer = client.get(f"/spectra/query/distance.json?run={codebook.run_id}")
    assert answer.status_code == 404
    assert "cannot be computed" in answer.json()["error"]

"""Where a spectrum and its kin differ: shares of the distance by segment."""

from __future__ import annotations

import pytest

from catalog.arrays import load_spectrum
from catalog.models import Neighbour, Run
from catalog.segments import neighbour_segments
from tasks.kin.books import codebooks_ready
from tasks.kin.figure import DRAWN
from tasks.kin.search import find_kin
from tasks.kin.shares import shares_of

from .conftest import queries

pytestmark = pytest.mark.django_db


def test_they_add_up_to_the_distance_that_was_found(run: Run) -> None:
    for codebook in codebooks_ready(run):
        spectrum = queries(run)[2]
        kin = find_kin(observed=load_spectrum(spectrum), codebook=codebook, itself=spectrum.pk, k=DRAWN)
        told = shares_of(kin)
        assert len(told["edges"]) == codebook.segments + 1
        assert [one["template"] for one in told["kin"]] == [one.template.name for one in kin.kin]
        for one, kinsman in zip(told["kin"], kin.kin, strict=True):
            assert one["stored"] == kinsman.pq_distance
            assert one["distance"] == pytest.approx(kinsman.pq_distance, rel=1e-5)
            assert sum(one["shares"]) == pytest.approx(1.0, abs=1e-3)
            assert one["largest"][0]["share"] == pytest.approx(max(one["shares"]), rel=1e-3)
        stored = Neighbour.objects.get(codebook=codebook, spectrum=spectrum, rank=1)
        by_name = {one["template"]: one["shares"] for one in told["kin"]}
        assert by_name[stored.template.name] == pytest.approx(
            neighbour_segments(neighbour=stored).shares, abs=1e-3
        )

"""How many queries each page may take, whatever it holds: pinned, so that none grows unseen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import factories as f

from .conftest import Held

PINNED = {
    "/": 11,
    "/galaxies/": 7,
    "/nebulae/": 8,
    "/unclear/": 6,
    "/regions/": 8,
    "/regions/G173.588-01.606/": 10,
    "/regions/G173.588-01.606/figure.json": 8,
    "/candidates/": 6,
    "/lookups/": 18,
    "/spectra/": 5,
    "/refusals/": 4,
    "/bpt/": 12,
    "/figures/": 3,
    "/pipeline/": 19,
    "/how-it-works/": 7,
    "/figures/snr/": 8,
    "/figures/snr/figure.json": 5,
    "/figures/redshift/": 12,
    "/figures/redshift/figure.json": 9,
    "/figures/objtype/": 6,
    "/figures/objtype/figure.json": 3,
    "/figures/redshift-compared/": 8,
    "/figures/redshift-compared/figure.json": 5,
    "/figures/types-compared/": 8,
    "/figures/types-compared/figure.json": 5,
    "/figures/bpt/figure.json": 3,
    "/spectra/spec-galaxy/": 14,
    "/spectra/spec-galaxy/figure.json": 7,
    "/robots.txt": 0,
    "/nowhere": 1,
}


@pytest.mark.parametrize("url", PINNED)
def test_queries(client: Client, held: Held, django_assert_num_queries: Any, url: str) -> None:
    f.HIIRegionFactory(name="G173.588-01.606")
    for n in range(60):
        f.CandidateFactory(run=held.run, nebula=n % 2 == 0, region=f.HIIRegionFactory() if n % 4 else None)
        f.RefusalFactory()
    with django_assert_num_queries(PINNED[url]):
        client.get(url)

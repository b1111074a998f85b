"""The grouping of positions into sources equals its rule, spelt out as a plain loop."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from astropy.coordinates import SkyCoord, angular_separation
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.ingest import spectra_import
from catalog.ingest.sources import assign_sources
from catalog.models import Source, Spectrum
from tests.catalog.ingest.made import spectrum, write

ARCSEC = 1 / 3600
PLACES = [(0.0, 0.0), (0.0, 89.9999), (123.0, -90.0), (45.0, 41.8103149), (180.0, 60.0), (359.99995, -41.8)]


def plain_loop(ra: np.ndarray, dec: np.ndarray) -> list[int]:
    """For each position the index of its founder: the nearest one within 1 arcsec, else itself."""
    founders: list[int] = []
    found = []
    for i in range(len(ra)):
        apart = [
            np.degrees(angular_separation(*np.radians([ra[i], dec[i], ra[j], dec[j]]))) * 3600
            for j in founders
        ]
        nearest = int(np.argmin(apart)) if apart else -1
        if not apart or apart[nearest] > 1:
            founders.append(i)
            found.append(i)
        else:
            found.append(founders[nearest])
    return found


def scattered(seed: int, place: tuple[float, float], n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centre = SkyCoord(*place, unit="deg")
    points = centre.directional_offset_by(
        rng.uniform(0, 360, n) * np.pi / 180, np.radians(rng.uniform(0, 3 * ARCSEC, n))
    )
    return np.asarray(points.ra.deg) % 360, np.asarray(points.dec.deg)


class Grouping(TestCase):
    """Hypothesis needs a transaction for each example."""

    @settings(max_examples=40, deadline=None)
    @given(seed=st.integers(0, 2**31), place=st.sampled_from(PLACES), cuts=st.sets(st.integers(1, 29)))
    def test_equals_the_plain_loop_however_it_is_cut(self, seed, place, cuts):
        ra, dec = scattered(seed, place, 30)
        bounds = [0, *sorted(cuts), 30]
        ids = []
        for first, last in pairwise(bounds):
            ids += assign_sources(ra[first:last], dec[first:last])
        expected = plain_loop(ra, dec)
        first_of: dict[int, int] = {}
        for i, source in enumerate(ids):
            first_of.setdefault(source, i)
        assert [first_of[source] for source in ids] == expected
        assert Source.objects.count() == len(set(expected))


@pytest.mark.django_db
def test_a_source_carries_its_founder():
    (pk,) = assign_sources(np.array([266.40498829]), np.array([-28.93617776]))
    source = Source.objects.get(pk=pk)
    assert (source.ra, source.dec) == (266.40498829, -28.93617776)
    assert source.glon % 360 == pytest.approx(0, abs=1e-4) or source.glon == pytest.approx(360, abs=1e-4)
    assert source.glat == pytest.approx(0, abs=1e-4)


@pytest.mark.django_db
def test_nothing_gives_nothing():
    assert assign_sources(np.empty(0), np.empty(0)) == []


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_hold_everything_once(tmp_path):
    """The same files under two releases, and under none, from threads: one source per position."""
    write(tmp_path, {f"{n}.fits": spectrum(n) for n in range(6)})
    errors: list[BaseException] = []

    def work(release: str | None) -> None:
        try:
            spectra_import(paths=[tmp_path], release=release)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[release]) for release in ("one", "two", "one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert Spectrum.objects.count() == 12
    positions = set(Spectrum.objects.values_list("ra", "dec"))
    assert Source.objects.count() == len(positions) == 6

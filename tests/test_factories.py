"""The factories themselves, where a shortcut would hide a fault of the code."""

from __future__ import annotations

import pytest

from . import factories as f


@pytest.mark.django_db
def test_a_right_ascension_of_0_has_a_source_and_a_missing_one_none() -> None:
    at_zero = f.SpectrumFactory(ra=0.0, dec=0.0)
    assert (at_zero.source.ra, at_zero.source.dec) == (0.0, 0.0)
    assert f.SpectrumFactory(ra=None, dec=None).source is None

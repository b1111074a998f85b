"""A spectrum that the page hands out comes back as it went, or is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from retrieval.readers import Refused
from tasks.kin import packing
from tests.retrieval.readers import files

PACKED = packing.pack(files.galaxy())


def test_it_comes_back_as_it_went() -> None:
    spectrum = files.galaxy()
    again = packing.from_text(packing.to_text(spectrum))
    for name in ("wavelength", "flux", "ivar", "andmask", "ormask"):
        np.testing.assert_array_equal(getattr(again, name), getattr(spectrum, name))
    assert (again.header, again.warnings, again.name) == (
        spectrum.header,
        spectrum.warnings,
        spectrum.name,
    )


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.data())
def test_damage_is_refused(data: st.DataObject) -> None:
    raw = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        again = packing.unpack(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    except Refused:
        return
    assert np.isfinite(again.flux).all()


@pytest.mark.parametrize(
    "text",
    ["", "%%%", "bm90aGluZw==", packing.base64.b64encode(packing.zlib.compress(b"0" * 10**8)).decode()],
)
def test_what_it_did_not_make_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not the spectrum"):
        packing.from_text(text)

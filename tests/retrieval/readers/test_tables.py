"""The table reader against astropy's, column by column."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io import fits

from retrieval.readers import Refused
from retrieval.readers.tables import column_names, read_columns
from tests.retrieval.readers import files

COLUMNS = {
    "A": ("12A", ["  left", "right  "]),
    "B": ("3X", [[True, False, True]] * 2),
    "C": ("I", [-3, 4]),
    "D": ("2K", [[2**60, -1], [0, 7]]),
    "E": ("C", [1 + 2j, 3 - 1j]),
    "F": ("4E", [[1.5, 2, 3, 4], [5, 6, 7, 8]]),
    "G": ("B", [7, 255]),
    "H": ("D", [np.pi, np.nan]),
}


@pytest.fixture
def table():
    columns = [fits.Column(name, form, array=values) for name, (form, values) in COLUMNS.items()]
    raw = files.to_bytes(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns))
    with fits.open(io.BytesIO(raw)) as hdus:
        yield hdus[1], raw


def test_columns_equal_those_of_astropy(table):
    hdu, raw = table
    wanted = ["A", "C", "D", "F", "G", "H", "absent"]
    found = read_columns(hdu, raw, wanted)
    assert list(found) == wanted[:-1]
    for name, values in found.items():
        expected = hdu.data[name]
        if name == "A":
            expected = np.char.strip(expected)
        np.testing.assert_array_equal(values, expected)


def test_a_column_of_another_kind_is_refused_by_name(table):
    hdu, raw = table
    with pytest.raises(Refused, match="Column E"):
        read_columns(hdu, raw, ["E"])


def test_an_image_has_no_columns():
    assert column_names(fits.ImageHDU(np.ones((2, 2)))) == []

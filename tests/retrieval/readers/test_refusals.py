"""What cannot be used is refused with a code, the numbers, and advice; nothing else is ever raised."""

from __future__ import annotations

import gzip
import io
import pickle

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.readers import REFUSALS, ObservedSpectrum, Refused, read, read_spectrum
from tests.retrieval.readers import files

SIZE = 3909


def refusal(raw: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        read_spectrum(raw)
    return caught.value


def changed(name: str, edit, layout: str = "lamost-image5") -> bytes:
    array = np.array(getattr(files.galaxy(), name))
    edit(array)
    return files.lamost(layout, **{name: array})


def fill(value):
    return lambda array: array.fill(value)


def swap(array):
    array[[1000, 1001]] = array[[1001, 1000]]


def nan_at_5(array):
    array[5] = np.nan


BOTH = pytest.mark.parametrize("layout", ["lamost-image5", "lamost-coadd"])


@BOTH
@pytest.mark.parametrize(
    ("array", "edit", "code", "number"),
    [
        ("flux", fill(0), "zero-flux", str(SIZE)),
        ("flux", nan_at_5, "nan-flux", f"1 of {SIZE}"),
        ("ivar", fill(0), "ivar-zero", str(SIZE)),
        ("wavelength", swap, "wavelength-not-monotonic", "pixel 1001"),
        ("wavelength", nan_at_5, "wavelength-missing", "positive"),
        ("wavelength", lambda array: np.multiply(array, 10, out=array), "no-overlap", "36999"),
    ],
)
def test_bad_arrays(layout, array, edit, code, number):
    error = refusal(changed(array, edit, layout))
    assert error.code == code
    assert number in error.detail


@BOTH
@pytest.mark.parametrize("keep", [0.95, 0.7, 0.3])
def test_a_truncated_file(layout, keep):
    raw = files.lamost(layout)
    error = refusal(raw[: int(len(raw) * keep)])
    assert error.code == "truncated"
    assert refusal(gzip.compress(raw)[: int(len(raw) * keep / 4)]).code == "truncated"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"<html>Not found</html>", "not-fits"),
        (b"SIMPLE  =                    T" + b" " * 2850, "not-fits"),
        (gzip.compress(b"abc", mtime=0)[:-6] + b"\0" * 6, "unreadable-archive"),
    ],
)
def test_not_a_file_of_ours(raw, code):
    assert refusal(raw).code == code


def test_a_small_file_that_unpacks_to_a_large_one(monkeypatch):
    monkeypatch.setattr(read, "MAX_BYTES", 2**20)
    assert refusal(gzip.compress(b"\0" * (2**20 + 1))).code == "archive-bomb"


def test_a_file_too_large_for_a_spectrum(monkeypatch, tmp_path):
    monkeypatch.setattr(read, "MAX_BYTES", 1000)
    path = tmp_path / "a.fits"
    path.write_bytes(files.lamost())
    with pytest.raises(Refused, match="MB"):
        read_spectrum(path)


def test_medium_resolution_is_refused_with_its_reason():
    error = refusal(files.medium_resolution())
    assert error.code == "medium-resolution"
    assert "COADD_B" in error.detail
    assert "low-resolution" in error.advice


def test_a_table_without_wavelength():
    columns = [fits.Column(key, "9E", array=np.ones((1, 9))) for key in ("FLUX", "IVAR", "ANDMASK", "ORMASK")]
    raw = files.to_bytes(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name="COADD"))
    assert refusal(raw).code == "wavelength-missing"


def test_columns_of_different_lengths():
    lengths = {"FLUX": 9, "IVAR": 8, "WAVELENGTH": 9, "ANDMASK": 9, "ORMASK": 9}
    columns = [fits.Column(key, f"{n}E", array=np.ones((1, n))) for key, n in lengths.items()]
    raw = files.to_bytes(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name="COADD"))
    error = refusal(raw)
    assert error.code == "length-mismatch"
    assert "ivar 8" in error.detail


@pytest.mark.parametrize("rows", [0, 2])
def test_a_coadd_table_has_one_row(rows):
    columns = [
        fits.Column(key, "9E", array=np.ones((rows, 9)))
        for key in ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")
    ]
    raw = files.to_bytes(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name="COADD"))
    assert refusal(raw).code == "wrong-hdus"


def test_an_image_of_other_rows():
    primary = fits.PrimaryHDU(np.ones((4, 100), np.float32))
    primary.header["TELESCOP"] = "LAMOST"
    assert refusal(files.to_bytes(primary)).code == "wrong-hdus"


def test_a_lamost_header_without_any_spectrum():
    primary = fits.PrimaryHDU()
    primary.header["TELESCOP"] = "LAMOST"
    assert refusal(files.to_bytes(primary)).code == "wrong-hdus"


def test_first_release_without_coefficients():
    with fits.open(io.BytesIO(files.lamost())) as hdus:
        header = hdus[0].header
        header["EXTEN0"] = "Flux Inverse Subcontinuum Andmask Ormask"
        for key in ("COEFF0", "COEFF1", "CRVAL1", "CD1_1"):
            del header[key]
        raw = files.to_bytes(fits.PrimaryHDU(hdus[0].data, header))
    assert refusal(raw).code == "wavelength-missing"


def test_sdss_without_a_row_about_the_object():
    with fits.open(io.BytesIO(files.sdss())) as hdus:
        raw = files.to_bytes(*[hdu.copy() for hdu in hdus[:2]])
    error = refusal(raw)
    assert (error.code, "SPECOBJ" in error.detail) == ("wrong-hdus", True)


def test_other_fits_files_are_named_for_what_they_hold():
    error = refusal(files.to_bytes(fits.PrimaryHDU(np.ones((3, 4, 5)))))
    assert error.code == "unknown-layout"
    assert "PRIMARY (PrimaryHDU, 3 axes)" in error.detail


@pytest.mark.parametrize(
    ("cards", "code"),
    [
        ({"CRVAL1": 4000.0, "CDELT1": 1.0}, "medium-unstated"),
        ({"VACUUM": True}, "wavelength-missing"),
        ({"VACUUM": True, "CRVAL1": 1.0, "CDELT1": 1.0, "CUNIT1": "pixel"}, "unit-unknown"),
        ({"VACUUM": True, "CRVAL1": 4000.0, "CDELT1": 1.0, "LOGSCALE": True}, "wavelength-missing"),
        ({"VACUUM": True, "CRVAL1": 4000.0, "CDELT1": 1.0, "COEFF0": 3.62}, "wavelength-contradicted"),
    ],
)
def test_images_whose_header_says_too_little(cards, code):
    flux = np.random.default_rng(0).normal(5, 1, 500)
    assert refusal(files.image1d(flux, **cards)).code == code


def test_every_refusal_has_text_and_advice():
    for code, reason in REFUSALS.items():
        assert reason.text, code
        assert reason.advice, code


def test_a_refusal_survives_a_process_border():
    error = pickle.loads(pickle.dumps(Refused("zero-flux", "All 3 pixels.")))
    assert (error.code, error.detail, error.advice) == (
        "zero-flux",
        "All 3 pixels.",
        REFUSALS["zero-flux"].advice,
    )


SOURCES = st.sampled_from(
    [files.lamost("lamost-image5"), files.lamost("lamost-coadd"), files.sdss(), files.medium_resolution()]
)


def read_or_refuse(raw: bytes) -> ObservedSpectrum | Refused:
    try:
        return read_spectrum(raw)
    except Refused as error:
        return error


@settings(max_examples=150, deadline=None)
@given(source=SOURCES, data=st.data())
def test_any_damage_is_read_or_refused(source, data):
    """Cut anywhere, flip bytes anywhere, and twice as often in the headers, where damage does most."""
    raw = bytearray(source)
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw))) :]
    for _ in range(data.draw(st.integers(0, 6))):
        if raw:
            end = min(len(raw), 20_000) if data.draw(st.booleans()) else len(raw)
            raw[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    outcome = read_or_refuse(bytes(raw))
    if isinstance(outcome, ObservedSpectrum):
        assert np.isfinite(outcome.flux).all()
        assert (np.diff(outcome.wavelength) > 0).all()
    else:
        assert outcome.code in REFUSALS

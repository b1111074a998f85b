"""Files as LAMOST writes them, the same bytes each time."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time

from retrieval.readers.writer import _heliocentric, file_name, lamost_bytes, write_lamost
from tests.retrieval.readers import files

KEYS = [
    *(
        "OBSID",
        "DESIG",
        "DATA_V",
        "LMJD",
        "MJD",
        "PLANID",
        "SPID",
        "FIBERID",
        "RA",
        "DEC",
        "OBJTYPE",
        "TSOURCE",
    ),
    *(
        "CLASS",
        "SUBCLASS",
        "Z",
        "Z_ERR",
        "ZFLAG",
        "SNRU",
        "SNRG",
        "SNRR",
        "SNRI",
        "SNRZ",
        "VERSPIPE",
        "COEFF0",
    ),
    *("COEFF1", "CRVAL1", "CD1_1", "VACUUM", "HELIO", "HELIO_RV", "DATE-OBS", "TELESCOP", "SIMULATE"),
]


@pytest.mark.parametrize(
    ("layout", "own"),
    [
        ("lamost-image5", ["EXTEN0", "FIBERTYP", "FIBERMAS", "MAGTYPE", "MAG1", "MAG7"]),
        ("lamost-coadd", ["FIB_TYPE", "FIB_MASK", "MAG_PS_G", "MAG_PS_Y", "NORM"]),
    ],
)
def test_the_header_has_the_cards_of_the_release(layout, own):
    raw = files.lamost(layout)
    assert len(raw) % 2880 == 0
    with fits.open(io.BytesIO(raw)) as hdus:
        header = hdus[0].header
        assert set(KEYS + own) <= set(header)
        assert header["SIMULATE"] is True
        assert "not an observation" in header.comments["SIMULATE"]
        data = hdus[0].data if layout == "lamost-image5" else hdus["COADD"].data[0]
        flux = data[0] if layout == "lamost-image5" else data["FLUX"]
        np.testing.assert_array_equal(flux, files.galaxy().flux)


def test_the_file_name_follows_the_header(tmp_path):
    head = files.galaxy().header
    name = file_name(head)
    assert name == f"spec-{head.lmjd}-{head.plan_id}_sp{head.spectrograph:02d}-{head.fiber:03d}.fits"


def test_gzipped_files_hold_the_same_bytes_and_no_date(tmp_path):
    plain, packed = tmp_path / "a.fits", tmp_path / "a.fits.gz"
    write_lamost(files.galaxy(), plain, "lamost-coadd")
    write_lamost(files.galaxy(), packed, "lamost-coadd")
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.read_bytes()[4:8] == b"\0\0\0\0"


def test_another_layout_cannot_be_written():
    with pytest.raises(ValueError, match="sdss-spec"):
        lamost_bytes(files.galaxy(), "sdss-spec")


@pytest.mark.parametrize(
    ("ra", "dec", "mjd"), [(0.1, 5, 56200), (83, 22, 57000), (200, 60, 57777), (300, -5, 58100)]
)
def test_the_heliocentric_velocity_is_right_to_two_km_s(ra, dec, mjd):
    place = SkyCoord(ra, dec, unit="deg")
    centre = EarthLocation.from_geocentric(1, 0, 0, unit="m")  # the Earth's turning is left out
    exact = place.radial_velocity_correction("heliocentric", obstime=Time(mjd, format="mjd"), location=centre)
    assert _heliocentric(ra, dec, mjd) == pytest.approx(exact.to_value("km/s"), abs=2)

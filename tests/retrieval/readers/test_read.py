"""Every layout is read, told by its structure."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from retrieval.readers import LAYOUTS, WARNINGS, read_spectrum
from retrieval.readers.air import air_to_vacuum
from tests.retrieval.readers import files


@pytest.mark.parametrize("layout", ["lamost-image5", "lamost-coadd"])
def test_a_written_spectrum_is_read_back(layout):
    written = files.galaxy()
    read = read_spectrum(files.lamost(layout))
    assert read.layout == layout
    bands = "ugriz" if layout == "lamost-image5" else "grizy"
    magnitudes = {band: written.header.magnitudes.get(band) for band in bands}
    assert read.header == replace(written.header, magnitudes=magnitudes)
    np.testing.assert_array_equal(read.wavelength, written.wavelength)
    np.testing.assert_array_equal(read.flux, written.flux)
    lit = written.flux != 0
    np.testing.assert_array_equal(read.ivar[lit], written.ivar[lit])
    np.testing.assert_array_equal(read.andmask, written.andmask)
    np.testing.assert_array_equal(read.ormask, written.ormask)
    types = [read.wavelength.dtype, read.flux.dtype, read.ivar.dtype, read.andmask.dtype]
    assert types == [np.float64, np.float32, np.float32, np.int32]


def test_the_first_releases_have_no_wavelength_row():
    read = read_spectrum(files.subcontinuum())
    assert read.layout == "lamost-image5-subcontinuum"
    np.testing.assert_allclose(read.wavelength, 10 ** (3.5682 + 1e-4 * np.arange(3909)), rtol=1e-12)
    assert read.header.obsid is None
    assert "obsid-missing" in read.warnings
    assert read.header.snr["r"] == 12.5
    assert read.header.release == "DR1-3 (pipeline simulation)"


def test_the_name_is_the_files_own(tmp_path):
    path = tmp_path / "spec-1-X_sp01-001.fits.gz"
    path.write_bytes(gzip.compress(files.lamost()))
    assert read_spectrum(path).name == "spec-1-X_sp01-001"
    assert read_spectrum(path.read_bytes(), "a/b/named.fit").name == "named"


def test_an_empty_coadd_primary_still_claims_axes():
    header = fits.Header.fromstring(files.lamost("lamost-coadd"))
    assert (header["NAXIS"], header["NAXIS1"], header["NAXIS2"]) == (0, 3909, 5)


def test_sdss_position_is_the_objects_not_the_telescopes():
    read = read_spectrum(files.sdss())
    head = read.header
    assert read.layout == "sdss-spec"
    assert (head.ra, head.dec) == (0.0, -10.5)  # right ascension 0 is a place, not a gap
    assert (head.plan_id, head.mjd, head.fiber) == ("431", 51877, 19)
    assert (head.cls, head.subclass) == ("GALAXY", "STARFORMING")
    assert head.z == pytest.approx(0.0925)
    assert head.snr == {"u": 1, "g": 2, "r": 3, "i": 4, "z": 5, "all": 3.5}
    assert head.magnitudes["u"] is None
    assert head.magnitudes["g"] == pytest.approx(20.0)
    assert head.flux_unit == "1E-17 erg/cm^2/s/Ang"
    assert read.wavelength[0] == pytest.approx(10**3.6, rel=1e-6)
    assert read.ormask[0] == 1 << 24
    assert read.warnings == ()


def test_an_sdss_sky_fibre_is_sky_whatever_the_pipeline_said():
    read = read_spectrum(files.sdss(about={"SOURCETYPE": ("8A", ["SKY"]), "CLASS": ("6A", ["QSO"])}))
    assert read.header.cls == "SKY"
    assert "sky-fibre" in read.warnings


def test_an_unknown_redshift_is_none():
    raw = files.lamost(header=replace(files.galaxy().header, z=None, z_err=None, cls="Unknown"))
    assert fits.Header.fromstring(raw)["Z"] == -9999
    assert read_spectrum(raw).header.z is None


@pytest.mark.parametrize(
    ("cards", "warning"),
    [
        ({"VACUUM": None}, "vacuum-unstated"),
        ({"HELIO": False}, "not-heliocentric"),
        ({"OBSID": None}, "obsid-missing"),
        ({"RA": None}, "position-missing"),
        ({"FIBERTYP": "Sky"}, "sky-fibre"),
    ],
)
def test_what_the_header_lacks_is_a_warning(cards, warning):
    plain = read_spectrum(files.lamost()).warnings
    assert warning not in plain
    assert warning in read_spectrum(files.with_cards(files.lamost(), **cards)).warnings


def test_air_becomes_vacuum_where_the_header_says_air():
    read = read_spectrum(files.with_cards(files.lamost(), VACUUM=False))
    assert "air-converted" in read.warnings
    shift = read.wavelength - files.galaxy().wavelength
    assert 1.0 < shift[0] < shift[-1] < 2.6


def test_air_to_vacuum_of_known_lines():
    # Ha, Hb, [O III], [N II]: air and vacuum wavelengths of the NIST database.
    air = np.array([6562.80, 4861.33, 5006.84, 6583.45])
    np.testing.assert_allclose(air_to_vacuum(air), [6564.61, 4862.69, 5008.24, 6585.27], atol=0.012)


def test_zero_pixels_at_the_end_lose_their_weight():
    flux, ivar = files.galaxy().flux.copy(), np.ones(3909, np.float32)
    flux[flux == 0] = 1
    flux[-26:] = 0
    read = read_spectrum(files.lamost(flux=flux, ivar=ivar))
    assert "zero-ends" in read.warnings
    assert not read.ivar[-26:].any()
    assert read.ivar[:-26].all()


def test_a_weight_that_is_no_number_is_none():
    ivar = files.galaxy().ivar.copy()
    ivar[100] = np.nan
    read = read_spectrum(files.lamost(ivar=ivar))
    assert "ivar-not-finite" in read.warnings
    assert read.ivar[100] == 0


class TestOneDimensionalImage:
    flux = np.random.default_rng(0).normal(100, 2, 3000)
    cards = {"CRVAL1": 4000.0, "CDELT1": 1.5, "CRPIX1": 1.0, "HELIO_RV": 2.0}

    def test_linear_vacuum_axis_and_estimated_noise(self):
        read = read_spectrum(files.image1d(self.flux, **self.cards, VACUUM=True))
        assert read.layout == "image1d"
        np.testing.assert_allclose(read.wavelength, 4000 + 1.5 * np.arange(3000))
        assert "noise-estimated" in read.warnings
        assert 1 / np.sqrt(read.ivar[0]) == pytest.approx(2, rel=0.1)

    def test_the_axis_type_of_fits_tells_air(self):
        read = read_spectrum(files.image1d(self.flux, **self.cards, CTYPE1="AWAV"))
        assert "air-converted" in read.warnings
        assert read.wavelength[0] == pytest.approx(4001.13, abs=0.01)

    def test_logarithmic_wavelengths_variances_and_lost_pixels(self):
        flux, variance = self.flux.copy(), np.full(3000, 4.0)
        flux[[50, 2998, 2999]] = np.nan
        variance[[50, 2998, 2999]] = np.nan
        axis = 3.6 + 1e-4 * np.arange(3000)
        raw = files.image1d(
            flux, ("VARIANCE", variance), ("WAVELENGTH", axis), VACUUM=True, LOGSCALE=True, CUNIT1="Angstroms"
        )
        read = read_spectrum(raw)
        assert read.flux.size == 2998
        assert read.wavelength[1] == pytest.approx(10**3.6001)
        assert read.ivar[49] == pytest.approx(0.25)
        assert read.ivar[50] == 0
        assert read.andmask[50] == 32
        assert {"pixels-filled", "not-heliocentric", "position-missing"} <= set(read.warnings)

    def test_a_telescope_position_is_not_taken_for_the_objects(self):
        read = read_spectrum(files.image1d(self.flux, **self.cards, VACUUM=True, RA=10.0, DEC=10.0))
        assert (read.header.ra, read.header.dec) == (None, None)


def test_every_layout_and_warning_has_a_name():
    read = [read_spectrum(files.lamost()), read_spectrum(files.sdss())]
    assert {one.layout for one in read} <= set(LAYOUTS)
    for one in read:
        assert set(one.warnings) <= WARNINGS.keys()


def test_only_named_bits_make_a_pixel_bad():
    """SDSS's lowest bits are set for whole fibres that are fit for use; ivar alone speaks there."""
    written = files.galaxy()
    masks = np.zeros(written.flux.size, dtype=np.int32)
    masks[10:13] = 0b10  # LAMOST: BADPROFILE; SDSS: BADTRACE
    ivar = written.ivar.copy()
    ivar[20] = 0
    unweighted = np.flatnonzero(ivar <= 0).tolist()
    for survey, marked in (("LAMOST", [10, 11, 12]), ("SDSS", [])):
        header = replace(written.header, survey=survey)
        observed = replace(written, header=header, andmask=masks, ivar=ivar)
        assert np.flatnonzero(observed.bad).tolist() == sorted({*marked, *unweighted})

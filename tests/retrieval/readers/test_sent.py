"""Spectra that people send: every form of table reads alike, and what cannot be used says what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval.masks import MASK_BIT
from retrieval.readers import REFUSALS, WARNINGS, ObservedSpectrum, Refused, Stated, read_sent
from retrieval.readers.air import air_to_vacuum
from tests.retrieval.readers import files

VACUUM = Stated(medium="vacuum")
SIZE = 1200
WAVE = np.linspace(3800.0, 9000.0, SIZE)
RNG = np.random.default_rng(3)
FLUX = 10 + RNG.normal(0, 1, SIZE)
ERROR = np.full(SIZE, 0.5)


def written(form: str, table: Table) -> bytes:
    out = io.BytesIO() if form in ("votable", "fits") else io.StringIO()
    if form == "csv":
        table.write(out, format="ascii.csv")
    else:
        table.write(out, format="ascii.ecsv" if form == "ecsv" else form)
    value = out.getvalue()
    return value if isinstance(value, bytes) else value.encode()


def table(unit: Any = u.AA, **more: Any) -> Table:
    columns = {"wavelength": (WAVE * u.AA).to(unit), "flux": FLUX, "error": ERROR} | more
    return Table(columns)


def refusal(raw: bytes, stated: Stated | None = VACUUM) -> Refused:
    with pytest.raises(Refused) as caught:
        read_sent(raw, "mine.csv", stated)
    assert caught.value.advice
    return caught.value


def csv(wave: Any = WAVE, flux: Any = FLUX, names: str = "wavelength (Angstrom),flux") -> bytes:
    rows = "\n".join(f"{w},{f}" for w, f in zip(wave, flux, strict=True))
    return f"{names}\n{rows}\n".encode()


@pytest.mark.parametrize("form", ["csv", "ecsv", "votable", "fits"])
@pytest.mark.parametrize(("unit", "word"), [(u.AA, "Angstrom"), (u.nm, "nm"), (u.um, "micron")])
def test_every_form_and_unit_gives_the_same_spectrum(form: str, unit: Any, word: str) -> None:
    stated = Stated(unit=word, medium="vacuum") if form == "csv" else VACUUM  # a CSV has no units
    spectrum = read_sent(written(form, table(unit)), "mine." + form, stated)
    np.testing.assert_allclose(spectrum.wavelength, WAVE, rtol=1e-12)
    np.testing.assert_allclose(spectrum.flux, FLUX, rtol=1e-6)
    np.testing.assert_allclose(spectrum.ivar, ERROR**-2.0)
    assert spectrum.layout == "table1d"
    assert set(spectrum.warnings) == {"frame-unstated", "position-missing"}
    assert set(spectrum.warnings) <= set(WARNINGS)


@pytest.mark.parametrize("layout", ["lamost-image5", "lamost-coadd"])
def test_survey_files_are_read_as_ever_gzipped_or_not(layout: str) -> None:
    raw = files.lamost(layout)
    for sent in (raw, gzip.compress(raw)):
        assert read_sent(sent, "spec.fits.gz").layout == layout
    assert read_sent(files.sdss(), "spec.fits").layout == "sdss-spec"


def test_air_is_taken_to_vacuum_and_said() -> None:
    spectrum = read_sent(csv(), "mine.csv", Stated(medium="air"))
    np.testing.assert_array_equal(spectrum.wavelength, air_to_vacuum(WAVE))
    assert "air-converted" in spectrum.warnings
    by_name = read_sent(csv(names="wave_air [Angstrom],flux"), "mine.csv")
    np.testing.assert_array_equal(by_name.wavelength, spectrum.wavelength)


@pytest.mark.parametrize(
    ("raw", "stated", "code"),
    [
        (csv(), Stated(), "medium-unstated"),
        (csv(names="wave_vac (Angstrom),flux"), Stated(medium="air"), "medium-contradicted"),
        (csv(names="wavelength,flux"), VACUUM, "unit-unstated"),
        (csv(), Stated("nm", "vacuum"), "unit-contradicted"),
        (csv(names="wavelength (furlong),flux"), VACUUM, "unit-unknown"),
        (csv(names="loglam,flux"), Stated("nm", "vacuum"), "unit-contradicted"),
        (files.lamost(), Stated(medium="air"), "medium-contradicted"),
        (files.lamost(), Stated(unit="nm"), "unit-contradicted"),
        (csv(names="wavelength (nm),flux"), VACUUM, "no-overlap"),  # Angstrom called nm
    ],
)
def test_air_and_vacuum_and_units_are_never_mixed_up(raw: bytes, stated: Stated, code: str) -> None:
    assert refusal(raw, stated).code == code


def test_the_header_of_a_fits_table_says_medium_and_position() -> None:
    raw = written("fits", table())
    with fits.open(io.BytesIO(raw)) as hdus:
        hdus[0].header.update({"VACUUM": False, "RA": 0.0, "DEC": -12.5, "HELIO": True})
        raw = files.to_bytes(*[hdu.copy() for hdu in hdus])
    spectrum = read_sent(raw, "mine.fits")
    assert (spectrum.header.ra, spectrum.header.dec) == (0.0, -12.5)
    assert spectrum.warnings == ("air-converted",)
    assert refusal(raw, VACUUM).code == "medium-contradicted"


def test_one_row_of_vectors_is_a_spectrum_too_and_several_rows_are_several() -> None:
    for form in ("fits", "votable"):
        row = Table({"WAVE": [WAVE] * u.AA, "FLUX": [FLUX], "IVAR": [ERROR**-2.0]})
        np.testing.assert_allclose(read_sent(written(form, row), "one", VACUUM).flux, FLUX, rtol=1e-6)
        rows = Table({"WAVE": [WAVE, WAVE] * u.AA, "FLUX": [FLUX, FLUX]})
        assert refusal(written(form, rows)).code == "several-spectra"


def test_masked_pixels_are_bridged_and_never_weighed() -> None:
    flux = MaskedColumn(FLUX.copy(), mask=np.zeros(SIZE, dtype=bool))
    flux.mask[100:103] = True
    marks = np.zeros(SIZE, dtype=int)
    marks[200] = 4
    for form in ("ecsv", "votable", "fits"):
        own = table(mask=marks)
        own["flux"] = flux
        if form == "fits":  # which has no empty floats
            own["flux"] = flux.filled(np.nan)
            own["error"][100:103] = 0
        spectrum = read_sent(written(form, own), "mine", VACUUM)
        assert np.flatnonzero(spectrum.bad).tolist() == [100, 101, 102, 200]
        assert set(spectrum.andmask[[100, 200]]) == {MASK_BIT["NODATA"].value}
        assert "pixels-filled" in spectrum.warnings
        assert FLUX[99] <= spectrum.flux[101] <= FLUX[103] or FLUX[103] <= spectrum.flux[101] <= FLUX[99]


@pytest.mark.parametrize(
    ("name", "value", "ivar"),
    [("error", 0.5, 4.0), ("ivar", 9.0, 9.0), ("variance", 0.25, 4.0), ("error", -1.0, 0.0)],
)
def test_uncertainties_of_each_kind(name: str, value: float, ivar: float) -> None:
    values = np.full(SIZE, value)
    values[0] = 0.25  # at least one pixel must be worth something
    own = Table({"wavelength": WAVE * u.AA, "flux": FLUX, name: values})
    assert read_sent(written("ecsv", own), "mine", VACUUM).ivar[1] == ivar


def test_without_uncertainties_the_noise_is_estimated() -> None:
    spectrum = read_sent(csv(), "mine.csv", VACUUM)
    assert "noise-estimated" in spectrum.warnings
    assert 0.9 < spectrum.ivar[0] ** -0.5 < 1.1


def test_pixels_outside_2000_to_13000_angstrom_are_left_out_and_that_is_said() -> None:
    """All arrays together; both ends belong to what is kept."""
    wave = np.concatenate(([12.0, 1999.9, 2000.0], np.linspace(3800, 9000, 200), [13000.0, 13000.1, 2e8]))
    flux = np.arange(1.0, wave.size + 1)
    own = Table({"wavelength": wave * u.AA, "flux": flux, "ivar": flux / 4, "mask": (flux % 7 == 0) * 1})
    spectrum = read_sent(written("ecsv", own), "mine", VACUUM)
    np.testing.assert_array_equal(spectrum.wavelength, wave[2:-2])
    np.testing.assert_array_equal(spectrum.flux, flux[2:-2])
    np.testing.assert_array_equal(spectrum.bad, flux[2:-2] % 7 == 0)
    seen = ~spectrum.bad
    np.testing.assert_allclose(spectrum.ivar[seen], flux[2:-2][seen] / 4)
    assert "cut-to-optical" in spectrum.warnings
    within = read_sent(written("ecsv", own[2:-2]), "mine", VACUUM)
    np.testing.assert_array_equal(within.flux, spectrum.flux)
    assert "cut-to-optical" not in within.warnings


def test_physical_units_fit_single_precision() -> None:
    unit = u.erg / u.s / u.cm**2 / u.AA
    own = Table({"wavelength": WAVE * u.AA, "flux": FLUX * 1e-22 * unit, "error": ERROR * 1e-22 * unit})
    spectrum = read_sent(written("ecsv", own), "mine", VACUUM)
    np.testing.assert_allclose(spectrum.flux * np.sqrt(spectrum.ivar), FLUX / ERROR, rtol=1e-5)
    assert spectrum.header.flux_unit.startswith("1e-21 erg")


@pytest.mark.parametrize("part", [",", ";", "\t", "  "])
@pytest.mark.parametrize("head", ["wavelength{p}flux{p}error\n", "# made by hand\n# wavelength flux error\n"])
def test_any_separator_and_a_line_of_names_as_numpy_writes_it(part: str, head: str) -> None:
    rows = "\r\n".join(part.join(f"{v:.6f}" for v in row) for row in zip(WAVE, FLUX, ERROR, strict=True))
    raw = ("\ufeff" + head.format(p=part) + rows).encode()
    spectrum = read_sent(raw, "mine.txt", Stated("Angstrom", "vacuum"))
    np.testing.assert_allclose(spectrum.flux, FLUX, atol=1e-5)
    assert spectrum.name == "mine"


def test_two_columns_of_bare_numbers_need_no_names_and_three_do() -> None:
    two = "\n".join(f"{w} {f:.4f}" for w, f in zip(WAVE, FLUX, strict=True)).encode()
    assert len(read_sent(two, "mine.dat", Stated("Angstrom", "vacuum")).flux) == SIZE
    assert refusal(b"4000 1 2\n4001 2 3\n").code == "columns-missing"


HREF = (
    b'<VOTABLE><RESOURCE><TABLE><FIELD name="wavelength" datatype="double"/><DATA><BINARY>'
    b'<STREAM href="file:///etc/passwd"/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>'
)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("spectrum.csv", b"0" * 10**6)
    return out.getvalue()


def _doubled(values: np.ndarray) -> np.ndarray:
    again = values.copy()
    again[500] = again[499]
    return again


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b"", "empty", "0 bytes"),
        (b"  \n ", "empty", ""),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "web-page", "html"),
        (b"<?xml version='1.0'?><note/>", "table-unreadable", ""),
        (_zip(), "archive", "PK"),
        (gzip.compress(b"0" * (65 * 2**20), mtime=0), "archive-bomb", "64 MB"),
        (gzip.compress(files.lamost(), mtime=0)[:-500], "truncated", ""),
        (files.lamost()[:20000], "truncated", ""),
        (bytes(range(256)) * 9, "table-unreadable", "no text"),
        (b"a,b\n1,\x00\n", "table-unreadable", "0"),
        (b"wavelength,flux\n1,2\n3\n", "table-unreadable", "Row 2 has 1 values"),
        (b"wavelength,flux\n1,2\n3,many\n", "table-unreadable", "'many'"),
        (b"x,y\n1,2\n", "columns-missing", "x, y"),
        (b"wavelength (nm),fnu\n400,2\n", "flux-unit", "fnu"),
        (b"wavelength (nm),flux\n", "no-overlap", "no rows"),
        (csv(flux=np.where(WAVE > 8000, np.nan, FLUX)), "nan-flux", f"of {SIZE}"),
        (csv(flux=np.where(WAVE > 8000, np.inf, FLUX)), "nan-flux", f"of {SIZE}"),
        (csv(flux=np.zeros(SIZE)), "zero-flux", "0 pixels"),
        (csv(wave=WAVE[::-1]), "wavelength-not-monotonic", f"{SIZE - 1} of {SIZE - 1}"),
        (csv(wave=_doubled(WAVE)), "wavelength-not-monotonic", "1 of"),
        (csv(wave=np.where(WAVE > 8000, np.nan, WAVE)), "wavelength-missing", "not numbers"),
        (csv(wave=-WAVE[::-1]), "wavelength-missing", "positive"),
        (csv(wave=WAVE * 100), "no-overlap", "380000"),
        (HREF, "table-remote", "STREAM"),
        (b'<!DOCTYPE VOTABLE [<!ENTITY a "aaaa">]><VOTABLE/>', "table-remote", "document type"),
        (b"<VOTABLE><RESOURCE>", "table-unreadable", "VOTable"),
        (b'<VOTABLE><RESOURCE><TABLE nrows="99999999999"/></RESOURCE></VOTABLE>', "too-large", "rows"),
        (b"# %ECSV 1.0\n# ---\n# datatype: [\n", "table-unreadable", "ECSV"),
        (b"wavelength,flux\n" + b"1,2\n" * 60_001, "too-large", "60001"),
        (b"wavelength,flux\n" + b"1" * 3000 + b",2\n", "table-unreadable", "2000"),
        (b"0" * (16 * 2**20 + 1), "too-large", "16 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_hostile_and_hapless_files(raw: bytes, code: str, said: str) -> None:
    error = refusal(raw)
    assert error.code == code
    assert said in error.detail


def test_flux_per_frequency_is_refused_by_its_unit() -> None:
    own = Table({"wavelength": WAVE * u.AA, "flux": FLUX * u.mJy})
    assert refusal(written("ecsv", own)).code == "flux-unit"


def test_errors_in_another_unit_than_the_flux_are_refused() -> None:
    unit = u.erg / u.s / u.cm**2 / u.AA
    own = Table({"wavelength": WAVE * u.AA, "flux": FLUX * unit, "error": ERROR * 10 * u.mJy})
    assert refusal(written("ecsv", own)).code == "unit-contradicted"


def read_or_code(raw: bytes, stated: Stated | None) -> ObservedSpectrum | str:
    try:
        return read_sent(raw, "mine", stated)
    except Refused as refused:
        return refused.code


def survives(raw: bytes, stated: Stated | None = None) -> None:
    """Whatever comes is a spectrum that holds what it promises, or a refusal."""
    spectrum = read_or_code(raw, stated)
    if isinstance(spectrum, str):
        assert spectrum in REFUSALS
        return
    assert np.isfinite(spectrum.flux).all()
    assert np.isfinite(spectrum.ivar).all()
    assert (np.diff(spectrum.wavelength) > 0).all()


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"SIMPLE  =", b"<VOTABLE>", b"# %ECSV 1.0\n", b"\x1f\x8b"])
)
def test_noise_is_refused(noise: bytes, start: bytes) -> None:
    survives(start + noise, VACUUM)


SAMPLES = {form: written(form, table()[:60]) for form in ("csv", "ecsv", "votable", "fits")}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(st.tuples(st.integers(0, 6000), st.binary(max_size=4)), max_size=4),
    st.integers(0, 12000),
)
def test_damaged_tables_are_read_or_refused(form: str, edits: list[tuple[int, bytes]], end: int) -> None:
    raw = bytearray(SAMPLES[form])
    for place, new in edits:
        place %= len(raw)
        raw[place : place + len(new)] = new
    survives(bytes(raw[: max(1, end)]), Stated("", "vacuum"))


CELL = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.sampled_from(["", "--", "nan", "1e-17", "1.0D+3", "x", "true", "1_0", '"'])
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(CELL, min_size=2, max_size=3), max_size=8),
    st.sampled_from([",", ";", "\t", " "]),
    st.sampled_from(["wavelength (nm){0}flux\n", "", "# wave_air flux\n", "wavelength{0}flux{0}mask\n"]),
)
def test_any_lines_are_read_or_refused(rows: list[list[str]], part: str, head: str) -> None:
    survives((head.format(part) + "\n".join(part.join(row) for row in rows)).encode(), Stated())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e30, 1e30, allow_nan=False), min_size=2, max_size=30),
    st.sampled_from(["Angstrom", "nm", "micron"]),
)
@example([0.0, 5e-324], "Angstrom")
@example([1e200, 3e307], "nm")
def test_what_a_csv_says_is_what_is_read(values: list[float], unit: str) -> None:
    """The oracle: the numbers themselves, up to the power of ten that the unit then names."""
    wave = np.linspace(4000, 8000, len(values)) / {"Angstrom": 1, "nm": 10, "micron": 1e4}[unit]
    rows = "\n".join(f"{w!r},{v!r},1.0" for w, v in zip(wave.tolist(), values, strict=True))
    found = read_or_code(f"wavelength,flux,ivar\n{rows}".encode(), Stated(unit, "vacuum"))
    if isinstance(found, str):
        assert found in ("zero-flux", "ivar-zero")
        return
    word = found.header.flux_unit.split()[0]
    scale = float(word) if word != "relative" else 1.0
    np.testing.assert_allclose(found.flux * scale, values, rtol=1e-6, atol=1e-7 * np.abs(values).max())
    np.testing.assert_allclose(found.wavelength, np.linspace(4000, 8000, len(values)), rtol=1e-12)

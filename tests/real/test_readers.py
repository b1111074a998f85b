"""Every real file is read with the manifest's values, or refused for the right reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.readers import Refused, read_spectrum
from tests.real.data import manifest, survey_data

pytestmark = pytest.mark.real

LAYOUTS = {
    "IMAGE5": "lamost-image5",
    "IMAGE5-subcontinuum": "lamost-image5-subcontinuum",
    "COADD-table": "lamost-coadd",
    "SDSS-spec": "sdss-spec",
}


def expected(row: dict[str, str]) -> dict[str, object]:
    """The manifest's row in the readers' terms; numbers as pytest.approx."""
    is_sdss = row["survey"] == "SDSS"
    snr = float(row["snr_r"])
    return {
        "layout": LAYOUTS[row["layout"]],
        "pixels": int(row["npix"]),
        "survey": row["survey"],
        "release": row["release"],
        "cls": row["cls"],
        "subclass": sky_subclass(row["subclass"]) if row["cls"] == "SKY" else row["subclass"],
        "z": measured(row["z"]),
        "z_err": measured(row["z_err"]),
        "ra": pytest.approx(float(row["ra"]), abs=1e-6),
        "dec": pytest.approx(float(row["dec"]), abs=1e-6),
        "snr": None if snr == -9999 else pytest.approx(snr, rel=1e-5),
        "object_type": None if is_sdss else row["objtype"],
        "ident": row["ident"],
    }


def sky_subclass(words: str) -> str:
    """Of a sky fibre the manifest tells what the pipeline took it for: "pipeline said STAR L9"."""
    return words.removeprefix("pipeline said ").partition(" ")[2]


def measured(value: str) -> object:
    return None if float(value) == -9999 else pytest.approx(float(value), rel=1e-6, abs=1e-12)


def found(row: dict[str, str]) -> dict[str, object]:
    spectrum = read_spectrum(Path(row["path"]))
    head = spectrum.header
    is_sdss = head.survey == "SDSS"
    ident = f"{head.plan_id}-{head.mjd}-{head.fiber}" if is_sdss else str(head.obsid or head.designation)
    return {
        "layout": spectrum.layout,
        "pixels": spectrum.flux.size,
        "survey": head.survey,
        "release": head.release,
        "cls": head.cls,
        "subclass": head.subclass,
        "z": head.z,
        "z_err": head.z_err,
        "ra": head.ra,
        "dec": head.dec,
        "snr": head.snr.get("all" if is_sdss else "r"),
        "object_type": None if is_sdss else head.object_type,
        "ident": ident,
    }


def test_every_file_of_the_manifest_is_read_with_its_values():
    rows = manifest()
    assert len(rows) == 703
    wrong = {}
    for row in rows:
        want, have = expected(row), found(row)
        if want != have:
            wrong[row["file"]] = {key: (want[key], have[key]) for key in want if want[key] != have[key]}
    assert wrong == {}


def test_the_medium_resolution_file_is_refused_for_its_resolution():
    files = list((survey_data() / "refuse").iterdir())
    assert files
    for path in files:
        with pytest.raises(Refused) as caught:
            read_spectrum(path)
        assert caught.value.code == "medium-resolution"


def test_an_aaomega_file_that_does_not_name_its_medium_is_refused():
    with pytest.raises(Refused) as caught:
        read_spectrum(survey_data() / "other" / "emlLinearSkyAirNoHelio.fits")
    assert caught.value.code == "medium-unstated"


def test_an_aaomega_file_in_vacuum_is_read():
    spectrum = read_spectrum(survey_data() / "other" / "emlLogVacuumNoHelio.fits")
    assert {"not-heliocentric", "pixels-filled", "position-missing"} <= set(spectrum.warnings)
    assert brightest_line_at(spectrum, 6564.614, z=0.11245)


def test_an_sdss_image_that_was_moved_to_rest_is_refused():
    """Its header keeps Z = 0.0486 while Ha stands at 6564 A: read so, a galaxy would become a nebula."""
    with pytest.raises(Refused) as caught:
        read_spectrum(survey_data() / "other" / "cg922.fits")
    assert caught.value.code == "wavelength-contradicted"
    assert "1.0486" in caught.value.detail


def brightest_line_at(spectrum, rest: float, z: float) -> bool:
    """Whether the highest pixel within 60 A of a line stands at the line, to one and a half pixels."""
    centre = rest * (1 + z)
    near = np.abs(spectrum.wavelength - centre) < 60
    peak = spectrum.wavelength[near][np.argmax(spectrum.flux[near])]
    pixel = np.interp(centre, spectrum.wavelength[1:], np.diff(spectrum.wavelength))
    return bool(abs(peak - centre) < 1.5 * pixel)

"""The Python code on the page of a spectrum: it runs, and gives the numbers that the page shows."""

from __future__ import annotations

import html
import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from django.test import Client

from catalog.arrays import load_spectrum
from catalog.ingest import spectra_import
from catalog.models import Spectrum
from tests import factories as f
from tests.real.data import survey_data
from tests.retrieval.readers import files

FILES = {
    "lamost-image5": files.lamost(),
    "lamost-image5-subcontinuum": files.subcontinuum(),
    "lamost-coadd": files.lamost("lamost-coadd"),
    "sdss-spec": files.sdss(),
}


@pytest.mark.parametrize("layout", FILES)
@pytest.mark.django_db(transaction=True)
def test_of_each_layout(live_server: Any, tmp_path: Path, layout: str) -> None:
    check(live_server.url, tmp_path, layout, FILES[layout])


@pytest.mark.real
@pytest.mark.parametrize(
    ("layout", "file"),
    [
        ("sdss-spec", "sdss/bayesed3/spec-0508-52366-0522.fits"),
        ("lamost-image5-subcontinuum", "lamost/dr1_B6212/spec-55862-B6212_sp06-003.fits"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_of_real_files(live_server: Any, tmp_path: Path, layout: str, file: str) -> None:
    check(live_server.url, tmp_path, layout, (survey_data() / "spectra" / file).read_bytes())


def check(portal: str, folder: Path, layout: str, content: bytes) -> None:
    """Import the file, run the code of its page, and compare with the page and with what is held."""
    name = f"spec-of-{layout}-{len(content)}"  # astropy remembers what an address gave
    (folder / f"{name}.fits").write_bytes(content)
    spectra_import(paths=[folder])
    f.SpectrumFactory(name=f"{name}-2")
    page = Client().get(f"/spectra/{name}/", headers={"host": urlsplit(portal).netloc})
    code = html.unescape(
        page.content.decode().split('<pre tabindex="0"')[1].split("<code>")[1].split("</code>")[0]
    )
    found: dict[str, Any] = {}
    said = io.StringIO()
    with redirect_stdout(said):
        exec(code, found)
    held = load_spectrum(Spectrum.objects.get(name=name))
    assert held.layout == layout
    np.testing.assert_allclose(found["wavelength"], held.wavelength, rtol=1e-12)
    np.testing.assert_array_equal(found["flux"], held.flux)
    seen = held.ivar > 0
    np.testing.assert_allclose(found["error"][seen], held.ivar[seen] ** -0.5, rtol=1e-6)
    assert list(found["row"]["file_LAMOST"]) == [name]
    pixels, ends = said.getvalue().splitlines()[0].removesuffix(" Angstrom").split(" pixels, ")
    assert f"{int(pixels):,}, {ends} Å" in page.content.decode()

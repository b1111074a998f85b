"""One way through the portal: browse, read a spectrum, launch a run, take the results away."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from astropy.io import fits
from astropy.table import Table
from playwright.sync_api import Page, expect

from .conftest import Visitor


def rows_shown(page: Page) -> int:
    """The number that the list says it has."""
    said = page.locator("#content [role=status] strong").first.inner_text()
    return int(said.replace(",", ""))


def take(visitor: Visitor, label: str, folder: Path) -> Path:
    """Click a download link and keep the file under the name that the portal gave it."""
    with visitor.page.expect_download() as started:
        visitor.page.locator(".downloads").get_by_role("link", name=label, exact=True).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def test_a_reader_finds_a_galaxy_and_its_lines(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    page = guest.page
    guest.open("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Galaxies").click()
    everything = rows_shown(page)
    assert everything > 3
    page.get_by_label("Redshift (lines) from", exact=True).fill("0.1")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**z_cl_min=0.1**")
    assert 0 < rows_shown(page) < everything

    name = page.locator("tbody a").first.inner_text()
    page.locator("tbody a").first.click()
    expect(page.locator("h1")).to_contain_text(name)
    drawing = page.locator("#content .js-plotly-plot").first
    drawing.locator(".main-svg").first.wait_for()
    labels = drawing.locator(".main-svg").first.text_content() + "".join(
        drawing.locator(".main-svg").all_text_contents()
    )
    assert "Hα" in labels
    assert "[O III]" in labels
    expect(page.locator("#content")).to_contain_text("by snapshot of")


def test_an_operator_launches_a_run_and_a_reader_takes_it_away(
    visitor: Callable[..., Visitor], tmp_path: Path
) -> None:
    operator = visitor()
    page = operator.page
    operator.log_in()
    page.get_by_role("link", name="Admin").first.click()
    page.get_by_role("link", name="New retrieval run").first.click()
    page.locator("[name=custom]").fill("2:25:60")
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    number = int(re.search(r"/runs/(\d+)/$", page.url)[1])
    assert number != operator.portal.run["run"]
    expect(page.locator("#content")).to_contain_text("succeeded", timeout=120_000)

    operator.open(f"/galaxies/?run={number}&z_cl_min=0.05")
    shown = rows_shown(page)
    table = take(operator, "FITS", tmp_path)
    plain = take(operator, "CSV", tmp_path)
    assert re.fullmatch(rf"glowworm-galaxies-run{number}-\d{{8}}\.fits", table.name)

    read = Table.read(table)
    assert len(read) == shown > 0
    assert str(read["ra"].unit) == "deg"
    assert read["ra"].meta["ucd"] == "pos.eq.ra;meta.main"
    header = fits.getheader(table, 1)
    assert (header["RUN"], header["SIMULATE"], header["QUERY"]) == (number, True, "z_cl_min=0.05")
    with plain.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file_LAMOST"] for row in rows] == list(read["file_LAMOST"])
    assert [float(row["z_our"]) for row in rows] == list(read["z_our"])
    assert {row["newG"] for row in rows} == {"", "0", "1"}  # undecided, known, new

    stilts = shutil.which("stilts")
    if stilts is None:
        pytest.skip("read by astropy; stilts is not installed: apt-get install stilts")
    for path, kind in ((table, "fits"), (plain, "csv")):
        counted = subprocess.run(
            [stilts, "tpipe", f"in={path}", f"ifmt={kind}", "omode=count"],
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        assert re.search(rf"rows: {shown}\b", counted.stdout), counted.stdout


def test_the_original_file_comes_back(visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    guest = visitor()
    guest.open("/spectra/?role=unknown")
    guest.page.locator("tbody a").first.click()
    with guest.page.expect_download() as started:
        guest.page.get_by_role("link", name=re.compile("original", re.IGNORECASE)).first.click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    with fits.open(path) as hdus:
        assert hdus[0].header["SIMULATE"] is True

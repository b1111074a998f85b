"""Every link and picture of the documentation leads to a file that is there, and no picture is heavy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
HEAVIEST = 120_000  # bytes


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not link.startswith(("http", "mailto:"))]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_pictures_are_light_and_used() -> None:
    used = {link.rpartition("/")[2] for page in PAGES for link in LINK.findall(page.read_text())}
    sizes = {picture.name: picture.stat().st_size for picture in (ROOT / "docs" / "images").glob("*.png")}
    assert set(sizes) - used == set()
    assert {name: size for name, size in sizes.items() if size > HEAVIEST} == {}

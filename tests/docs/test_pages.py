"""The documentation names nothing that is not there."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMAND = re.compile(r"""(?:manage\.py |make manage ARGS=["'])(\w+)""")
LINK = re.compile(r"\]\(([^)#\s]+)")
MODULE = re.compile(r"`((?:retrieval|catalog|tasks|portal|tests|docs|templates|static)/[\w./*-]*)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_commands_and_files_exist(page: Path) -> None:
    text = page.read_text()
    links = [link for link in LINK.findall(text) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    missing += [name for name in COMMAND.findall(text) if name not in get_commands()]
    missing += [path for path in MODULE.findall(text) if not any(ROOT.glob(path.rstrip("/")))]
    assert missing == []


def test_every_page_is_linked() -> None:
    linked = {(page.parent / link).resolve() for page in PAGES for link in LINK.findall(page.read_text())}
    folders = {page for page in PAGES if page.name == "README.md" and page.parent.resolve() in linked}
    entry = {ROOT / "README.md"}
    assert {page for page in PAGES if page.resolve() not in linked} - folders - entry == set()


def test_pictures_are_small() -> None:
    pictures = list((ROOT / "docs" / "images").glob("*.png"))
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > 300_000] == []

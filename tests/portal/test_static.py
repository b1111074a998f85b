"""Files that pages fetch: what browsers may keep, and how the drawing library is compiled."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

STATIC = Path(__file__).resolve().parents[2] / "static"
VENDOR = sorted((STATIC / "vendor").glob("*.js"))


@pytest.mark.parametrize("name", [path.name for path in VENDOR])
def test_what_tells_its_version_is_kept_for_good(client: Client, name: str) -> None:
    assert "immutable" in client.get(f"/static/vendor/{name}")["Cache-Control"]


@pytest.mark.parametrize("name", ["css/site.css", "js/figure.js"])
def test_what_we_change_is_asked_for_again(client: Client, name: str) -> None:
    assert "immutable" not in client.get(f"/static/{name}")["Cache-Control"]


def test_the_library_of_the_viewer_is_compiled_while_it_arrives() -> None:
    """A hint to V8, which must be the first line."""
    (basic,) = (path for path in VENDOR if path.name.startswith("plotly-basic"))
    assert basic.read_text().startswith("//# allFunctionsCalledOnLoad\n")

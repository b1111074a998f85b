"""The reports that commands write: files that open without a portal, on a wide and on a narrow window."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .conftest import Portal, Visitor
from .pages import LOOKS
from .test_pages import inspect


@pytest.mark.parametrize("command", ["reproduce", "validate"])
def test_report(portal: Portal, chromium: Browser, tmp_path: Path, command: str) -> None:
    arguments = (command, "--output", str(tmp_path))
    portal.does(f"from django.core.management import call_command\ncall_command(*{arguments})")
    (report,) = tmp_path.glob("*.html")
    with chromium.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        reader = Visitor(portal, context, page)
        for look in LOOKS:
            reader.look(*look)
            page.goto(report.as_uri())
            inspect(reader)
        assert set(asked) == {report.as_uri()}

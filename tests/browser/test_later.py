"""A part of a page that comes later: by a script, and by its link where there is none."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Portal, Visitor
from .pages import LOOKS
from .test_pages import inspect

SECOND = """
from catalog.models import Run
run = Run.objects.earliest("pk")
run.pk, run.note = None, "the same again"
run.save()
"""


def test_nearest_templates_come_after_the_comparison(portal: Portal, visitor: Callable[..., Visitor]) -> None:
    portal.does(SECOND)
    try:
        guest = visitor()
        tables = guest.page.locator("#nearest").get_by_role("table")
        for look in LOOKS:
            guest.look(*look)
            guest.page.goto(f"{portal.url}/runs/compare/")
            expect(tables).to_have_count(2)
            expect(guest.page.get_by_text("takes some seconds")).to_have_count(0)
            inspect(guest)
            guest.page.goto(f"{portal.url}/runs/compare/templates/")
            expect(tables).to_have_count(2)
            inspect(guest)
    finally:
        portal.does('from catalog.models import Run\nRun.objects.filter(note="the same again").delete()')

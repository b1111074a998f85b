"""The keyboard alone does everything, focus is seen, and nothing moves for those who asked for stillness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import Visitor

FOCUSED = """() => {
    const at = document.activeElement, box = at.getClientRects()[0] ?? at.getBoundingClientRect();
    const style = getComputedStyle(at);
    const x = box.x + box.width / 2, y = box.y + Math.min(box.height / 2, 12);
    const top = document.elementFromPoint(x, y);
    return {
        tag: at.tagName,
        said: (at.getAttribute("aria-label") || at.textContent || at.name || "").trim().slice(0, 60),
        outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        boxed: box.width > 0 && box.height > 0,
        inside: y >= 0 && y <= innerHeight,
        covered: Boolean(top) && !at.contains(top) && !top.contains(at),
    };
}"""
MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== "none" || style.scrollBehavior === "smooth"
        || style.transitionDuration.split(",").some((time) => parseFloat(time) > 0);
}).map((element) => element.outerHTML.slice(0, 80))"""
MOST_STOPS = 400


def stops(page: Page, most: int = MOST_STOPS) -> list[dict[str, Any]]:
    """What Tab stops at, from the top of the page until it leaves it."""
    found: list[dict[str, Any]] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at["tag"] in ("BODY", "HTML"):
            break
        found.append(at)
    return found


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("path", ["/", "/candidates/", "/runs/compare/", "/accounts/login/"])
def test_focus_is_seen_and_not_covered_at_every_stop(
    visitor: Callable[..., Visitor], path: str, width: int
) -> None:
    guest = visitor(width)
    guest.open(path)
    found = stops(guest.page)
    assert len(found) > 3
    assert [at for at in found if not at["outline"] >= 2] == []
    assert [at for at in found if at["boxed"] and (not at["inside"] or at["covered"])] == []


def test_a_reader_gets_from_home_to_a_spectrum_by_keys(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    page = guest.page
    guest.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["said"] == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

    guest.open("/")
    tab_to(page, "Galaxies")
    page.keyboard.press("Enter")
    page.wait_for_url("**/galaxies/**")
    tab_to_field(page, "z_cl_min")
    page.keyboard.type("0.05")
    page.keyboard.press("Enter")
    page.wait_for_url("**z_cl_min=0.05**")
    name = page.locator("tbody a").first.inner_text()
    tab_to(page, name)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(name)
    tab_to_field(page, "z")
    page.keyboard.press("Control+A")
    page.keyboard.type("0.123")
    page.keyboard.press("Enter")
    page.wait_for_url("**z=0.123**")


def test_filters_fold_by_key_on_a_phone(visitor: Callable[..., Visitor]) -> None:
    guest = visitor(390)
    guest.open("/candidates/")
    filters = guest.page.locator("details#filters")
    folded = filters.get_attribute("open")
    filters.locator("> summary").focus()
    for state in (folded is None, folded is not None):
        guest.page.keyboard.press("Enter")
        assert (filters.get_attribute("open") is not None) is state


@pytest.mark.parametrize("path", ["/", "/galaxies/", "/runs/1/", "/bpt/"])
def test_nothing_moves_where_stillness_is_asked_for(visitor: Callable[..., Visitor], path: str) -> None:
    guest = visitor()
    guest.page.emulate_media(reduced_motion="reduce")
    guest.open(path)
    assert guest.page.evaluate(MOVING) == []


def tab_to(page: Page, said: str) -> None:
    _tab_until(page, lambda: page.evaluate(FOCUSED)["said"] == said, said)


def tab_to_field(page: Page, name: str) -> None:
    _tab_until(page, lambda: page.evaluate("document.activeElement.name") == name, name)


def _tab_until(page: Page, there: Callable[[], bool], what: str) -> None:
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if there():
            return
    pytest.fail(f"Tab does not come to {what}")

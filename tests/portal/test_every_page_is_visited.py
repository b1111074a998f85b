"""No page is forgotten: every named address is visited by a test of accessibility, or is no page."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver, resolve

from tests.browser.pages import NOT_PAGES, PUBLIC, VISITED_BY

BROWSER = Path(__file__).resolve().parents[1] / "browser"


def names(resolver: URLResolver) -> Iterator[str | None]:
    """Of all addresses but the admin's, which are Django's own; ours among those are in pages.STAFF."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield entry.name
        elif entry.namespace != "admin":
            yield from names(entry)


def visited() -> set[str]:
    """Names of the addresses that test_pages.py visits with a good answer."""
    return {
        str(resolve(path.partition("?")[0]).url_name) for path, status in PUBLIC.values() if status == 200
    }


def test_every_address_is_named() -> None:
    assert None not in set(names(get_resolver()))


def test_every_page_is_visited_and_nothing_else_is_listed() -> None:
    addresses = {name for name in names(get_resolver()) if name}
    by_a_test = set(VISITED_BY)
    assert addresses - visited() - by_a_test - set(NOT_PAGES) == set(), (
        "give it a line in tests/browser/pages.py"
    )
    assert (by_a_test | set(NOT_PAGES)) - addresses == set(), "there is no such address any more"
    assert set(NOT_PAGES) & (visited() | by_a_test) == set()


def test_the_tests_named_inspect_what_they_visit() -> None:
    for test in sorted(set(VISITED_BY.values())):
        file, name = test.split("::")
        tree = ast.parse((BROWSER / file).read_text())
        [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        called = {
            node.func.id
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "inspect" in called, f"{test} does not hold the page against what every page keeps"

"""Inspection through the browser: two inspectors, blind to each other, and a resolver."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import Portal, Visitor, _manage
from .pages import LOOKS
from .test_pages import inspect

PASSWORD = "a correct horse"
ACCOUNTS = {"ann": "inspectors", "ben": "inspectors", "ruth": "resolvers"}
MAKE = f"""
from django.contrib.auth.models import Group, User
for name, group in {ACCOUNTS!r}.items():
    user, made = User.objects.get_or_create(username=name)
    user.set_password({PASSWORD!r}); user.save(); user.groups.add(Group.objects.get(name=group))
"""


@pytest.fixture(scope="module")
def accounts(portal: Portal) -> None:
    _manage(portal.environment, "shell", "-v", "0", "-c", MAKE)


def enter(visitor: Visitor, name: str, then: str) -> Page:
    visitor.open(f"/accounts/login/?next={then}")
    visitor.page.get_by_label("Username").fill(name)
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Log in").click()
    visitor.page.wait_for_url(lambda url: "/accounts/" not in url)
    return visitor.page


def cast(page: Page, verdict: str) -> str:
    """Vote on the candidate that is open, by its labels; gives the candidate's name."""
    name = page.locator("h1").inner_text().removeprefix("Inspect ")
    page.locator("#content .js-plotly-plot .main-svg").first.wait_for()
    page.get_by_role("radio", name=verdict).check()
    page.get_by_role("button", name="Cast the vote and go on").click()
    expect(page.get_by_text(f"Your vote on {name} is kept.")).to_be_visible()
    return name


def test_inspectors_vote_blind_and_a_resolver_decides(
    accounts: None, visitor: Callable[..., Visitor]
) -> None:
    ann = enter(visitor(), "ann", "/inspect/")
    inspected = []
    for verdict in ("Keep", "Reject", "Keep"):
        ann.get_by_label("Comment").fill("seen by ann")
        ann.get_by_label("only one line seen").check()
        inspected.append(cast(ann, verdict))
    assert len(set(inspected)) == 3

    reader = visitor()
    ben = enter(reader, "ben", "/inspect/")
    expect(ben.get_by_text("The votes of others are shown once it is kept or rejected.")).to_be_visible()
    assert "seen by ann" not in ben.content()
    ben.get_by_label("Redshift, if another").fill("0.1.2")
    ben.get_by_role("radio", name="Unsure").check()
    with ben.expect_response(lambda response: response.request.method == "POST") as refused:
        ben.get_by_role("button", name="Cast the vote and go on").click()
    assert refused.value.status == 400
    assert [said for said in reader.complaints if "status of 400" not in said] == []
    reader.complaints.clear()  # the browser reports the page's own status as an error, once
    expect(ben.get_by_text("“0.1.2” is not a redshift")).to_be_visible()
    expect(ben.get_by_role("radio", name="Unsure")).to_be_checked()
    ben.get_by_label("Redshift, if another").fill("")
    assert cast(ben, "Reject") == inspected[0]

    ruth = enter(visitor(), "ruth", "/conflicts/")
    expect(ruth.get_by_text("seen by ann")).to_be_visible()
    ruth.get_by_role("link", name=f"See the spectrum and decide {inspected[0]}").click()
    ruth.get_by_role("radio", name="Keep").check()
    ruth.get_by_role("button", name="Decide").click()
    expect(ruth.get_by_text(f"Your decision on {inspected[0]} is kept.")).to_be_visible()
    expect(ruth.get_by_text("No conflict waits")).to_be_visible()

    guest = visitor()
    guest.open(f"/inspected/?name={inspected[0]}")
    expect(guest.page.locator("tbody tr")).to_contain_text(["kept"])
    guest.open("/inspection/")
    expect(guest.page.get_by_role("row", name="a resolver decided: keep")).to_contain_text("1")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages(accounts: None, visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    guest = visitor(width, scheme)
    for path in ("/inspection/", "/inspected/", "/votes/", "/accounts/login/"):
        guest.open(path)
        inspect(guest)
    enter(guest, "ruth", "/conflicts/")
    inspect(guest)
    guest.open("/inspect/", 403)
    inspect(guest)
    operator = visitor(width, scheme, logged_in=True)
    operator.open("/inspect/")
    operator.page.locator("#content .js-plotly-plot .main-svg").first.wait_for()
    operator.page.wait_for_load_state("networkidle")
    inspect(operator)
    for path in ("/admin/catalog/consensusrule/add/", "/admin/catalog/goldstandard/add/"):
        operator.open(path)
        inspect(operator)

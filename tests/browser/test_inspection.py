"""Inspection through the browser: inspectors by keyboard, blind to each other, offline, and a resolver."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from .conftest import Portal, Visitor
from .pages import LOOKS
from .test_pages import inspect

PASSWORD = "a correct horse"
ACCOUNTS = {"ann": "inspectors", "ben": "inspectors", "ruth": "resolvers", "pia": "inspectors"}
MAKE = f"""
from django.contrib.auth.models import Group, User
for name, group in {ACCOUNTS!r}.items():
    user, made = User.objects.get_or_create(username=name)
    user.set_password({PASSWORD!r}); user.save(); user.groups.add(Group.objects.get(name=group))
"""
NEWEST = """
from catalog.models import Vote
for vote in Vote.objects.filter(inspector__user__username="{name}", replaced_at__isnull=True).order_by("pk"):
    print(vote.candidate.spectrum.name, vote.verdict, vote.seen_class, vote.z, vote.reasons, sep=",")
"""
SAVED = "All saved."


@pytest.fixture(scope="module")
def accounts(portal: Portal) -> None:
    portal.does(MAKE)


def votes_of(portal: Portal, name: str) -> list[list[str]]:
    return [line.split(",") for line in portal.does(NEWEST.format(name=name)).splitlines()]


def enter(visitor: Visitor, name: str, then: str) -> Page:
    visitor.open(f"/accounts/login/?next={then}")
    visitor.page.get_by_label("Username").fill(name)
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Log in").click()
    visitor.page.wait_for_url(lambda url: "/accounts/" not in url)
    return visitor.page


def drawn(page: Page) -> str:
    """The spectrum in view, once it is drawn."""
    page.locator(".side:not(.behind) .main-svg").first.wait_for()
    expect(page.locator(".side:not(.behind) .inset")).to_have_count(6)
    return page.locator("[data-name]").inner_text()


def press(page: Page, *keys: str) -> str:
    """Press keys, the last of which brings another spectrum; gives the one that was in view."""
    name = page.locator("[data-name]").inner_text()
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator("[data-name]")).not_to_have_text(name)
    return name


def ready(page: Page) -> None:
    """What comes next is here: how many want a vote is said, and the next is drawn out of sight."""
    expect(page.locator("[data-progress]")).to_contain_text("want your vote")
    page.locator(".side.behind .main-svg").first.wait_for(state="attached")


def test_inspectors_vote_by_keys_and_a_resolver_decides(
    portal: Portal, accounts: None, visitor: Callable[..., Visitor]
) -> None:
    """Complaints 9 (blind) and 10 (the next item is fetched already), undo, and the same item elsewhere."""
    anns = visitor()
    ann = enter(anns, "ann", "/inspect/")
    first = drawn(ann)
    ready(ann)
    inspect(anns)
    assert press(ann, "g", "2", "4", "4", "k") == first
    expect(ann.get_by_role("radio", name="emission-line galaxy")).not_to_be_checked()  # the next begins anew
    ann.keyboard.press("z")
    ann.keyboard.type("0.1234567890123456")
    ann.keyboard.press("Enter")
    second = press(ann, "k")
    ann.keyboard.press("c")
    ann.keyboard.type("seen by ann, kk rr")
    ann.keyboard.press("Escape")
    third = press(ann, "r")
    assert len({first, second, third}) == 3
    expect(ann.locator("[data-saved]")).to_have_text(SAVED)
    fourth = drawn(ann)
    ann.keyboard.press("Backspace")
    expect(ann.locator("[data-name]")).to_have_text(third)
    expect(ann.get_by_label("Comment")).to_have_value("seen by ann, kk rr")
    expect(ann.get_by_role("radio", name="Reject")).to_be_checked()
    expect(ann.locator("[data-saved]")).to_have_text(SAVED)
    press(ann, "k")
    expect(ann.locator("[data-name]")).to_have_text(fourth)
    expect(ann.locator("[data-saved]")).to_have_text(SAVED)
    assert votes_of(portal, "ann") == [
        [first, "keep", "galaxy", "None", "2"],
        [second, "keep", "", "0.1234567890123456", "0"],
        [third, "keep", "", "None", "0"],
    ]
    elsewhere = visitor(390, "dark")
    assert drawn(enter(elsewhere, "ann", "/inspect/")) == fourth
    inspect(elsewhere)

    reader = visitor()
    ben = enter(reader, "ben", "/inspect/")
    assert drawn(ben) == first
    ready(ben)
    assert "seen by ann" not in ben.content()
    ben.keyboard.press("z")
    ben.keyboard.type("0.1.2")
    ben.keyboard.press("Enter")
    expect(ben.get_by_text("“0.1.2” is not a redshift")).to_be_visible()
    ben.get_by_label("Redshift, if another").fill("")
    ben.locator("h1").click()
    press(ben, "r")
    press(ben, "r")
    expect(ben.locator("[data-saved]")).to_have_text(SAVED)

    resolver = visitor()
    ruth = enter(resolver, "ruth", "/conflicts/")
    ruth.get_by_role("link", name="one after another, by keys").click()
    assert drawn(ruth) == first
    for who in ("ann", "ben"):
        expect(ruth.locator("[data-votes]")).to_contain_text(who)
    expect(ruth.locator("[data-progress]")).to_contain_text("2 to decide")
    inspect(resolver)
    press(ruth, "g", "k")
    assert drawn(ruth) == second
    expect(ruth.locator("[data-votes]")).to_contain_text("0.1234567890123456")
    ruth.keyboard.press("r")
    expect(ruth.get_by_text("No conflict waits")).to_be_visible()
    guest = visitor()
    guest.open(f"/inspected/?name={first}")
    expect(guest.page.locator("tbody tr")).to_contain_text(["kept"])
    guest.open("/inspection/")
    expect(guest.page.get_by_role("row", name="a resolver decided: keep")).to_contain_text("1")


def test_a_lost_network_loses_no_vote_and_nobody_shares(
    portal: Portal, accounts: None, visitor: Callable[..., Visitor]
) -> None:
    rule = (
        "from catalog.inspection.services import rule_set; from django.contrib.auth.models import User;"
        "from catalog.models import Run; rule_set(run_id=Run.objects.get().pk,"
        "user=User.objects.get(username='admin'), votes_needed={}, share_needed=1.0)"
    )
    portal.does(rule.format(1))
    try:
        anns, bens = visitor(), visitor()
        ann, ben = enter(anns, "ann", "/inspect/"), enter(bens, "ben", "/inspect/")
        before = len(votes_of(portal, "ann"))
        seen: dict[str, list[str]] = {"ann": [], "ben": []}
        for page in (ann, ben):
            drawn(page)
            ready(page)
            page.wait_for_load_state("networkidle")
        with anns.offline():
            for _ in range(4):
                seen["ann"].append(press(ann, "k"))
                seen["ben"].append(press(ben, "r"))
            drawn(ann)
            expect(ann.locator("[data-saved]")).to_have_text("No network: 4 votes wait in this browser.")
            assert len(votes_of(portal, "ann")) == before
            # Meanwhile an operator withdraws one of them: that vote cannot be kept, and she must hear of it.
            portal.does(
                "from catalog.models import Candidate; from django.contrib.auth.models import User;"
                "from catalog.inspection.services import candidate_withdraw;"
                f"candidate_withdraw(candidate_id=Candidate.objects.get(spectrum__name='{seen['ann'][1]}').pk,"
                "user=User.objects.get(username='admin'), reason='broken fibre')",
            )  # fmt: skip
            with anns.refusal(409):
                anns.context.set_offline(False)
        expect(ann.locator("[data-saved]")).to_have_text(SAVED)
        expect(ann.locator("[data-lost]")).to_contain_text(
            f"{seen['ann'][1]} was not kept. This candidate was withdrawn"
        )
        ann.get_by_role("button", name="I have read this").click()
        expect(ann.locator("[data-lost]")).to_be_hidden()
        assert [vote[0] for vote in votes_of(portal, "ann")[before:]] == [seen["ann"][n] for n in (0, 2, 3)]
        seen["ann"].append(drawn(ann))
        seen["ben"].append(drawn(ben))
        assert not set(seen["ann"]) & set(seen["ben"])
    finally:
        portal.does(rule.format(2))


def test_keys_die_with_the_page_and_rest_when_switched_off(
    accounts: None, visitor: Callable[..., Visitor]
) -> None:
    """Complaint 16 on the page itself, and WCAG 2.1.4."""
    pias = visitor()
    pia = enter(pias, "pia", "/inspect/")
    name = drawn(pia)
    posts: list[str] = []
    pia.on("response", lambda answer: posts.append(answer.url) if _is_vote(answer) else None)
    pia.keyboard.press("Shift+?")
    help_ = pia.get_by_role("dialog", name="Keys of this page")
    expect(help_).to_be_visible()
    inspect(pias)
    pia.keyboard.press("k")  # in a dialogue nothing acts
    help_.get_by_label("Keys are on").uncheck()
    help_.get_by_role("button", name="Close").click()
    pia.keyboard.press("k")
    expect(pia.locator("[data-name]")).to_have_text(name)
    pia.get_by_role("button", name="Keys", exact=False).first.click()
    help_.get_by_label("Keys are on").check()
    help_.get_by_role("button", name="Close").click()
    pia.get_by_role("link", name="Runs").click()
    pia.keyboard.press("k")
    pia.wait_for_load_state("networkidle")
    assert posts == []
    pia.go_back()
    drawn(pia)
    ready(pia)
    press(pia, "u")
    expect(pia.locator("[data-saved]")).to_have_text(SAVED)
    assert len(posts) == 1


def _is_vote(answer: Response) -> bool:
    return answer.request.method == "POST" and "/inspect/vote/" in answer.url


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_practice_tells_the_truth_and_keeps_score(
    portal: Portal, accounts: None, visitor: Callable[..., Visitor], width: int, scheme: str
) -> None:
    learner = visitor(width, scheme)
    page = enter(learner, "pia", "/inspect/")
    for _ in range(2):  # one practises on what one has voted on, or what is decided
        drawn(page)
        ready(page)
        press(page, "k")
    expect(page.locator("[data-saved]")).to_have_text(SAVED)
    before = votes_of(portal, "pia")
    page.goto(f"{portal.url}/practice/")
    drawn(page)
    page.keyboard.press("k")
    expect(page.locator("[data-truth]")).to_contain_text("True verdict")
    expect(page.locator("[data-score]")).to_contain_text("of 1 right")
    inspect(learner)
    press(page, "j")
    expect(page.locator("[data-truth]")).to_be_hidden()
    drawn(page)
    page.keyboard.press("r")
    expect(page.locator("[data-score]")).to_contain_text("of 2 right")
    assert votes_of(portal, "pia") == before


def test_without_scripts_the_form_votes(
    portal: Portal, accounts: None, visitor: Callable[..., Visitor]
) -> None:
    reader = visitor(scripts=False)
    page = enter(reader, "pia", "/inspect/")
    name = page.locator("[data-name]").inner_text()
    with reader.refusal(400):
        page.get_by_label("Redshift, if another").fill("0.1.2")
        page.get_by_role("radio", name="Unsure").check()
        page.get_by_role("button", name="Cast the vote and go on").click()
    expect(page.get_by_text("“0.1.2” is not a redshift")).to_be_visible()
    page.get_by_label("Redshift, if another").fill("")
    page.get_by_role("button", name="Cast the vote and go on").click()
    expect(page.get_by_text(f"Your vote on {name} is kept.")).to_be_visible()


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
    drawn(operator.page)
    operator.page.wait_for_load_state("networkidle")
    inspect(operator)
    for path in ("/admin/catalog/consensusrule/add/", "/admin/catalog/goldstandard/add/"):
        operator.open(path)
        inspect(operator)

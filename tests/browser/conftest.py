"""The whole portal, as ``make run`` has it, with a small simulated survey; and Chromium to visit it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.served import ROOT, served

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
MAKE = """
from django.conf import settings
from django.core.management import call_command
from catalog.counterparts.demo import demo_snapshots
from catalog.models import Run, Snapshot
from catalog.publishing.services import catalogue_publish
from tasks.following import follow
from tasks.services import counterparts_launch
survey = settings.DATA_DIR / "survey"
call_command("simulate_survey", survey, "--templates", "160", "--unknowns", "160")
call_command("import_spectra", survey)
call_command("import_regions", "--paper")
call_command("run_retrieval", "--configurations", "2:25:100,2:50:150", "--wait", "--json")
run = Run.objects.get()
demo_snapshots(folder=settings.DATA_DIR / "snapshots")
services = sorted(set(Snapshot.objects.values_list("service", flat=True)))
follow(job_id=counterparts_launch(run=run, services=services, snapshot_only=True).pk)
catalogue_publish(run=run, uninspected=True)
"""
"""All that the portal shall hold."""
HAND = """
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    said, fault = io.StringIO(), ""
    with contextlib.redirect_stdout(said):
        try:
            exec(json.loads(line), {"__name__": "__main__"})
        except BaseException:
            fault = traceback.format_exc()
    print(json.dumps([said.getvalue(), fault]), flush=True)
"""
NO_FIGURE_WAITS = """() => ![...document.querySelectorAll("#content .plot .waiting")].some(
    (said) => said.getBoundingClientRect().top < innerHeight)"""
QUIET_MS, QUIET_LOOKS = 40, 3
"""How often, and how often in a row, nothing may be under way until a page counts as settled."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Portal:
    """A portal that runs: its address, the operator's password, its first run's outcome, and a hand in it."""

    url: str
    password: str
    run: dict[str, object]
    does: Callable[[str], str]
    """Does what Python says in the portal, by a process of its own; gives what that prints."""


@contextmanager
def hand(environment: dict[str, str], log: Path) -> Iterator[Callable[[str], str]]:
    """One process that does everything: to start Django takes longer than most of what is asked."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", HAND], cwd=ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True,
        ) as process,
    ):  # fmt: skip
        asked, answers = process.stdin, process.stdout

        def does(code: str) -> str:
            assert asked is not None
            assert answers is not None
            asked.write(json.dumps(code) + "\n")
            asked.flush()
            answer = answers.readline()
            assert answer, log.read_text()
            said, fault = json.loads(answer)
            assert not fault, f"{code}\n{said}\n{fault}\n{log.read_text()}"
            return str(said)

        yield does


@pytest.fixture(scope="package")
def portal() -> Iterator[Portal]:
    """A simulated survey imported, one retrieval run published."""
    folder = Path(tempfile.mkdtemp(prefix="glowworm-browser-"))
    try:
        with (
            served(folder) as started,
            hand(started.environment, folder / "hand.log") as does,
        ):
            said = does(MAKE)
            outcome = json.loads(next(line for line in said.splitlines() if line.startswith('{"run"')))
            yield Portal(started.url, started.password, outcome, does)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A browser's window on the portal that notes every complaint of the browser."""

    portal: Portal
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def look(self, width: int, scheme: str) -> None:
        """Be a window of that width and colour scheme from the next page on."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)

    def settle(self) -> None:
        """Wait until nothing is fetched any more and every figure near the window is drawn."""
        self.page.wait_for_function(NO_FIGURE_WAITS)
        quiet = 0
        while quiet < QUIET_LOOKS:
            self.page.wait_for_timeout(QUIET_MS)
            quiet = 0 if self.under_way else quiet + 1

    def open(self, path: str, status: int = 200) -> None:
        """Go to a page that answers with ``status`` and wait until it has settled."""
        before = len(self.complaints)
        self.under_way.clear()
        response = self.page.goto(self.portal.url + path, wait_until="load")
        assert response is not None
        assert response.status == status, path
        self.settle()
        if status != 200:  # the browser reports the page's own status as an error, once
            assert [said for said in self.complaints[before:] if f"status of {status}" not in said] == []
            del self.complaints[before:]

    @contextmanager
    def refusal(self, status: int) -> Iterator[None]:
        """What is done inside is answered by ``status``, which the browser reports on its console, once."""
        with self.page.expect_console_message(lambda said: f"status of {status}" in said.text) as said:
            yield
        self.complaints.remove(said.value.text)

    @contextmanager
    def offline(self) -> Iterator[None]:
        """No network meanwhile; the browser's complaints about that are no fault of the page."""
        before = len(self.complaints)
        self.context.set_offline(True)
        yield
        self.context.set_offline(False)
        self.complaints[before:] = [
            said for said in self.complaints[before:] if "ERR_INTERNET_DISCONNECTED" not in said
        ]

    def log_in(self) -> None:
        self.open("/admin/login/?next=/")
        self.page.get_by_label("Username").fill("admin")
        self.page.get_by_label("Password").fill(self.portal.password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(f"{self.portal.url}/")


@pytest.fixture
def visitor(chromium: Browser, portal: Portal) -> Iterator[Callable[..., Visitor]]:
    """Make visitors of a width and colour scheme; none may leave with a complaint.

    Complaints: an error on the console, an exception in a script, a request to another host.
    """
    visitors: list[Visitor] = []

    def arrive(
        width: int = 1440, scheme: str = "light", logged_in: bool = False, scripts: bool = True
    ) -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True,
            java_script_enabled=scripts,
        )  # fmt: skip
        context.set_default_timeout(30_000)
        page = context.new_page()
        new = Visitor(portal, context, page)
        page.on("request", lambda request: new.under_way.add(request))
        page.on("requestfinished", lambda request: new.under_way.discard(request))
        page.on("requestfailed", lambda request: new.under_way.discard(request))
        page.on("console", lambda said: said.type == "error" and new.complaints.append(said.text))
        page.on("pageerror", lambda error: new.complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                urlsplit(request.url).scheme not in ("data", "blob")
                and not request.url.startswith(portal.url)
                and new.complaints.append(f"asks another host: {request.url}")
            ),
        )
        visitors.append(new)
        if logged_in:
            new.log_in()
        return new

    yield arrive
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []

"""``manage.py up`` from an empty folder: ready, used, killed, healed, stopped. Everything is real."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest

from portal.services import DataDir, ServiceError
from portal.services.processes import choose_port, working_in
from portal.services.session import stop
from portal.supervisor import MARK, Child, chosen_port, end_children
from tests.served import PATIENCE, ROOT, environment


class Portal:
    """One data folder and port, and the supervisors started for it."""

    def __init__(self, folder):
        self.data = DataDir(folder)
        self.port = choose_port(None)
        self.process = None
        self.environment = environment(folder, self.port)

    def spawn(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def up(self):
        """Start and return what is printed up to the line ``ready``."""
        self.process = self.spawn("up")
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("ready "):
                return "".join(lines)
        raise AssertionError("not ready: " + "".join(lines))

    def run(self, *arguments):
        process = self.spawn(*arguments)
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output

    def health(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=10) as response:
            return json.load(response)

    def children(self):
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.data.root.resolve()):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output

    def clear(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        end_children(self.data)
        stop(self.data)


@pytest.fixture
def portal(tmp_path):
    portal = Portal(tmp_path / "var")
    yield portal
    portal.clear()


def eventually(what, condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"never: {what}")


def test_from_an_empty_folder_to_ready_through_kills_to_a_clean_stop(portal):
    first = portal.up()
    password = re.search(r"admin password \(shown once\): (\S+)", first)[1]
    assert first.rstrip().endswith(f"ready http://127.0.0.1:{portal.port}/")
    state = portal.health()
    assert (state["status"], state["worker"]) == ("ok", True)

    # A second start says where the first is, and changes nothing.
    assert portal.run("up") == (
        0,
        f"glowworm: already running at http://127.0.0.1:{portal.port}/ for {portal.data.root}\n",
    )
    assert portal.health()["instance"] == state["instance"]

    # A command works with the running services and leaves them running.
    command = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "--no-imports", "-c", LOG_IN],
        cwd=ROOT, env=portal.environment, input=password, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert command.stdout.strip() == "admin"
    assert portal.health()["status"] == "ok"

    # A killed child and a killed database come back.
    for process in portal.children():
        process.kill()
    for server in working_in(portal.data.postgres, "postgres"):
        with contextlib.suppress(psutil.NoSuchProcess):  # the death of one ends others
            server.kill()
    eventually("healed", lambda: portal.health()["status"] == "ok" and portal.health()["worker"])
    assert portal.health()["instance"] == state["instance"]

    # A killed supervisor leaves the rest running; the next one replaces it and starts with nothing old.
    portal.process.kill()
    portal.process.communicate()
    orphans = portal.children()
    assert orphans
    second = portal.up()
    assert "password" not in second
    assert portal.health()["instance"] != state["instance"]
    assert not any(process.is_running() for process in orphans)

    code, output = portal.interrupt()
    assert (code, output) == (0, "stopping\n")
    assert portal.children() == []
    assert working_in(portal.data.postgres, "postgres") == []
    assert working_in(portal.data.valkey, "valkey") == []


LOG_IN = """
import sys
from django.contrib.auth import authenticate
print(authenticate(username="admin", password=sys.stdin.readline().strip()))
"""


def test_a_taken_port_is_one_clear_line(portal):
    with socket.create_server(("127.0.0.1", portal.port)):
        code, output = portal.run("up")
    assert code == 1
    assert output == (
        f"glowworm: port {portal.port} is taken by another program: choose another, PORT={portal.port + 1}\n"
    )


@pytest.mark.parametrize("port", ["eighty", "0", "70000"])
def test_a_port_that_is_none_is_one_clear_line(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(ServiceError, match=f"^PORT='{port}' is not a port: use a number from 1024 to 65535$"):
        chosen_port()


def test_a_child_that_cannot_live_is_started_less_and_less_often(tmp_path):
    child = Child(
        "failing", [sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ), tmp_path / "log"
    )
    child.start()
    child.process.wait()
    line = child.keep()
    assert line.startswith("failing ended (exit 3), starting it again in 2 s")
    assert child.keep() is None
    assert child.process is None, "not before its pause is over"
    child.next_start = 0.0
    child.keep()
    child.process.wait()
    assert "in 4 s" in child.keep()

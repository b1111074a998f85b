"""The local supervisor behind ``manage.py up``: web server, worker and scheduler of one data folder."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil

from portal.services.datadir import DataDir, ServiceError, write_private
from portal.services.processes import LOOPBACK, end, port_is_free
from portal.services.session import Session, ensure, is_running

ROOT = Path(__file__).resolve().parents[1]
MARK = "GLOWWORM_CHILD_OF"  # in the environment of every child: whose it is, whoever started it
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LARGEST_LOG = 20 * 1024 * 1024
START_PATIENCE = 180  # seconds; a machine at other work may take long


class AlreadyRunningError(ServiceError):
    """Another supervisor serves this data folder."""


@contextmanager
def only_supervisor(data: DataDir) -> Iterator[None]:
    """Be the one supervisor of a data folder.

    Ends what a killed predecessor left behind, so that no old code goes on answering. Raises
    AlreadyRunningError, or ServiceError when the port is taken by somebody else.
    """
    data.create()
    note = data.run / "supervisor.json"
    with data.open_lock("supervisor") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            url = json.loads(note.read_text())["url"] if note.exists() else "(starting)"
            raise AlreadyRunningError(f"already running at {url} for {data.root}") from error
        end_children(data)
        port = chosen_port()
        if not port_is_free(port):
            raise ServiceError(f"port {port} is taken by another program: choose another, PORT={port + 1}")
        write_private(note, json.dumps({"pid": os.getpid(), "url": address(port)}))
        try:
            yield
        finally:
            note.unlink()


def chosen_port() -> int:
    """The port that ``PORT`` names, 8000 by default. Raises ServiceError when it is none."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ServiceError(f"PORT={text!r} is not a port: use a number from 1024 to 65535")
    return int(text)


def address(port: int) -> str:
    return f"http://{LOOPBACK}:{port}/"


def end_children(data: DataDir) -> None:
    """End every process started for this data folder by a supervisor, and what those started."""
    ours = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == _mark(data):
                ours.append(process)
        except (psutil.Error, OSError):
            continue  # another user's, or gone
    end(ours, signal.SIGTERM, patience=5)


def _mark(data: DataDir) -> str:
    return str(data.root.resolve())


@dataclass
class Child:
    """One process that is kept running: started again when it ends, later each time it ends soon."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    next_start: float = 0.0
    pause: float = 1.0

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def keep(self) -> str | None:
        """Start again if it has ended; return a line to print when it is found ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.next_start:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.pause = 1.0 if now - self.started > 60 else min(self.pause * 2, 30.0)
        self.next_start, self.process = now + self.pause, None
        return f"{self.name} ended ({_ending(code)}), starting it again in {self.pause:.0f} s: see {self.log}"

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(self.stop_signal)

    def wait_stopped(self, patience: float = 15) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"


@dataclass
class Supervisor:
    """Starts the children, watches them and the services, stops them in order."""

    data: DataDir
    port: int
    workers: int
    session: Session | None  # None: the services are somebody else's (DATABASE_URL)
    instance: str = field(default_factory=lambda: secrets.token_hex(8))
    stopping: bool = False

    def __post_init__(self) -> None:
        self.url = address(self.port)
        environment = self.environment = os.environ | {
            MARK: _mark(self.data),
            "DATA_DIR": str(self.data.root),  # children work elsewhere: never a relative path
            "GLOWWORM_INSTANCE": self.instance,
        }
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "--app", "portal.celery"]
        web = [
            *python, "gunicorn", "portal.wsgi:application", "--config", "python:portal.web",
            "--bind", f"{LOOPBACK}:{self.port}",
            "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "120",
            "--graceful-timeout", "5", "--no-control-socket", "--preload",
        ]  # fmt: skip
        worker = [
            *celery, "worker", "--concurrency", str(self.workers), "--hostname", f"{self.instance}@%h",
            "--without-gossip", "--without-mingle", "--loglevel", "INFO",
        ]  # fmt: skip
        beat = [*celery, "beat", "--pidfile=", "--loglevel", "INFO"]
        logs = self.data.logs
        self.children = [
            Child("web server", web, environment, logs / "web.log"),
            # SIGQUIT: put the message back after a short wait; a long chunk need not end first.
            Child("worker", worker, environment | ONE_THREAD, logs / "worker.log", signal.SIGQUIT),
        ]
        self.scheduler = Child("scheduler", beat, environment, logs / "beat.log")

    def start(self) -> None:
        """Start everything and wait until the web server answers as this instance and sees a worker."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        for child in self.children:
            child.start()
        deadline = time.monotonic() + START_PATIENCE
        while not self.stopping and not self.answers():
            self.watch()
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"the portal did not answer at {self.url} within {START_PATIENCE} s: see {self.data.logs}"
                )
            time.sleep(0.1)
        # Last, so that it does not keep the others from getting ready: it only repairs.
        self.children.append(self.scheduler)

    def answers(self) -> bool:
        """Whether our own web server is healthy and a worker is there."""
        try:
            with urllib.request.urlopen(f"{self.url}health/", timeout=5) as response:  # noqa: S310
                state = json.load(response)
        except (OSError, ValueError):
            return False
        return state["instance"] == self.instance and state["worker"]

    def watch(self) -> None:
        """One look at the services and the children; restarts what has died."""
        if self.session is not None and not is_running(self.data):
            print("a service ended, starting it again", flush=True)  # noqa: T201
            before = self.session
            with self.data.lock("services"):
                self.session = ensure(self.data)
            if self.session != before:  # another port: the children read it when they start
                self._stop_children()
        for child in self.children:
            line = child.keep()
            if line:
                print(line, flush=True)  # noqa: T201

    def run_command(self, *arguments: str) -> bool:
        """Run a management command to its end, its output on our terminal, while watching the rest."""
        command = [sys.executable, "manage.py", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)
        while process.poll() is None:
            if self.stopping:
                end([psutil.Process(process.pid)], signal.SIGINT, patience=10)
                break
            self.watch()
            time.sleep(0.2)
        return process.wait() == 0

    def serve(self) -> None:
        """Watch until asked to stop."""
        while not self.stopping:
            self.watch()
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop the children, then whatever they left; the services are stopped by who started them."""
        self._stop_children()
        end_children(self.data)

    def _stop_children(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.wait_stopped()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

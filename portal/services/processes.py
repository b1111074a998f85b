"""Ports, processes and waiting, shared by both services."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from portal.services.datadir import ServiceError

LOOPBACK = "127.0.0.1"


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(wanted: int | None) -> int:
    """The port used before if nobody has taken it since, else a free one."""
    if wanted is not None and port_is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int | None) -> bool:
    """Whether a process with this id runs (one that ended and waits to be collected does not)."""
    try:
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def working_in(folder: Path, name: str) -> list[psutil.Process]:
    """Processes of this name whose working directory is ``folder``.

    PostgreSQL and Valkey both work inside their data folder: unlike a process id in a file, which another
    program may have been given since, this says for certain whose process it is.
    """
    folder = folder.resolve()
    found = []
    for process in psutil.process_iter(["name"]):
        if not (process.info["name"] or "").startswith(name):
            continue
        try:
            if Path(process.cwd()) == folder:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def still_serves(
    pid: int | None, folder: Path, name: str, ready: Callable[[], bool], seconds: float = 30
) -> bool:
    """Whether the recorded server runs in this folder and answers; waits while it recovers.

    In this folder: in a copy of it the record still names the server of the folder that was copied. A living
    server is never replaced: one that does not answer in time raises ServiceError.
    """
    deadline = time.monotonic() + seconds
    while pid is not None and pid in {process.pid for process in working_in(folder, name)}:
        if ready():
            return True
        if time.monotonic() > deadline:
            raise ServiceError(f"{name} (process {pid}) runs in {folder} and does not answer: see its log")
        time.sleep(0.1)
    return False


def end(processes: list[psutil.Process], first: signal.Signals, patience: float) -> None:
    """Signal processes, wait, and kill those that stay."""
    for process in processes:
        _send(process, first)
    if not _wait_ended(processes, patience):
        for process in processes:
            _send(process, signal.SIGKILL)
        _wait_ended(processes, 10)


def _wait_ended(processes: list[psutil.Process], patience: float) -> bool:
    """Wait until all have ended; one whose parent has not collected it yet has ended too."""
    deadline = time.monotonic() + patience
    while any(process.is_running() and is_alive(process.pid) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise ServiceError(
            f"Process {process.pid} ({process.name()}) of this data folder belongs to another user: "
            "stop it as that user"
        ) from error


def wait_ready(
    what: str, child: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, seconds: float = 60
) -> None:
    """Wait until ``ready()``; a child that ends before that is told with the last line of its log."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return
        if child.poll() is not None:
            raise ServiceError(f"{what} did not start: {last_line(log)} (see {log})")
        time.sleep(0.03)
    child.kill()
    raise ServiceError(f"{what} was not ready within {seconds:.0f} s: {last_line(log)} (see {log})")


def last_line(log: Path) -> str:
    """The last line of a log that says something of an error, else its last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "rror" in line]
    return (telling or lines or ["no message"])[-1]


def clean_environment() -> dict[str, str]:
    """The environment for a server: without the PG* variables that would steer PostgreSQL elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}

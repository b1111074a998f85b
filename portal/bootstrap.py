"""From a bare Python to a running command: make ``.venv``, install the lock, hand over.

Standard library only: this runs before anything is installed. ``make`` calls it with what to do:
``run``, ``test``, ``manage`` or ``install``, and the arguments of that.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"
GIGABYTE = 1024**3
NEEDED = {"base": 1.2, "dev": 1.6}  # gigabytes for .venv and the first data


class NotPossibleError(Exception):
    """This machine cannot run the portal; the message is one line that says what to do."""


def main(arguments: list[str]) -> None:
    action, rest = arguments[0], arguments[1:]
    try:
        check_platform()
        install("base" if action in {"run", "manage"} else "dev")
    except NotPossibleError as error:
        sys.exit(f"glowworm: {error}")
    if action == "install":
        return
    command = {"run": ["manage.py", "up"], "manage": ["manage.py"], "test": ["-m", "pytest"]}[action]
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), *command, *rest])  # noqa: S606


def check_platform() -> None:
    """Raise NotPossibleError on a machine for which there are no wheels."""
    if sys.version_info < (3, 11):  # noqa: UP036 - reached when called by hand with an old Python
        raise NotPossibleError(
            f"Python 3.11 or newer is needed, this is {platform.python_version()}: install one"
        )
    system, machine = platform.system(), platform.machine()
    if (system, machine) not in {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")}:
        raise NotPossibleError(
            f"{system} on {machine} is not supported: use Linux (x86_64, aarch64), macOS on Apple Silicon, "
            "or docker compose"
        )
    if system == "Linux" and platform.libc_ver()[0] != "glibc":
        raise NotPossibleError(
            "this Linux has no glibc: use a glibc distribution (Debian, Fedora, ...), or docker compose"
        )


def check_disk(folder: Path, gigabytes: float) -> None:
    """Raise NotPossibleError when the disk of ``folder`` has less room than this."""
    free = shutil.disk_usage(folder).free / GIGABYTE
    if free < gigabytes:
        raise NotPossibleError(
            f"{free:.1f} GB are free at {folder} and {gigabytes} GB are needed: "
            "free some, or clone to another disk"
        )


def install(lock: str) -> None:
    """Bring ``.venv`` to what ``requirements/<lock>.lock`` says; at once done when it is there already."""
    if stamp(lock) == wanted(lock) and works():
        return
    with alone():
        if stamp(lock) == wanted(lock) and works():
            return  # somebody else installed while we waited
        check_disk(ROOT, NEEDED[lock])
        say(f"installing {lock} requirements into .venv (once)")
        started = time.monotonic()
        if not works():
            shutil.rmtree(VENV, ignore_errors=True)
            try:
                venv.create(VENV, with_pip=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise NotPossibleError(f"cannot make {VENV} ({error}): is python3-venv installed?") from error
        requirements = ["--require-hashes", "-r", str(LOCKS / f"{lock}.lock")]
        if not with_uv(requirements) and not call("pip", "install", *requirements):
            raise NotPossibleError(
                "the requirements could not be installed: see above (network, proxy, certificate?)"
            )
        if not call("retrieval.kernels"):
            raise NotPossibleError("the kernels of the search could not be compiled: see above")
        for name in ("base", "dev")[: 1 if lock == "base" else 2]:
            (VENV / f"{name}.stamp").write_text(wanted(name))
        say(f"installed in {time.monotonic() - started:.0f} s")


def with_uv(requirements: list[str]) -> bool:
    """Install with uv, which is much faster; False where it cannot (it ignores pip's configuration)."""
    if not call("pip", "install", "--quiet", "--require-hashes", "-r", str(LOCKS / "installer.lock")):
        return False
    cache = [] if os.access(Path.home(), os.W_OK) else ["--no-cache"]
    os.environ.setdefault("UV_SYSTEM_CERTS", "1")
    return call("uv", "pip", "install", "--quiet", *cache, "--python", str(PYTHON), *requirements)


def call(module: str, *arguments: str) -> bool:
    return subprocess.run([PYTHON, "-m", module, *arguments], check=False).returncode == 0


def works() -> bool:
    """Whether .venv has a Python that runs: it breaks when the Python it was made from goes away."""
    try:
        return subprocess.run([PYTHON, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def stamp(lock: str) -> str:
    """The lock that was installed last, as written by ``install``; empty when none was."""
    path = VENV / f"{lock}.stamp"
    return path.read_text() if path.exists() else ""


def wanted(lock: str) -> str:
    return hashlib.sha256((LOCKS / f"{lock}.lock").read_bytes()).hexdigest()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One installation at a time: the lock is the project's folder itself, and the kernel's."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def say(text: str) -> None:
    print(f"glowworm: {text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

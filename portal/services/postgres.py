"""PostgreSQL of one data folder, run by our own launcher over loopback TCP with a password.

PostgreSQL refuses to run as root. Started by root it runs as ``postgres`` or ``nobody``, which owns the
``postgres`` folder; on Linux the folder is handed over as an open descriptor, so it may stand beneath folders
that this user cannot enter (a clone in /root, say).
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from portal.services.binaries import postgres_folder, postgres_major, reachable_copy
from portal.services.datadir import DataDir, ServiceError
from portal.services.processes import (
    LOOPBACK,
    choose_port,
    clean_environment,
    end,
    still_serves,
    wait_ready,
    working_in,
)

NAME = "glowworm"  # both the role and the database
NEEDED = 0.3  # gigabytes for a new cluster and the demonstration in it


@dataclass(frozen=True)
class Identity:
    """The user a server runs as; None in each field for "as we are"."""

    uid: int | None = None
    gid: int | None = None

    @property
    def popen(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def with_password(data: DataDir, entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with a password, to be written down before the cluster is made with it."""
    if "password" in entry:
        return entry
    if data.postgres.exists():
        raise ServiceError(
            f"{data.services_file} is lost and with it the password of {data.postgres}: "
            "restore the file, or choose another DATA_DIR"
        )
    return {"password": secrets.token_urlsafe(24)}


def ensure(data: DataDir, entry: dict[str, Any], options: Sequence[str] = ()) -> dict[str, Any]:
    """Have the server running; return its entry (port, password, pid). Heals what a kill left behind.

    ``options`` are extra server settings, ``name=value``. Raises ServiceError with what to do.
    """
    if still_serves(entry.get("pid"), data.postgres, "postgres", lambda: is_ready(entry)):
        return entry
    folder = postgres_folder()
    identity = _identity(data.postgres)
    if identity.uid is not None and identity.gid is not None:
        folder = reachable_copy(folder, identity.uid, identity.gid)
    _check_version(data.postgres, folder)
    if not data.postgres.exists():
        _initdb(data, folder, identity, entry["password"])
    _clear_leftovers(data.postgres)
    entry = entry | {"port": choose_port(entry.get("port"))}
    child = _spawn(data, folder, identity, entry["port"], options)
    wait_ready("PostgreSQL", child, lambda: is_ready(entry), data.logs / "postgres.log")
    _create_database(entry)
    return entry | {"pid": child.pid}


def is_ready(entry: dict[str, Any]) -> bool:
    """Whether the server of this entry answers. The password tells it from a stranger on the same port."""
    try:
        with _connect(entry):
            return True
    except psycopg.OperationalError:
        return False


def stop(data: DataDir) -> None:
    """Shut down at once and cleanly (connections are ended, nothing committed is lost)."""
    postmasters = [
        server for server in working_in(data.postgres, "postgres") if not _has_parent_in(server, data)
    ]
    end(postmasters, signal.SIGINT, patience=30)
    end(working_in(data.postgres, "postgres"), signal.SIGQUIT, patience=10)


def url(entry: dict[str, Any]) -> str:
    return f"postgresql://{NAME}:{entry['password']}@{LOOPBACK}:{entry['port']}/{NAME}"


def _has_parent_in(server: Any, data: DataDir) -> bool:
    return server.ppid() in {other.pid for other in working_in(data.postgres, "postgres")}


def _connect(entry: dict[str, Any]) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=LOOPBACK, port=entry["port"], user=NAME, password=entry["password"], dbname="postgres",
        connect_timeout=3, autocommit=True,
    )  # fmt: skip


def _identity(folder: Path) -> Identity:
    """Who runs the server: the folder's owner when we are root, ourselves otherwise."""
    owner = folder.stat().st_uid if folder.exists() else None
    if os.getuid() != 0:
        if owner is not None and owner != os.getuid():
            raise ServiceError(
                f"{folder} belongs to another user: start as that user, or choose another DATA_DIR"
            )
        return Identity()
    if owner:
        return Identity(owner, folder.stat().st_gid)
    for name in ("postgres", "_postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(user.pw_uid, user.pw_gid)
    raise ServiceError("PostgreSQL does not run as root and there is no user `nobody`: start as a plain user")


def _check_version(data_folder: Path, programs: Path) -> None:
    try:
        written = (data_folder / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return
    have = postgres_major(programs)
    if written != str(have):
        raise ServiceError(
            f"{data_folder} was written by PostgreSQL {written} and this is {have}: "
            "dump it with the old version, or choose another DATA_DIR"
        )


@contextmanager
def _handed_over(path: Path, identity: Identity) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A name for ``path`` that the server's user can open, and the descriptors to pass on for it."""
    if identity.uid is None or not sys.platform.startswith("linux"):
        yield str(path), ()
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def _own(path: Path, identity: Identity) -> None:
    if identity.uid is not None and identity.gid is not None:
        os.chown(path, identity.uid, identity.gid)


def _initdb(data: DataDir, folder: Path, identity: Identity, password: str) -> None:
    """Make the cluster beside its place and move it there whole: a half-made one is never taken for good."""
    free = shutil.disk_usage(data.root).free / 1024**3
    if free < NEEDED:
        raise ServiceError(
            f"{free:.1f} GB are free at {data.root} and {NEEDED} GB are needed: "
            "free some, or choose another DATA_DIR"
        )
    partial = data.root / "postgres.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    _own(partial, identity)
    log = data.logs / "postgres.log"
    with tempfile.NamedTemporaryFile("w") as secret, log.open("ab") as output:
        secret.write(password)
        secret.flush()
        _own(Path(secret.name), identity)
        with (
            _handed_over(partial, identity) as (place, descriptors),
            _handed_over(Path(secret.name), identity) as (secret_place, more),
        ):
            done = subprocess.run(
                [
                    folder / "initdb", "--pgdata", place, "--username", NAME, f"--pwfile={secret_place}",
                    "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8", "--no-instructions",
                ],
                pass_fds=descriptors + more, cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, check=False, **identity.popen,
            )  # fmt: skip
    if done.returncode != 0:
        raise ServiceError(f"PostgreSQL's initdb failed in {partial} (see {log})")
    partial.rename(data.postgres)


def _spawn(
    data: DataDir, folder: Path, identity: Identity, port: int, options: Sequence[str]
) -> subprocess.Popen[bytes]:
    """Start ``postgres`` itself: pg_ctl holds on to its caller's pipes."""
    settings = [f"listen_addresses={LOOPBACK}", f"port={port}", "unix_socket_directories=", *options]
    log = data.logs / "postgres.log"
    with _handed_over(data.postgres, identity) as (place, descriptors), log.open("ab") as output:
        return subprocess.Popen(
            [folder / "postgres", "-D", place, *(f"--{setting}" for setting in settings)],
            pass_fds=descriptors, cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True, **identity.popen,
        )  # fmt: skip


def _clear_leftovers(folder: Path) -> None:
    """End what a killed postmaster left running, and drop a lock file whose process id is not ours.

    PostgreSQL itself trusts any living process with the id in ``postmaster.pid``, and after a restart of the
    machine that id may be anybody's.
    """
    end(working_in(folder, "postgres"), signal.SIGQUIT, patience=10)
    (folder / "postmaster.pid").unlink(missing_ok=True)


def _create_database(entry: dict[str, Any]) -> None:
    with _connect(entry) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME}")

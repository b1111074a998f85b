"""The files of an import: a folder with all below it, an archive, or one file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from retrieval.readers import Refused
from retrieval.readers.read import MAX_BYTES

from . import archives

# What usually lies beside spectra; passed over in folders and archives, tried where named by itself.
COMPANIONS = (".txt", ".md", ".csv", ".ecsv", ".json", ".pdf", ".html", ".md5", ".sha256")
TRUTH = "truth.ecsv"


class FoundFile(NamedTuple):
    """A file as it was met. ``read`` gives its bytes, or raises Refused or OSError.

    ``path`` is relative to what was imported; ``label`` also names the archive that holds it.
    The files of an archive must be read, or passed over, in the order in which they come.
    """

    path: str
    label: str
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]


def iterate_files(path: Path) -> Iterator[FoundFile]:
    """The files of a folder, an archive or a file that may be spectra, always in the same order.

    An archive that cannot be read yields one file whose reading is refused.
    Raises FileNotFoundError where there is nothing at the path.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path}")
    alone = not path.is_dir() and not archives.is_archive(path)
    return (file for file in _walk(path) if alone or not _is_companion(file.path))


def find_truth(path: Path) -> bytes | None:
    """The table truth.ecsv that a simulated survey carries, if there is one."""
    for file in _walk(path):
        if file.name == TRUTH:
            return file.read()
    return None


def _walk(path: Path) -> Iterator[FoundFile]:
    if not path.is_dir():
        yield from _open(path, path.name)
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            yield from _open(file, file.relative_to(path).as_posix())


def _open(path: Path, relative: str) -> Iterator[FoundFile]:
    try:
        packed = path.is_file() and archives.is_archive(path)
    except OSError:
        packed = False  # reading it says why
    if not packed:
        yield FoundFile(relative, relative, lambda: _contents(path))
        return
    try:
        for member in archives.members(path):
            yield FoundFile(member.path, f"{relative}: {member.path}", member.read)
    except Refused as refused:
        yield FoundFile(relative, relative, _refusing(refused))


def _contents(path: Path) -> bytes:
    if not path.is_file():
        raise Refused("file-unreadable", "It is not a regular file.")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise Refused("unknown-layout", f"{size / 2**20:.0f} MB: no one-dimensional spectrum is that large.")
    return path.read_bytes()


def _refusing(refused: Refused) -> Callable[[], bytes]:
    def read() -> bytes:
        raise refused

    return read


def _is_companion(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    hidden = any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in parts)
    return hidden or parts[-1].lower().endswith(COMPANIONS)

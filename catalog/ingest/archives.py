"""Members of zip and tar files, read in memory and within limits; nothing is ever unpacked to disk."""

from __future__ import annotations

import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from retrieval.readers import Refused
from retrieval.readers.read import GZIP_MAGIC, MAX_BYTES

MAX_TOTAL = 64 * 2**30
MAX_RATIO = 200  # spectra shrink to a third or a tenth, files of zeros to a thousandth
SMALL = 2**20  # below this size no ratio is suspicious
MAX_MEMBERS = 2_000_000

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz")
FOREIGN_ENDINGS = (".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar")
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

# ValueError: names that are not the UTF-8 that they claim to be, numbers that are none.
BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, NotImplementedError, ValueError,
    struct.error, lzma.LZMAError,
)  # fmt: skip


class Member(NamedTuple):
    """A file in an archive. ``read`` gives its bytes once, in order, or raises Refused."""

    path: str
    read: Callable[[], bytes]


def is_archive(path: Path) -> bool:
    """By its first bytes, else by its name, so that a broken archive is refused as one."""
    if path.name.lower().endswith(ENDINGS + FOREIGN_ENDINGS):
        return True
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(GZIP_MAGIC):
        try:
            with gzip.open(path) as file:
                head = file.read(512)
        except (OSError, EOFError, zlib.error):
            return False  # a gzipped spectrum, so far as one can tell: its reader says what is wrong
    return head.startswith(ZIP_MAGIC) or _is_tar(head)


def members(path: Path) -> Iterator[Member]:
    """The files of an archive, in its own order. Raises Refused where it cannot be read (on)."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head.startswith(ZIP_MAGIC):
            yield from _zip_members(path)
        else:
            yield from _tar_members(path, gzipped=head.startswith(GZIP_MAGIC))
    except Refused:
        raise
    except BROKEN as error:
        raise Refused("unreadable-archive", f"{type(error).__name__}: {error}"[:300]) from error


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_totals(len(infos), sum(info.file_size for info in infos), path.stat().st_size)
        for info in infos:
            yield Member(info.filename, partial(_read_zip, archive, info))


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    _check_path(info.filename)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Refused("archive-path", f"{info.filename} is a link.")
    _check_nested(info.filename)
    _check_size(info.filename, info.file_size)
    if info.file_size > max(SMALL, MAX_RATIO * info.compress_size):
        raise Refused("archive-bomb", f"{info.compress_size} bytes unpack to {info.file_size}.")
    if info.flag_bits & 0x1:
        raise Refused("unreadable-archive", f"{info.filename} is locked with a password.")
    try:
        with archive.open(info) as file:
            return file.read(MAX_BYTES)  # zipfile stops at the size that was checked
    except BROKEN as error:
        raise Refused("unreadable-archive", f"{info.filename}: {error}"[:300]) from error


def _tar_members(path: Path, *, gzipped: bool) -> Iterator[Member]:
    packed = path.stat().st_size
    with path.open("rb") as raw:
        stream = _Limited(gzip.GzipFile(fileobj=raw) if gzipped else raw, packed)
        with tarfile.open(fileobj=stream, mode="r:") as archive:  # type: ignore[call-overload]
            number = 0
            while (info := archive.next()) is not None:
                archive.members = []  # tarfile would keep every header that it has met
                if (number := number + 1) > MAX_MEMBERS:
                    raise Refused("archive-bomb", f"It has more than {MAX_MEMBERS} members.")
                if not info.isdir():
                    yield Member(info.name, partial(_read_tar, archive, info))


def _read_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    _check_path(info.name)
    if not info.isreg():
        raise Refused("archive-path", f"{info.name} is a link or a device, not a file.")
    _check_nested(info.name)
    _check_size(info.name, info.size)
    try:
        file = archive.extractfile(info)
        return file.read() if file else b""
    except Refused:
        raise
    except BROKEN as error:
        raise Refused("unreadable-archive", f"{info.name}: {error}"[:300]) from error


class _Limited:
    """A stream that refuses to be read, or skipped, beyond what an honest archive holds."""

    def __init__(self, stream: Any, packed: int) -> None:
        self.stream = stream
        self.packed = packed
        self.limit = min(MAX_TOTAL, max(SMALL, MAX_RATIO * packed))

    def read(self, size: int) -> bytes:
        if size > 2 * MAX_BYTES:
            raise Refused("archive-bomb", f"A header of {size} bytes.")
        self._check(self.stream.tell() + size)
        return bytes(self.stream.read(size))

    def seek(self, offset: int) -> int:
        self._check(offset)
        return int(self.stream.seek(offset))

    def tell(self) -> int:
        return int(self.stream.tell())

    def _check(self, position: int) -> None:
        if position > self.limit:
            raise Refused("archive-bomb", f"{self.packed} bytes unpack to more than {self.limit}.")


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _check_totals(count: int, unpacked: int, packed: int) -> None:
    if count > MAX_MEMBERS:
        raise Refused("archive-bomb", f"It has {count} members, more than {MAX_MEMBERS}.")
    if unpacked > min(MAX_TOTAL, max(SMALL, MAX_RATIO * packed)):
        raise Refused("archive-bomb", f"{packed} bytes unpack to {unpacked}.")


def _check_path(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise Refused("archive-path", f"{name!r}.")


def _check_nested(name: str) -> None:
    if name.lower().endswith(ENDINGS + FOREIGN_ENDINGS):
        raise Refused("archive-nested", f"{name}.")


def _check_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise Refused("archive-bomb", f"{name} has {size} bytes; no spectrum has more than {MAX_BYTES}.")

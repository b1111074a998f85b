"""Compile the native kernels with the C++ compiler of this machine, once, into a cache folder.

Without a compiler nothing is lost but speed: the numba kernels give equal results.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parent / "native"
COMPILERS = ("c++", "g++", "clang++")
# Contraction would round the exact sums otherwise than the plain definition does.
OPTIONS = ("-std=c++17", "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")


def cache_folder() -> Path:
    """Where compiled kernels are kept: $GLOWWORM_CACHE, or the folder of the Python environment.

    Where that cannot be written (a read-only image), the user's own folder among the temporary files. What
    is loaded from there is run, so a folder that belongs to somebody else raises PermissionError.
    """
    if given := os.environ.get("GLOWWORM_CACHE"):
        return Path(given)
    if os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "glowworm-kernels"
    folder = Path(tempfile.gettempdir()) / f"glowworm-kernels-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise PermissionError(f"{folder} is not this user's alone: remove it, or set GLOWWORM_CACHE.")
    return folder


def compiler() -> str | None:
    """The C++ compiler: $CXX, or the first of the usual names that is on PATH."""
    names = (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS
    return next((found for name in names if (found := shutil.which(name))), None)


def library(name: str, folder: Path | None = None) -> ctypes.CDLL | None:
    """The compiled `native/<name>.cpp`, built into `folder` when it is not there; None when it cannot be."""
    try:
        path = (folder or cache_folder()) / f"{name}-{_fingerprint(name)}.so"
        if not path.exists():
            _compile(SOURCES / f"{name}.cpp", path)
        return ctypes.CDLL(str(path))
    except (OSError, subprocess.SubprocessError):
        return None


def _compile(source: Path, path: Path) -> None:
    """Write the library under another name first: two processes may build at once, and one may be killed."""
    command = compiler()
    if command is None:
        raise FileNotFoundError("No C++ compiler was found.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        subprocess.run([command, *OPTIONS, str(source), "-o", str(made)], check=True, capture_output=True)
        made.replace(path)


def _fingerprint(name: str) -> str:
    """Changes with the sources, the options and the machine, for which -march=native compiles."""
    digest = hashlib.sha256(" ".join((*OPTIONS, platform.node(), platform.machine())).encode())
    for source in (SOURCES / f"{name}.cpp", *sorted(SOURCES.glob("*.h"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]

"""Compile the native kernels with the C++ compiler of this machine, once, into a cache folder.

`python -m retrieval.kernels.build` does it at install and says what it did. Without a compiler nothing is
lost but speed: the numba kernels give equal results.
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
    """$GLOWWORM_CACHE, or the user's folder for such files."""
    if given := os.environ.get("GLOWWORM_CACHE"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "glowworm"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glowworm"


def compiler() -> str | None:
    """The C++ compiler: $CXX, or the first of the usual names that is on PATH."""
    names = (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS
    return next((found for name in names if (found := shutil.which(name))), None)


def library(name: str, folder: Path | None = None) -> ctypes.CDLL | None:
    """The compiled `native/<name>.cpp`, built into `folder` when it is not there; None when it cannot be."""
    path = (folder or cache_folder()) / f"{name}-{_fingerprint(name)}.so"
    try:
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


def main() -> int:
    names = sorted(source.stem for source in SOURCES.glob("*.cpp"))
    sys.stdout.write(f"Compiling {', '.join(names)} into {cache_folder()} ...\n")
    failed = [name for name in names if library(name) is None]
    if failed:
        sys.stdout.write(
            f"Not compiled: {', '.join(failed)}. The numba kernels serve instead: equal, not as fast.\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What `make run` does for speed: kernels compiled once into the cache folder, with a word to the user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.kernels import build

ROOT = Path(__file__).resolve().parents[2]


def install(cache: Path, **environment: str) -> str:
    """Run the step as the bootstrap does; returns what it says."""
    chosen = os.environ | {"GLOWWORM_CACHE": str(cache)} | environment
    chosen.pop("NUMBA_CACHE_DIR", None)  # what another test has set by using numba
    command = [sys.executable, "-m", "retrieval.kernels"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, env=chosen)
    return done.stdout


def made(cache: Path, pattern: str) -> dict[str, int]:
    """Name of each file in the cache, and when it was written."""
    return {path.name: path.stat().st_mtime_ns for path in cache.rglob(pattern)}


@pytest.mark.skipif(build.compiler() is None, reason="no C++ compiler on PATH")
def test_native_kernels_are_compiled_once_and_it_is_said(tmp_path: Path) -> None:
    said = install(tmp_path)
    assert "glowworm: compiling the kernels products, scan, train" in said
    assert "numba" not in said
    libraries = made(tmp_path, "*.so")
    assert len(libraries) == 3
    install(tmp_path)
    assert made(tmp_path, "*") == libraries


def test_without_a_compiler_numba_compiles_and_keeps_them(tmp_path: Path) -> None:
    said = install(tmp_path, CXX="no-such-compiler")
    assert "compiling with numba instead" in said
    kept = made(tmp_path, "*.nbc")
    assert any("scan_numba" in name for name in kept)
    assert any("train_numba" in name for name in kept)
    install(tmp_path, CXX="no-such-compiler")
    assert made(tmp_path, "*.nbc") == kept

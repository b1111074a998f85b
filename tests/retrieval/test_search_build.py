"""Compiling the native kernels: into the folder given, once, and never needed."""

from __future__ import annotations

import pytest

from retrieval.kernels import build

needs_compiler = pytest.mark.skipif(build.compiler() is None, reason="no C++ compiler on PATH")


@needs_compiler
def test_a_library_is_built_once_into_the_folder_given(tmp_path):
    assert build.library("scan", tmp_path) is not None
    (made,) = tmp_path.iterdir()
    before = made.stat().st_mtime_ns
    assert build.library("scan", tmp_path) is not None
    assert made.stat().st_mtime_ns == before


def test_without_a_compiler_there_is_no_library(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert build.library("scan", tmp_path) is None


def test_a_folder_that_cannot_be_written_gives_no_library(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    assert build.library("scan", occupied) is None


def test_a_compiler_that_fails_gives_no_library_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "false")
    assert build.library("scan", tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_cache_folder_is_the_one_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GLOWWORM_CACHE", str(tmp_path))
    assert build.cache_folder() == tmp_path

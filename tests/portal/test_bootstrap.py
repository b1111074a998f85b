"""The bootstrap and the Makefile: one clear line for each thing that is missing."""

import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from portal import bootstrap

ROOT = Path(__file__).resolve().parents[2]


def test_it_imports_the_standard_library_only():
    code = "import portal.bootstrap, sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    foreign = set(done.stdout.split()) - set(sys.stdlib_module_names) - {"portal", "__main__"}
    assert foreign == set()


@pytest.mark.parametrize(
    ("system", "machine", "says"),
    [
        ("Windows", "AMD64", "Windows on AMD64 is not supported"),
        ("Darwin", "x86_64", "Darwin on x86_64 is not supported"),
        ("Linux", "riscv64", "Linux on riscv64 is not supported"),
    ],
)
def test_an_unsupported_platform_is_one_line(monkeypatch, system, machine, says):
    monkeypatch.setattr(bootstrap.platform, "system", lambda: system)
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: machine)
    with pytest.raises(bootstrap.NotPossibleError, match=says):
        bootstrap.check_platform()


def test_a_linux_without_glibc_is_one_line(monkeypatch):
    monkeypatch.setattr(bootstrap.platform, "system", lambda: "Linux")
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(bootstrap.platform, "libc_ver", lambda: ("", ""))
    with pytest.raises(bootstrap.NotPossibleError, match="glibc"):
        bootstrap.check_platform()


def test_an_old_python_is_one_line(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 9))
    with pytest.raises(bootstrap.NotPossibleError, match=r"Python 3\.11 or newer"):
        bootstrap.check_platform()


def test_a_full_disk_is_one_line_and_ends_the_command(monkeypatch, tmp_path, capsys):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda folder: usage(1, 1, bootstrap.GIGABYTE // 2))
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "venv/bin/python")
    with pytest.raises(SystemExit) as ended:
        bootstrap.main(["run"])
    assert str(ended.value).startswith(f"glowworm: 0.5 GB are free at {ROOT} and 1.2 GB are needed")
    assert not (tmp_path / "venv").exists()


def test_no_python_is_one_line(tmp_path):
    make = shutil.which("make")
    for name in ("sh", "echo", "awk"):
        (tmp_path / name).symlink_to(shutil.which(name))
    for name in ("python3", "python3.11"):  # too old, or without venv: they say no
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [make, "run"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "glowworm: no Python 3.11 or newer with venv was found" in done.stderr
    assert done.stdout == ""


def test_make_alone_lists_what_there_is():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("run", "test", "help", "lint"):
        assert f"make {target} " in done.stdout


def test_an_installation_is_done_once_and_again_when_the_lock_changes(monkeypatch, tmp_path):
    """A venv is made for real; the packages are recorded instead of fetched."""
    calls = []

    def record(module, *arguments):
        calls.append((module, *arguments))
        return module != "uv"  # as where uv cannot reach an index: pip does it

    locks = tmp_path / "requirements"
    locks.mkdir()
    for name in ("base", "dev", "installer"):
        (locks / f"{name}.lock").write_text(name)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "LOCKS", locks)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(bootstrap, "call", record)

    bootstrap.install("dev")
    assert bootstrap.works()
    steps = [call[:2] for call in calls]
    assert steps == [("pip", "install"), ("uv", "pip"), ("pip", "install"), ("retrieval.kernels",)]
    assert all("--require-hashes" in call for call in calls if "pip" in call[:2])
    calls.clear()
    bootstrap.install("dev")
    bootstrap.install("base")  # dev holds base
    assert calls == []
    (locks / "base.lock").write_text("changed")
    bootstrap.install("base")
    assert str(locks / "base.lock") in calls[-2]
    calls.clear()
    bootstrap.PYTHON.unlink()  # as when the Python it was made from is removed
    bootstrap.install("base")
    assert bootstrap.works()
    assert calls


def test_a_failed_installation_is_not_taken_for_done(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(bootstrap, "call", lambda *arguments: False)
    with pytest.raises(bootstrap.NotPossibleError, match="could not be installed"):
        bootstrap.install("base")
    assert bootstrap.stamp("base") == ""


def test_locks_name_no_host_and_hash_everything():
    for lock in (ROOT / "requirements").glob("*.lock"):
        lines = [line for line in lock.read_text().splitlines() if line and not line.lstrip().startswith("#")]
        pins = [line for line in lines if not line.startswith(" ")]
        assert pins
        assert all("==" in pin and pin.endswith("\\") for pin in pins), lock
        assert all(line.strip().startswith("--hash=sha256:") for line in lines if line.startswith(" ")), lock
        assert "://" not in "".join(lines)


def test_every_file_run_as_a_program_is_executable():
    assert os.access(ROOT / "manage.py", os.X_OK)
    assert os.access(ROOT / ".ci/run", os.X_OK)

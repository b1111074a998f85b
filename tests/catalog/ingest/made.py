"""Files for the import to meet: simulated spectra, told apart by their index."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from retrieval.readers import ObservedSpectrum
from retrieval.readers.writer import lamost_bytes
from retrieval.simulate.survey import simulate_one


@cache
def simulated(index: int, role: str) -> ObservedSpectrum:
    return simulate_one("star-forming", role, index, seed=11).spectrum


def spectrum(index: int = 0, role: str = "template", layout: str = "lamost-image5", **header: Any) -> bytes:
    """A LAMOST file as an observed release would hold it; header fields as given."""
    one = simulated(index, role)
    fields = {"simulated": False, "release": "LAMOST DR7", "obsid": 1000 + index} | header
    return lamost_bytes(replace(one, header=replace(one.header, **fields)), layout)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def tarred(path: Path, files: Mapping[str, bytes | tarfile.TarInfo]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info

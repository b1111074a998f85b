"""A spectrum as a few bytes that its reader's browser can hand back: nothing need be kept here."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np

from retrieval.readers import LAYOUTS, WARNINGS, ObservedSpectrum, Refused, SpectrumHeader
from retrieval.readers.spectrum import observed
from retrieval.readers.table1d import MAX_PIXELS

_ARRAYS = (("wavelength", "<f8"), ("flux", "<f4"), ("ivar", "<f4"), ("andmask", "<i4"), ("ormask", "<i4"))
_PIXEL = sum(np.dtype(kind).itemsize for _, kind in _ARRAYS)
_LARGEST_HEAD = 20_000


def pack(spectrum: ObservedSpectrum) -> bytes:
    """All of a spectrum: a line of JSON, then its arrays, compressed."""
    head = {
        "name": spectrum.name,
        "layout": spectrum.layout,
        "pixels": int(spectrum.flux.size),
        "warnings": [code for code in spectrum.warnings if code not in ("position-missing", "zero-ends")],
        "header": asdict(spectrum.header),
    }
    arrays = b"".join(np.asarray(getattr(spectrum, name)).astype(kind).tobytes() for name, kind in _ARRAYS)
    return zlib.compress(json.dumps(head).encode() + b"\n" + arrays, 6)


def unpack(packed: bytes) -> ObservedSpectrum:
    """The spectrum, with all its checks made anew. Raises Refused for bytes that `pack` did not make."""
    try:
        unpacker = zlib.decompressobj()
        limit = _LARGEST_HEAD + _PIXEL * MAX_PIXELS
        raw = unpacker.decompress(packed, limit)
        line, _, arrays = raw.partition(b"\n")
        head = json.loads(line)
        pixels = head["pixels"]
        if unpacker.unconsumed_tail or not isinstance(pixels, int) or len(arrays) != pixels * _PIXEL:
            raise ValueError("lengths")
        header = _header(head["header"])
        layout = head["layout"] if head["layout"] in LAYOUTS else "table1d"
        warnings = [code for code in head["warnings"] if code in WARNINGS]
        values, offset = {}, 0
        for name, kind in _ARRAYS:
            values[name] = np.frombuffer(arrays, kind, pixels, offset)
            offset += pixels * np.dtype(kind).itemsize
        return observed(
            name=str(head["name"])[:160], layout=layout, header=header, warnings=warnings, **values
        )
    except Refused:
        raise
    except (zlib.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("truncated", "What came back is not the spectrum that was sent out.") from error


def to_text(spectrum: ObservedSpectrum) -> str:
    return base64.b64encode(pack(spectrum)).decode()


def from_text(text: str) -> ObservedSpectrum:
    """The reverse of `to_text`. Raises Refused."""
    try:
        packed = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("truncated", "What came back is not the spectrum that was sent out.") from error
    return unpack(packed)


def _header(values: dict[str, Any]) -> SpectrumHeader:
    """A header whose values have the types that pages rely on. Raises ValueError and its kin."""
    clean: dict[str, Any] = {}
    for name, value in asdict(SpectrumHeader(survey="other")).items():
        given = values.get(name, value)
        if isinstance(value, str):
            clean[name] = str(given)[:160]
        elif isinstance(value, bool):
            clean[name] = bool(given)
        elif isinstance(value, dict):
            clean[name] = {str(key)[:8]: _number(number) for key, number in dict(given).items()}
        elif name in ("ra", "dec", "z", "z_err"):
            clean[name] = _number(given)
        else:
            clean[name] = None if given is None else int(given)
    ra, dec = clean["ra"], clean["dec"]
    if ra is None or dec is None or not (0 <= ra <= 360 and -90 <= dec <= 90):
        clean["ra"] = clean["dec"] = None
    return SpectrumHeader(**clean)


def _number(value: Any) -> float | None:
    number = None if value is None else float(value)
    return number if number is not None and np.isfinite(number) else None

"""Archives are read in memory, within limits; a bad member, or a bad archive, is a refusal."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.ingest import archives, iterate_files, spectra_import
from catalog.models import Refusal, Spectrum
from retrieval.readers import Refused
from tests.catalog.ingest.made import link, spectrum, tarred, write, zipped

PACKED = {"a.fits": spectrum(0), "in/b.fits.gz": gzip.compress(spectrum(1)), "README.txt": b"text"}
PACKERS = [("s.zip", zipped), ("s.tar", tarred), ("s.tar.gz", tarred), ("s.tgz", tarred)]


def met(path: Path) -> dict[str, bytes | str]:
    """Label to content, or to the code of the refusal."""
    found: dict[str, bytes | str] = {}
    for file in iterate_files(path):
        try:
            found[file.label] = file.read()
        except Refused as refused:
            found[file.label] = refused.code
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_archives_come_in_like_folders(tmp_path: Path, name, pack):
    batch = spectra_import(paths=[pack(tmp_path / name, PACKED)])
    assert (batch.imported, batch.refused) == (2, 0)
    assert set(Spectrum.objects.values_list("name", flat=True)) == {"a", "b"}


def test_an_archive_is_known_by_its_bytes(tmp_path: Path):
    assert len(met(zipped(tmp_path / "upload", PACKED))) == 2
    assert len(met(tarred(tmp_path / "upload2.gz", PACKED))) == 2


def test_archives_in_a_folder_are_opened(tmp_path: Path):
    write(tmp_path, {"c.fits": b"c"})
    zipped(tmp_path / "s.zip", {"a.fits": b"a"})
    assert met(tmp_path) == {"c.fits": b"c", "s.zip: a.fits": b"a"}


PATHS = ["../out.fits", "/etc/out.fits", "a/../../out.fits", "..\\out.fits", "C:\\out.fits"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("name", "pack"), [("s.zip", zipped), ("s.tar.gz", tarred)])
def test_paths_that_lead_outside(tmp_path: Path, name, pack, path):
    assert list(met(pack(tmp_path / name, {path: b"x", "good.fits": b"y"})).values()) == [
        "archive-path",
        b"y",
    ]


@pytest.mark.parametrize(("name", "pack"), [("s.zip", zipped), ("s.tar.gz", tarred)])
def test_a_member_that_has_no_name(tmp_path: Path, name, pack):
    assert list(met(pack(tmp_path / name, {".": b"x", "good.fits": b"y"})).values()) == ["archive-path", b"y"]


def test_a_name_that_is_not_the_text_it_claims_to_be(tmp_path: Path):
    raw = zipped(tmp_path / "s.zip", {"é.fits": b"x"}).read_bytes()
    (tmp_path / "s.zip").write_bytes(raw.replace("é".encode(), b"\xff\xff"))
    assert met(tmp_path / "s.zip") == {"s.zip": "unreadable-archive"}


def test_links(tmp_path: Path):
    tar = tarred(tmp_path / "s.tar", {"a.fits": link("a.fits", "/etc/passwd")})
    assert met(tar) == {"s.tar: a.fits": "archive-path"}
    info = zipfile.ZipInfo("a.fits")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert met(tmp_path / "s.zip") == {"s.zip: a.fits": "archive-path"}


@pytest.mark.parametrize("inner", ["in.zip", "in.tar.gz", "in.tgz", "in.7z"])
def test_nested_archives(tmp_path: Path, inner):
    content = zipped(tmp_path / "inner", {"a.fits": b"a"}).read_bytes()
    assert met(zipped(tmp_path / "s.zip", {inner: content})) == {f"s.zip: {inner}": "archive-nested"}


def test_a_member_larger_than_any_spectrum(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    for name, pack in (("s.zip", zipped), ("s.tar", tarred)):
        found = met(pack(tmp_path / name, {"big.fits": b"ab" * 600, "good.fits": b"y"}))
        assert list(found.values()) == ["archive-bomb", b"y"]


@pytest.mark.parametrize(("name", "pack"), [("s.zip", zipped), ("s.tar.gz", tarred)])
def test_a_bomb(tmp_path: Path, name, pack):
    """32 MB of zeros in 32 kB."""
    path = pack(tmp_path / name, {f"{n}.fits": bytes(4 * 2**20) for n in range(8)})
    assert list(met(path).values())[-1] == "archive-bomb"


def test_a_bomb_of_few_bytes_beside_honest_ones(tmp_path: Path):
    noise = {f"{n}.fits": spectrum(n) for n in range(3)}
    found = met(zipped(tmp_path / "s.zip", noise | {"bomb.fits": bytes(8 * 2**20)}))
    assert list(found.values()) == [*noise.values(), "archive-bomb"]


def test_too_many_members(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    files = {f"{n}.fits": b"x" for n in range(3)}
    assert met(zipped(tmp_path / "s.zip", files)) == {"s.zip": "archive-bomb"}
    assert list(met(tarred(tmp_path / "s.tar", files)).values()) == [b"x", b"x", "archive-bomb"]


def test_a_header_that_claims_gigabytes(tmp_path: Path):
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 4 * 2**30
    path = tmp_path / "s.tar"
    path.write_bytes(info.tobuf() + bytes(1024))
    assert met(path) == {"s.tar": "archive-bomb"}


def test_a_locked_zip(tmp_path: Path):
    raw = bytearray(zipped(tmp_path / "s.zip", {"a.fits": b"abc"}).read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    raw[6] |= 1
    (tmp_path / "s.zip").write_bytes(raw)
    assert met(tmp_path / "s.zip") == {"s.zip: a.fits": "unreadable-archive"}


@pytest.mark.parametrize("name", ["s.zip", "s.tar", "s.tar.gz", "s.tar.bz2", "s.rar"])
@pytest.mark.parametrize(
    "content", [b"", b"no archive at all", b"\x1f\x8b\x08\x00broken", b"PK\x03\x04broken"]
)
def test_what_is_no_archive_but_says_so(tmp_path: Path, name, content):
    (tmp_path / name).write_bytes(content)
    assert set(met(tmp_path / name).values()) == {"unreadable-archive"}


@pytest.mark.django_db
def test_a_broken_archive_is_one_refusal_and_the_rest_is_imported(tmp_path: Path):
    write(tmp_path, {"a.fits": spectrum(0)})
    whole = tarred(tmp_path / "s.tar.gz", {"b.fits": spectrum(1), "c.fits": spectrum(2)}).read_bytes()
    (tmp_path / "s.tar.gz").write_bytes(whole[: len(whole) * 3 // 4])
    batch = spectra_import(paths=[tmp_path])
    assert set(Spectrum.objects.values_list("name", flat=True)) == {"a", "b"}
    assert batch.refused >= 1
    assert set(Refusal.objects.values_list("reason", flat=True)) == {"unreadable-archive"}


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["zip", "tar", "tar.gz"]))
def test_damage_never_raises_anything_else(tmp_path_factory, data, kind):
    path = tmp_path_factory.mktemp("fuzz") / f"s.{kind}"
    pack = zipped if kind == "zip" else tarred
    raw = bytearray(pack(path, {"a.fits": b"a" * 700, "b.fits": b"b" * 300}).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    met(path)

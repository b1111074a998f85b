"""Services on this machine that play SIMBAD, VizieR and NED (TAP), CDS X-Match and SDSS, faults included.

A real HTTP server in a thread. The test says what it holds and how it fails; the search is a plain loop.
"""

from __future__ import annotations

import csv
import email
import email.policy
import gzip
import io
import math
import re
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from astropy.io.votable import parse_single_table

FAULTS = (
    "503",  # Service Unavailable
    "429",  # Too Many Requests
    "400",  # a TAP error document, or a plain one
    "reset",  # the connection is reset before the answer
    "hang",  # nothing comes
    "trickle",  # a byte now and then, for ever
    "half",  # the answer breaks off
    "short",  # whole in form, but without its last rows
    "html",  # a page for people
    "columns",  # other columns
    "rows",  # objects of another part of the sky
    "overflow",  # cut off at the service's limit (TAP), and it says so
)


@dataclass
class Played:
    """What one service holds, the faults of its next answers, and what it was asked."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    covers: Any = None  # SDSS: which positions lie in its footprint
    recorded: bytes = b""  # given as it is, in place of an answer
    packed: bool = False  # compressed and in chunks, as most services answer


def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Arcsec, by the haversine."""
    a1, d1, a2, d2 = (math.radians(v) for v in (ra1, dec1, ra2, dec2))
    h = math.sin((d2 - d1) / 2) ** 2 + math.cos(d1) * math.cos(d2) * math.sin((a2 - a1) / 2) ** 2
    return math.degrees(2 * math.asin(min(1.0, math.sqrt(h)))) * 3600


class Sky:
    """The services by name, and the settings that lead to them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.played: dict[str, Played] = defaultdict(Played)

    def __getitem__(self, service: str) -> Played:
        return self.played[service]

    @property
    def urls(self) -> dict[str, str]:
        """As COUNTERPART_URLS."""
        return {name: f"{self.url}/{name}" for name in ("simbad", "vizier", "ned", "xmatch", "sdss")}

    def near(self, service: str, ra: float, dec: float, radius: float) -> list[dict[str, Any]]:
        keys = POSITION[service]
        return [o for o in self[service].objects if separation(ra, dec, o[keys[0]], o[keys[1]]) <= radius]


POSITION = defaultdict(lambda: ("ra", "dec"), vizier=("RA_ICRS", "DE_ICRS"))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sky = Sky(f"http://127.0.0.1:{self.server_port}")


@contextmanager
def serving() -> Iterator[Sky]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.sky
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        if kind.startswith("multipart/"):
            message = email.message_from_bytes(
                b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
            )
            parts = {
                part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
                for part in message.iter_parts()
            }
        else:
            parts = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.answer(parts)

    def answer(self, form: dict[str, str]) -> None:
        service = urlsplit(self.path).path.split("/")[1]
        played = self.server.sky[service]
        played.asked.append(form)
        if played.recorded:
            self.send(200, "application/octet-stream", played.recorded)
            return
        fault = played.faults.pop(0) if played.faults else ""
        kind, content = getattr(self, f"play_{service}")(form, fault)
        if fault in ("503", "429"):
            self.send(int(fault), "text/plain", b"busy")
        elif fault == "400":
            self.send(400, kind, error_document("syntax error") if "xml" in kind else b"error")
        elif fault == "html":
            self.send(200, "text/html", b"<html><body><h1>Scheduled maintenance</h1></body></html>\n")
        elif fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif fault == "hang":
            time.sleep(3)
            self.close_connection = True
        elif fault == "trickle":
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            try:
                for _ in range(60):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
            except OSError:
                pass
            self.close_connection = True
        elif fault == "half":
            self.send(200, kind, content[: max(1, int(len(content) * 0.6))])
        elif played.packed:
            self.send_packed(kind, gzip.compress(content))
        else:
            self.send(200, kind, content)

    def send_packed(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Encoding", "gzip"),
            ("Transfer-Encoding", "chunked"),
        ):
            self.send_header(name, value)
        self.end_headers()
        for first in range(0, len(content), 100):
            piece = content[first : first + 100]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    # The services. Each gives the content type and the whole answer.

    def play_simbad(self, form: dict[str, str], fault: str) -> tuple[str, bytes]:
        return self.joined("simbad", form, fault)

    def play_vizier(self, form: dict[str, str], fault: str) -> tuple[str, bytes]:
        return self.joined("vizier", form, fault)

    def joined(self, service: str, form: dict[str, str], fault: str) -> tuple[str, bytes]:
        """TAP with an upload: an outer join on a circle about each uploaded position."""
        query = form["QUERY"]
        assert "LEFT OUTER JOIN" in query
        radius = float(re.search(r"p\.ra, p\.dec, ([\d.]+)\)", query)[1]) * 3600  # type: ignore[index]
        columns = re.findall(r"b\.(\w+)", query.split(" FROM ")[0])
        uploaded = form["UPLOAD"].split("param:")[1]
        places = parse_single_table(io.BytesIO(form[uploaded].encode())).to_table()
        rows: list[list[Any]] = []
        for place in places:
            found = self.server.sky.near(service, place["ra"], place["dec"], radius)
            for one in found or [{}]:
                rows.append([int(place["place"]), *(one.get(column) for column in columns)])
        return self.votable(["place", *columns], rows, fault)

    def play_ned(self, form: dict[str, str], fault: str) -> tuple[str, bytes]:
        """TAP without uploads: rows in any of the circles, or their number."""
        query, sky = form["QUERY"], self.server.sky
        found: dict[str, dict[str, Any]] = {}
        for ra, dec, radius in re.findall(r"CIRCLE\('ICRS', ([-\d.]+), ([-\d.]+), ([\d.]+)\)", query):
            for one in sky.near("ned", float(ra), float(dec), float(radius) * 3600):
                found[one["prefname"]] = one
        if "COUNT(*)" in query:
            return self.votable(["n"], [[len(found)]], "" if fault == "short" else fault)
        columns = query.split("SELECT ")[1].split(" FROM ")[0].split(", ")
        return self.votable(columns, [[one.get(c) for c in columns] for one in found.values()], fault)

    def votable(self, columns: list[str], rows: list[list[Any]], fault: str) -> tuple[str, bytes]:
        if fault == "columns":
            columns = [f"other_{column}" for column in columns]
        if fault == "rows":
            rows = [[moved(name, value) for name, value in zip(columns, row, strict=True)] for row in rows]
        if fault == "short":
            rows = rows[: len(rows) // 2]
        return "application/x-votable+xml", votable_document(columns, rows, overflow=fault == "overflow")

    def play_xmatch(self, form: dict[str, str], fault: str) -> tuple[str, bytes]:
        """An inner join in CSV. The two controls are always held."""
        sky, rows = self.server.sky, []
        for place in csv.DictReader(io.StringIO(form["cat1"])):
            a, d = float(place[form["colRA1"]]), float(place[form["colDec1"]])
            for one in [*CONTROLS, *sky["xmatch"].objects]:
                apart = separation(a, d, one["ra"], one["dec"])
                if apart <= float(form["distMaxArcsec"]):
                    rows.append({"angDist": f"{apart:.6f}", **place, **one})
        names = ["angDist", "place", "place_ra", "place_dec", "main_id", "ra", "dec", "main_type", "redshift"]
        return "text/csv", csv_document(names, rows, fault)

    def play_sdss(self, form: dict[str, str], fault: str) -> tuple[str, bytes]:
        """Two outer joins in CSV, numbered from 1; ``spectro`` in an object makes it also a spectrum."""
        sky, rows = self.server.sky, []
        photo = form["searchType"] == "photo"
        lines = form["paste"].split("\n")[1:]
        for number, line in enumerate((line for line in lines if line), start=1):
            _, ra, dec = line.split()
            covers = sky["sdss"].covers
            covered = 1 if covers is None or covers(float(ra), float(dec)) else 0
            found = sky.near("sdss", float(ra), float(dec), float(form["radius"]) * 60)
            held = [one for one in found if ("id" in one if photo else "specobjid" in one)]
            for one in held or [{}]:
                row = {"place": number, "covered": covered, **one}
                if not photo and one:
                    row |= {"id": one["specobjid"], "photo": one.get("id", 0)}
                rows.append(row)
        names = ["place", "id", "ra", "dec"] + (
            ["type", "radius", "covered"] if photo else ["photo", "class", "z", "zErr"]
        )
        return "text/csv", csv_document(names, rows, fault, head="#Table1\n")


CONTROLS = (
    {"main_id": "3C 273", "ra": 187.2779159, "dec": 2.0523883, "main_type": "BLLac", "redshift": 0.158},
    {"main_id": "M 87", "ra": 187.7059308, "dec": 12.3911233, "main_type": "AGN", "redshift": 0.00428},
)


def moved(name: str, value: Any) -> Any:
    return (
        (value + 1.0) % 90
        if name.lower() in ("ra", "ra_icrs", "dec", "de_icrs") and value is not None
        else value
    )


def csv_document(names: list[str], rows: list[dict[str, Any]], fault: str, head: str = "") -> bytes:
    if fault == "rows":
        rows = [{name: moved(name, value) for name, value in row.items()} for row in rows]
    if fault == "short":
        rows = rows[: len(rows) // 2]
    if fault == "columns":
        names = [f"other_{name}" for name in names]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return (head + text.getvalue()).encode()


def votable_document(columns: list[str], rows: list[list[Any]], *, overflow: bool = False) -> bytes:
    """As TAP prescribes: QUERY_STATUS before the table, OVERFLOW after it."""
    fields = []
    for n, name in enumerate(columns):
        values = [row[n] for row in rows if row[n] is not None]
        kind = {str: "char", int: "long", float: "double"}[type(values[0]) if values else str]
        size = ' arraysize="*"' if kind == "char" else ""
        fields.append(f'<FIELD name="{name}" datatype="{kind}"{size}/>')
    body = "".join(
        "<TR>" + "".join(f"<TD>{'' if value is None else value}</TD>" for value in row) + "</TR>\n"
        for row in rows
    )
    over = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>' if overflow else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>
<TABLE>{"".join(fields)}<DATA><TABLEDATA>
{body}</TABLEDATA></DATA></TABLE>{over}</RESOURCE>
</VOTABLE>
""".encode()


def error_document(message: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">{message}</INFO></RESOURCE>
</VOTABLE>
""".encode()


__all__ = ["FAULTS", "Sky", "separation", "serving"]

"""The embedded services: started, shared, healed. Real servers, real kills."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest
import redis

from portal.services import DataDir, ServiceError, postgres, services_for
from portal.services.processes import choose_port, port_is_free, working_in
from portal.services.session import is_running, stop

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(tmp_path):
    folder = DataDir(tmp_path / "a folder with spaces")
    yield folder
    stop(folder)


def write_and_read(session, text):
    with psycopg.connect(session.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])
    return notes(session)


def notes(session):
    with psycopg.connect(session.database_url) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY text")]


def servers(data):
    return working_in(data.postgres, "postgres") + working_in(data.valkey, "valkey")


def test_they_start_keep_what_was_written_and_stop(data):
    with services_for(data) as session:
        write_and_read(session, "first")
        redis.Redis.from_url(session.redis_url).set("key", "kept")
        assert is_running(data)
    assert servers(data) == []
    with services_for(data) as again:
        assert notes(again) == ["first"]
        assert redis.Redis.from_url(again.redis_url).get("key") == b"kept"
        assert again == session, "the same ports and passwords as before"


def test_state_with_passwords_is_private(data):
    with services_for(data) as session:
        assert data.services_file.stat().st_mode & 0o777 == 0o600
        assert (data.run / "valkey.conf").stat().st_mode & 0o777 == 0o600
        password = data.read_services()["valkey"]["password"]
        assert all(password not in " ".join(server.cmdline()) for server in servers(data))
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(session.database_url.replace("glowworm:", "glowworm:not"))


def test_postgres_never_runs_as_root(data):
    with services_for(data):
        assert all(server.uids().real != 0 for server in working_in(data.postgres, "postgres"))


@pytest.mark.skipif(
    os.getuid() != 0 or sys.platform != "linux", reason="only root meets folders closed to others"
)
def test_root_may_keep_data_beneath_a_folder_closed_to_others(data):
    data.root.parent.chmod(0o700)
    with services_for(data) as session:
        assert write_and_read(session, "here") == ["here"]
        assert data.postgres.stat().st_uid != 0


def test_collation_is_the_same_on_every_machine(data):
    with services_for(data) as session, psycopg.connect(session.database_url) as connection:
        row = connection.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding)"
            " FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert row == ("b", "C.UTF-8", "UTF8")


@pytest.mark.parametrize("victims", ["postmaster", "all"])
def test_killed_servers_are_healed_without_loss(data, victims):
    with services_for(data) as session:
        write_and_read(session, "before")
        entry = data.read_services()["postgres"]
        killed = [psutil.Process(entry["pid"])] if victims == "postmaster" else servers(data)
        for process in killed:
            process.kill()
        psutil.wait_procs(killed)
        assert not is_running(data)
        with services_for(data) as healed:
            assert write_and_read(healed, "later") == ["before", "later"]


def test_a_server_that_recovers_from_a_killed_backend_is_waited_for(data):
    with services_for(data) as session:
        write_and_read(session, "before")
        entry = data.read_services()["postgres"]
        connection = psycopg.connect(session.database_url)
        (backend,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        os.kill(backend, signal.SIGKILL)
        while not connection.closed:  # until the postmaster has seen it and ends every connection
            with contextlib.suppress(psycopg.OperationalError):
                connection.execute("SELECT 1")
        with services_for(data) as same:
            assert write_and_read(same, "later") == ["before", "later"]
        assert data.read_services()["postgres"] == entry, "the same server, not another"


def test_a_copy_of_the_folder_has_servers_of_its_own(data):
    with services_for(data) as session:
        write_and_read(session, "before")
    copy = DataDir(data.root.parent / "a copy")
    subprocess.run(["cp", "-Rp", data.root, copy.root], check=True)
    with services_for(data) as session:
        shutil.copy(data.services_file, copy.services_file)  # as if it had been copied just now
        try:
            with services_for(copy) as other:
                assert write_and_read(other, "of the copy") == ["before", "of the copy"]
                assert notes(session) == ["before"]
        finally:
            stop(copy)


def test_a_lock_file_with_somebody_elses_process_id_is_no_obstacle(data):
    with services_for(data):
        content = (data.postgres / "postmaster.pid").read_text()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        lines = [str(bystander.pid), *content.splitlines()[1:]]
        (data.postgres / "postmaster.pid").write_text("\n".join(lines) + "\n")
        with services_for(data) as session:
            assert write_and_read(session, "started") == ["started"]
        assert bystander.poll() is None, "the process that has the id now is left alone"
    finally:
        bystander.kill()
        bystander.wait()


def test_a_port_taken_meanwhile_is_replaced(data):
    with services_for(data):
        port = data.read_services()["postgres"]["port"]
    thief = subprocess.Popen([sys.executable, "-c", LISTEN, str(port)], stdout=subprocess.PIPE)
    try:
        thief.stdout.readline()
        assert not port_is_free(port)
        with services_for(data) as session:
            assert data.read_services()["postgres"]["port"] != port
            assert write_and_read(session, "elsewhere") == ["elsewhere"]
    finally:
        thief.kill()
        thief.wait()


LISTEN = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("on", flush=True)
time.sleep(60)
"""


def test_a_free_port_used_before_is_used_again():
    port = choose_port(None)
    assert choose_port(port) == port


def test_the_last_one_out_stops_them(data):
    with services_for(data) as mine:
        other = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(data.root)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdout.readline().strip() == mine.database_url
    assert is_running(data), "the other process still works with them"
    other.communicate("leave\n")
    assert other.returncode == 0
    assert servers(data) == []


HOLD = """
import sys, pathlib
from portal.services import DataDir, services_for
with services_for(DataDir(pathlib.Path(sys.argv[1]))) as session:
    print(session.database_url, flush=True)
    sys.stdin.readline()
"""


def test_two_commands_at_once_share_one_start(data):
    environment = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    environment |= {"DATA_DIR": str(data.root), "DJANGO_SETTINGS_MODULE": "portal.settings.local"}
    commands = [
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v0", "-c", ASK],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    outputs = [command.communicate(timeout=120) for command in commands]
    assert [command.returncode for command in commands] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0] != ""
    assert servers(data) == []


ASK = """
from django.db import connection
connection.ensure_connection()
print(connection.settings_dict["PORT"])
"""


def test_an_interrupted_first_start_is_begun_again(data):
    data.create()
    half = data.root / "postgres.partial"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with services_for(data) as session:
        assert write_and_read(session, "whole") == ["whole"]
    assert not half.exists()


def test_another_major_version_is_one_clear_line(data):
    with services_for(data):
        pass
    (data.postgres / "PG_VERSION").write_text("15\n")
    with (
        pytest.raises(ServiceError, match=r"written by PostgreSQL 15 and this is 18.*DATA_DIR") as caught,
        services_for(data),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_a_lost_password_file_is_one_clear_line(data):
    with services_for(data):
        pass
    data.services_file.unlink()
    with pytest.raises(ServiceError, match="password"), services_for(data):
        pass


def test_a_failed_start_tells_the_servers_own_words(data):
    with services_for(data):
        pass
    with (data.postgres / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = much\n")
    with (
        pytest.raises(ServiceError, match=r"did not start: .*(shared_buffers|configuration)"),
        services_for(data),
    ):
        pass


def test_a_stranger_on_the_port_is_not_taken_for_ours(data):
    with services_for(data) as session:
        stranger = data.read_services()["postgres"] | {"password": "of another data folder"}
        assert not postgres.is_ready(stranger)
        assert postgres.url(data.read_services()["postgres"]) == session.database_url


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ServiceError, match="Cannot write the data folder"),
        services_for(DataDir(tmp_path / "file")),
    ):
        pass


def test_a_full_disk_is_one_clear_line(data, monkeypatch):
    full = SimpleNamespace(free=2**27)
    monkeypatch.setattr(postgres.shutil, "disk_usage", lambda folder: full)
    with pytest.raises(ServiceError, match=r"0\.1 GB are free at .* needed"), services_for(data):
        pass
    assert not data.postgres.exists()


def test_a_killed_user_leaves_no_lock(data):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data.root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    holder.stdout.readline()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert is_running(data), "nobody was left to stop them"
    started = json.loads(data.services_file.read_text())
    with services_for(data):
        assert json.loads(data.services_file.read_text()) == started, "found running, not started again"
    assert servers(data) == []

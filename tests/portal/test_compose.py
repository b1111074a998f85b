"""The compose file holds to the Compose Specification and to this code."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from compose_pydantic.models import ComposeSpecification
from django.core.management import get_commands

from portal.celery import app
from portal.services.session import known_urls

ROOT = Path(__file__).resolve().parents[2]
# Read by the libraries, not by the settings: threads of linear algebra, and Django's own.
READ_ELSEWHERE = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "DJANGO_SETTINGS_MODULE"}
# Debugging is for developers; the web server itself pools its connections.
NOT_FOR_OPERATORS = {"DEBUG", "DATABASE_POOL"}
OURS = {"migrate", "web", "worker", "scheduler"}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_it_follows_the_compose_specification(compose):
    # The specification allows x- extensions anywhere; the generated model does not know them at the top.
    ComposeSpecification.model_validate({k: v for k, v in compose.items() if not k.startswith("x-")})


def test_its_services_are_those_the_portal_consists_of(compose):
    assert set(compose["services"]) == OURS | {"postgres", "valkey"}


def test_every_volume_is_defined_and_used(compose):
    mounted = {
        mount.split(":")[0]
        for service in compose["services"].values()
        for mount in service.get("volumes", [])
    }
    assert mounted == set(compose["volumes"])


def test_postgres_18_is_mounted_where_it_keeps_its_data(compose):
    postgres = compose["services"]["postgres"]
    assert postgres["image"] == "postgres:18"
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]


@pytest.fixture(scope="module")
def read() -> set[str]:
    """The variables that the settings of a server read."""
    listing = "import portal.settings.production, portal.settings.env as env; print(*env.READ)"
    variables = {
        "SECRET_KEY": "s",
        "ALLOWED_HOSTS": "h",
        "DATABASE_URL": "postgresql://h/d",
        "REDIS_URL": "redis://h",
    }
    done = subprocess.run(
        [sys.executable, "-c", listing],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_every_variable_it_sets_is_read_by_the_settings(compose, read):
    for name in OURS:
        assert set(compose["services"][name]["environment"]) - READ_ELSEWHERE <= read, name


def test_it_hands_on_every_variable_that_the_settings_read(compose, read):
    """A variable of `.env` that no service is given would be set in vain."""
    for name in OURS:
        assert read - set(compose["services"][name]["environment"]) == NOT_FOR_OPERATORS, name


def test_operators_are_told_of_every_variable(read):
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs" / "operators.md").read_text()))
    assert read - documented <= NOT_FOR_OPERATORS


def test_secrets_are_required_from_the_environment():
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "SECRET_KEY"):
        uses = re.findall(rf"(?<!\$)\${{{secret}[^}}]*}}", text)
        assert uses
        assert set(uses) == {f"${{{secret}:?}}"}


def test_the_addresses_it_gives_are_those_of_its_services(compose, monkeypatch):
    for name in OURS:
        environment = compose["services"][name]["environment"]
        for variable in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.setenv(variable, re.sub(r"\$\{[^}]*\}", "secret", environment[variable]))
        database, broker = known_urls(None)
        assert "@postgres:5432/" in database
        assert "@valkey:6379/" in broker


def test_services_wait_for_conditions_that_can_be_met(compose):
    services = compose["services"]
    for name, service in services.items():
        for other, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[other], (name, other)
            else:
                assert wait["condition"] == "service_completed_successfully"
                assert services[other]["restart"] == "no", (name, other)
    assert all("healthcheck" in service for name, service in services.items() if name != "migrate")


def test_our_containers_are_read_only_and_without_privileges(compose):
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "/tmp" in service["tmpfs"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER (?!root)\w+$", dockerfile.split("FROM")[-1], re.MULTILINE)


def test_the_commands_exist(compose):
    services = compose["services"]
    assert services["migrate"]["command"][:2] == ["python", "manage.py"]
    assert services["migrate"]["command"][2] in get_commands()
    for name in ("worker", "scheduler"):
        program, application, command, *options = services[name]["command"]
        assert program == "celery"
        assert importlib.import_module(application.removeprefix("--app=")).app is app
        names = [option.split("=")[0] for option in options]
        usage = subprocess.run(
            [sys.executable, "-m", "celery", application, command, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stdout
        assert [option for option in names if option not in usage] == []


def test_the_health_checks_ask_for_an_address_that_exists(compose, client, db):
    url = re.search(r"http://127.0.0.1:8000(/\S*/)\"", compose["services"]["web"]["healthcheck"]["test"][-1])
    assert client.get(url[1]).status_code == 200

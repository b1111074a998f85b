"""/health/ says what works."""

import pytest

pytestmark = pytest.mark.django_db


def test_it_tells_database_broker_worker_version_and_instance(client, settings, monkeypatch):
    monkeypatch.setenv("GLOWWORM_INSTANCE", "this one")
    response = client.get("/health/")
    assert response.status_code == 200
    assert response.json() == {
        "database": True,
        "broker": True,
        "worker": False,  # none runs in this test
        "version": settings.VERSION,
        "instance": "this one",
        "status": "ok",
    }
    assert "no-store" in response["Cache-Control"]


def test_a_broker_that_does_not_answer_is_503(client, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    response = client.get("/health/")
    assert response.status_code == 503
    assert response.json()["broker"] is False
    assert response.json()["database"] is True


def test_a_broker_with_another_password_is_503(client, settings):
    settings.CELERY_BROKER_URL = settings.CELERY_BROKER_URL.replace("redis://:", "redis://:not")
    assert client.get("/health/").status_code == 503


def test_a_database_that_does_not_answer_is_503(client, settings):
    from django.db import connection

    connection.close()
    port, connection.settings_dict["PORT"] = connection.settings_dict["PORT"], "1"
    try:
        response = client.get("/health/")
    finally:
        connection.settings_dict["PORT"] = port
    assert response.status_code == 503
    assert response.json()["database"] is False


def test_pages_carry_a_policy_without_eval_or_inline_script(client):
    policy = client.get("/health/")["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"] == "'self'"
    assert directives["default-src"] == "'self'"
    assert "unsafe-eval" not in policy

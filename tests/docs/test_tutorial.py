"""The tutorial, as it stands: its commands in their order, on simulated files, to a published catalogue."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.apps import apps
from django.conf import settings as project
from django.contrib.auth.models import Group
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.test import Client

from catalog.inspection.groups import INSPECTORS, RESOLVERS, groups_make
from catalog.inspection.services import adjudicate, vote_cast
from catalog.models import Candidate, Catalogue, PublishedFile
from tasks import following
from tests import factories as f

PAGE = project.BASE_DIR / "docs" / "tutorial.md"
BLOCK = re.compile(r"```(sh|python)\n(.*?)```", re.S)
MANAGE = re.compile(r'make manage ARGS="(.*)"')

pytestmark = pytest.mark.django_db(transaction=True, reset_sequences=True)


@pytest.fixture
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in. No worker is there, so the commands do the work themselves."""
    settings.DATA_DIR = tmp_path / "var"
    monkeypatch.setattr(PublishedFile._meta.get_field("file"), "storage", FileSystemStorage(tmp_path / "var"))
    monkeypatch.setattr(following, "PATIENCE", following.PATIENCE * 0)
    monkeypatch.chdir(tmp_path)
    broker = redis.Redis.from_url(project.CELERY_BROKER_URL)
    broker.flushdb()
    yield tmp_path
    broker.flushdb()
    broker.close()


def shell(line: str) -> None:
    """One line of a ``sh`` block: a command of ours, an address of ours, or any other program."""
    if found := MANAGE.fullmatch(line):
        call_command(*shlex.split(found[1]))
    elif line.startswith("curl -O "):
        address = urlsplit(line.removeprefix("curl -O ")).path
        response = Client().get(address)
        assert response.status_code == 200, address
        content = response.getvalue()
        Path(address.rpartition("/")[2]).write_bytes(content)
    else:
        subprocess.run(["bash", "-ec", line], check=True)


def inspect() -> None:
    """What section 5 asks of people: two of them vote, keeping galaxies and nebulae but for one dispute."""
    groups_make(sender=apps.get_app_config("catalog"))
    first, second, resolver = (f.UserFactory() for _ in range(3))
    for user, group in ((first, INSPECTORS), (second, INSPECTORS), (resolver, RESOLVERS)):
        user.groups.add(Group.objects.get(name=group))
    candidates = list(Candidate.objects.order_by("pk"))
    for number, candidate in enumerate(candidates):
        for user in (first, second):
            verdict = "reject" if number == 0 and user == second else "keep"
            seen = candidate.kind if verdict == "keep" else "noise"
            vote_cast(candidate_id=candidate.pk, user=user, verdict=verdict, seen_class=seen)
    adjudicate(candidate_id=candidates[0].pk, user=resolver, verdict="reject")


def test_the_tutorial_s_commands_publish_a_catalogue(folder: Path) -> None:
    for section in PAGE.read_text().split("\n## "):
        if section.startswith("5. Inspect"):
            inspect()
        for language, code in BLOCK.findall(section):
            if language == "sh":
                for line in code.strip().splitlines():
                    shell(line)
            else:
                exec(compile(code, str(PAGE), "exec"), {})
    catalogue = Catalogue.objects.get()
    assert catalogue.title == "My first catalogue"
    assert catalogue.simulated
    assert catalogue.n_galaxies > 5
    assert catalogue.n_new_galaxies == catalogue.n_galaxies
    assert catalogue.provenance["candidates"]["rejected"] == 1
    assert len(list(folder.rglob("*.fits*"))) > 100

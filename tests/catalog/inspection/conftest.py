"""Accounts that inspect, and candidates to inspect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from catalog.models import Candidate, Run
from tests import factories as f


@pytest.fixture
def account(db: None) -> Callable[..., User]:
    """Make an account in some groups."""

    def make(*groups: str, **fields: Any) -> User:
        user = f.UserFactory(**fields)
        user.groups.set(Group.objects.filter(name__in=groups))
        return user

    return make


@pytest.fixture
def ann(account: Callable[..., User]) -> User:
    return account("inspectors", username="ann")


@pytest.fixture
def ben(account: Callable[..., User]) -> User:
    return account("inspectors", username="ben")


@pytest.fixture
def resolver(account: Callable[..., User]) -> User:
    return account("resolvers", username="ruth")


@pytest.fixture
def operator(db: None) -> User:
    return f.UserFactory(username="otto", is_staff=True, is_superuser=True)


@pytest.fixture
def run(db: None) -> Run:
    return f.RunFactory()


@pytest.fixture
def candidate(run: Run) -> Candidate:
    return f.CandidateFactory(run=run, z_cl=0.1)

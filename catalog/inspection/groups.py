"""The groups that inspection needs. An account is put into them in the admin."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

INSPECTORS, RESOLVERS = "inspectors", "resolvers"
MAY_VOTE, MAY_RESOLVE = "catalog.add_vote", "catalog.add_adjudication"
MAY_RULE, MAY_WITHDRAW, MAY_SET_GOLD = (
    "catalog.add_consensusrule", "catalog.change_candidate", "catalog.add_goldstandard",
)  # fmt: skip
GROUPS = {INSPECTORS: (MAY_VOTE,), RESOLVERS: (MAY_RESOLVE,)}


def groups_make(sender: AppConfig, **_: Any) -> None:
    """After each migration: have the groups with their permissions. What the admin added to them stays."""
    create_permissions(sender, verbosity=0)  # Django's own call may come after this one
    for name, permissions in GROUPS.items():
        group, _created = Group.objects.get_or_create(name=name)
        codenames = [permission.partition(".")[2] for permission in permissions]
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="catalog", codename__in=codenames)
        )

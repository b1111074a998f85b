"""What readers leave: lists of what they look for, columns that an account likes, searches that it saved."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.urls import reverse

from .regions import HIIRegion
from .survey import Spectrum


def _token() -> str:
    return secrets.token_urlsafe(9)


class GivenList(models.Model):
    """One list as it was given and what it meant then. It never changes: its address keeps its meaning."""

    token = models.SlugField(max_length=20, unique=True, default=_token, help_text="Its name in addresses.")
    sha256 = models.CharField(
        max_length=64,
        unique=True,
        help_text="Over entries, radius and what they mean: the same again is not kept twice.",
    )
    entries = models.TextField(help_text="As given, a line each.")
    n_entries = models.PositiveIntegerField(help_text="Lines that hold an entry.")
    radius_arcsec = models.FloatField(help_text="Within which positions are matched, arcsec.")
    unmatched = models.JSONField(
        default=list, help_text="Line number, text and reason of each entry not found."
    )
    spectra = models.ManyToManyField(Spectrum, related_name="given_lists")
    regions = models.ManyToManyField(
        HIIRegion, related_name="given_lists", help_text="Named by an entry, or holding a position."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(radius_arcsec__gt=0), name="givenlist_radius_positive")
        ]

    def __str__(self) -> str:
        return f"list of {self.n_entries:,} entr{'y' if self.n_entries == 1 else 'ies'}"

    def get_absolute_url(self) -> str:
        return reverse("given-list", args=[self.token])


class ColumnChoice(models.Model):
    """The columns of one table that an account has chosen, in its order."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="column_choices"
    )
    table = models.SlugField(max_length=20)
    columns = models.TextField(help_text="Names with commas between, as in addresses.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "table"], name="columnchoice_once")]


class SavedSearch(models.Model):
    """An address that an account keeps under a name: a table and its query string."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(max_length=80)
    table = models.SlugField(max_length=20)
    query = models.TextField(blank=True, help_text="The query string, without the page.")
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="savedsearch_unique_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{reverse(self.table)}?{self.query}"

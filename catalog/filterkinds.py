"""Kinds of filters that the filter sets are made of: cones, lists, choices, flags, yes and no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from enum import IntFlag
from functools import reduce
from operator import and_, or_
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.db.models.lookups import GreaterThan

from .coordinates import parse_radius
from .given.entries import parse
from .given.refused import refused_named
from .models import GivenList, Release
from .places import PLACE_HINT, parse_place
from .positions import within_cone

DEFAULT_RADIUS = "60"
LIST = "list"


class ConeFormMixin(forms.Form):
    """Validates position and radius together, and keeps them parsed."""

    cone: tuple[float, float, float] | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        position, radius = cleaned.get("position"), cleaned.get("radius")
        if position:
            try:
                ra, dec = parse_place(position)
                self.cone = (ra, dec, parse_radius(radius or DEFAULT_RADIUS))
            except ValueError as error:
                raise ValidationError({"position": str(error)}) from error
        elif radius:
            raise ValidationError({"position": f"A radius needs a position: {PLACE_HINT}."})
        return cleaned


class ConeFilterSet(filters.FilterSet):
    """Adds a cone by typed position and radius to a filter set."""

    position = filters.CharFilter(
        label="Position", method="keep", help_text=PLACE_HINT[:1].upper() + PLACE_HINT[1:]
    )
    radius = filters.CharFilter(
        label="Radius", method="keep", help_text="Arcsec, or 2', or 0.5 deg; 60 if empty"
    )

    position_prefix = ""

    class Meta:
        form = ConeFormMixin

    def keep(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Position and radius act together, in filter_queryset."""
        return queryset

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().filter_queryset(queryset)
        if self.form.cone:
            ra, dec, radius = self.form.cone
            queryset = within_cone(queryset, ra=ra, dec=dec, radius_deg=radius, prefix=self.position_prefix)
        return queryset


class YesNoFilter(filters.TypedChoiceFilter):
    """True or false; ``yes`` says of which rows it is true. Anything else is refused: the package's own
    filter would pass it over."""

    def __init__(self, yes: Q, **kwargs: Any) -> None:
        super().__init__(
            choices=[("", "either"), ("true", "yes"), ("false", "no")],
            error_messages={"invalid_choice": "“%(value)s” is neither true nor false."},
            **kwargs,
        )
        self.yes = yes

    def condition(self, value: str) -> Q:
        """The rows of one answer."""
        return self.yes if value == "true" else ~self.yes

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(self.condition(value)) if value else queryset


class ValuesFilter(filters.CharFilter):
    """A text of which some values are common: the page offers those, with their rows, under the box."""


class ListField(forms.CharField):
    """The token of a list that a reader gave."""

    def clean(self, value: Any) -> GivenList | None:
        token = super().clean(value)
        if not token:
            return None
        try:
            return GivenList.objects.defer("entries", "unmatched").get(token=token)
        except GivenList.DoesNotExist as error:
            raise ValidationError(f"There is no list {token}.") from error


class ListFilter(filters.Filter):
    """Rows that a list means: the field leads to the id of what it is a list ``of``."""

    field_class = ListField

    def __init__(self, field_name: str, *, of: str = "spectra") -> None:
        super().__init__(
            field_name, label="In the list", help_text="Token of a list of file names or positions"
        )
        self.members: Any = GivenList._meta.get_field(of)

    def filter(self, queryset: QuerySet[Any], value: GivenList | None) -> QuerySet[Any]:
        if value is None:
            return queryset
        through = self.members.remote_field.through.objects.filter(givenlist=value)
        return queryset.filter(
            **{f"{self.field_name}__in": through.values(self.members.m2m_reverse_field_name())}
        )


class RefusedListFilter(ListFilter):
    """Refused files of which a list holds the name."""

    def filter(self, queryset: QuerySet[Any], value: GivenList | None) -> QuerySet[Any]:
        if value is None:
            return queryset
        names = {entry.name for entry in parse(value.entries)}
        return queryset.filter(pk__in=refused_named(names).values("pk"))


class ListedFilterSet(filters.FilterSet):
    """Adds the filter ``list``. The name is a builtin's, so that no class body may hold it.

    ``spectrum`` leads to the spectrum of a row; empty where rows have none of their own.
    """

    spectrum = "pk"

    @classmethod
    def in_list(cls) -> ListFilter:
        return ListFilter(cls.spectrum)

    @classmethod
    def get_filters(cls) -> dict[str, filters.Filter]:
        found: dict[str, filters.Filter] = super().get_filters()
        return found | {LIST: cls.in_list()}


class ChoicesFilter(filters.MultipleChoiceFilter):
    """One choice or several, which widen (with ``exclude`` narrow); ``conditions`` says what each means where
    it is no value."""

    def __init__(self, *args: Any, conditions: Mapping[str, Q] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conditions = conditions

    def __deepcopy__(self, memo: dict[int, Any]) -> ChoicesFilter:
        """Each filter set copies its filters: conditions never change, their queries take long to copy."""
        return copy(self)

    def condition(self, value: Any) -> Q:
        """The rows that are left where this choice alone is made."""
        meant = self.conditions[value] if self.conditions else Q(**{self.field_name: value})
        return ~meant if self.exclude else meant

    def filter(self, queryset: QuerySet[Any], value: Sequence[Any]) -> QuerySet[Any]:
        if not value:
            return queryset
        return queryset.filter(reduce(and_ if self.exclude else or_, map(self.condition, value)))


class ReleaseFilter(filters.ModelMultipleChoiceFilter):
    """Survey releases, by their names in addresses."""

    def __init__(self, field_name: str) -> None:
        super().__init__(
            field_name, label="Release", queryset=Release.objects.all(), to_field_name="slug", distinct=False
        )

    def condition(self, value: Any) -> Q:
        """The rows of one release."""
        return Q(**{self.field_name: value})


def bits_set(field: str, registry: type[IntFlag]) -> dict[str, Q]:
    """For each flag of a registry: the rows whose field has its bit."""
    return {str(flag.name): Q(GreaterThan(F(field).bitand(int(flag)), 0)) for flag in registry}


def flag_choices(registry: type[IntFlag]) -> list[tuple[str, str]]:
    """Name and words of each flag."""
    return [(str(flag.name), str(flag.name).replace("_", " ").capitalize()) for flag in registry]

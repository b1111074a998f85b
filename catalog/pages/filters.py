"""A filter set as a form for people: groups, ranges of two boxes, chips of what is active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.http import QueryDict

from catalog.filterkinds import ListFilter, ValuesFilter, YesNoFilter
from catalog.within import WithinFilter

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Object", ("name", "release", "role", "kind", "cls", "subclass", "object_type")),
    ("Held by", ("list", "inside", "published_in", "candidate_of")),
    ("File", ("file", "reason", "batch")),
    (
        "Position",
        (
            "position", "radius", "region", "catalog", "code", "version", "status", "certified",
            "has_spectra",
        ),
    ),
    ("Other runs", ("also_in_run", "not_in_run")),
    ("Counterparts", ("novelty", "waits_for")),
    ("Redshift and velocity", ("z", "z_cl", "velocity_kms", "velocity_lsr_kms", "near_galaxy")),
    ("Lines and class", ("bpt_class", "nebula_state", "log_nii_ha", "log_oiii_hb", "snr_min", "probability")),
    (
        "Inspection",
        ("inspection_state", "inspector", "verdict", "simulated", "stands", "adjudicated", "withdrawn"),
    ),
    ("Quality", ("snr_r", "mag_g", "mjd", "warned", "unique", "n_configurations", "n_lines", "within")),
    ("Flags", ("flag", "without_flag", "line_flag", "without_line_flag", "warning")),
)  # fmt: skip


@dataclass(frozen=True)
class Box:
    """One control: a text box, or one choice of several."""

    id: str
    name: str
    label: str
    value: str
    on: bool = False


@dataclass(frozen=True)
class Field:
    """One filter; ``look`` is text, values (a text), list, several (texts), range, choices or yesno."""

    look: str
    name: str
    label: str
    help: str
    errors: tuple[str, ...]
    boxes: tuple[Box, ...]

    @property
    def described_by(self) -> str:
        """Ids of the texts that describe the control."""
        parts = [f"id_{self.name}_help"] * bool(self.help) + [f"id_{self.name}_errors"] * bool(self.errors)
        return " ".join(parts)


@dataclass(frozen=True)
class Group:
    title: str
    fields: tuple[Field, ...]

    @property
    def folded(self) -> bool:
        """Whether it is folded until somebody asks: flags are many boxes, and seldom wanted."""
        return self.title == "Flags"

    @property
    def active(self) -> bool:
        return any(field.errors or _in_words(field) for field in self.fields)


@dataclass(frozen=True)
class Chip:
    """An active filter, and the query string without it."""

    text: str
    query: str


def groups(filterset: filters.FilterSet) -> list[Group]:
    """The filters in named groups; any that no group names comes last, under Other."""
    named = {name for _, names in GROUPS for name in names}
    other = tuple(name for name in filterset.filters if name not in named)
    found = []
    for title, names in (*GROUPS, ("Other", other)):
        fields = tuple(_field(filterset, name) for name in names if name in filterset.filters)
        if fields:
            found.append(Group(title, fields))
    return found


def chips(filterset: filters.FilterSet, form: list[Group], params: QueryDict) -> list[Chip]:
    """What is active, in words."""
    found = []
    for group in form:
        for field in group.fields:
            if field.look == "several":
                found += [
                    _chip_of_several(filterset, field, box.value, params) for box in field.boxes if box.value
                ]
            elif text := _in_words(field):
                names = {box.name for box in field.boxes}
                found.append(Chip(f"{field.label} {text}", without(params, *names, "after", "before")))
    return found


def _chip_of_several(filterset: filters.FilterSet, field: Field, value: str, params: QueryDict) -> Chip:
    """One of several values, removable alone."""
    try:
        words = filterset.form.fields[field.name].parse(value).words
    except ValidationError:
        words = value
    left = params.copy()
    left.setlist(field.name, [other for other in params.getlist(field.name) if other != value])
    return Chip(words, without(left, "after", "before"))


def unknown(form: list[Group], params: QueryDict, also_known: tuple[str, ...]) -> list[str]:
    """Parameters that mean nothing here: ignoring a misspelt filter would show the wrong rows."""
    known = {box.name for group in form for field in group.fields for box in field.boxes}
    return sorted(set(params) - known - set(also_known))


def without(params: QueryDict, *names: str, **changed: str) -> str:
    """The query string without some parameters and with others set; begins with "?"."""
    left = params.copy()
    for name in names:
        left.pop(name, None)
    for name, value in changed.items():
        left[name] = value
    return f"?{left.urlencode()}"


def _field(filterset: filters.FilterSet, name: str) -> Field:
    bound = filterset.form[name]
    data: Any = filterset.form.data
    help_text, errors = str(bound.help_text), tuple(str(error) for error in bound.errors)
    kind = filterset.filters[name]
    if isinstance(kind, filters.RangeFilter):
        look = "range"
        boxes = tuple(
            Box(f"id_{name}_{end}", f"{name}_{end}", f"{bound.label} {words}", data.get(f"{name}_{end}", ""))
            for end, words in (("min", "from"), ("max", "to"))
        )
    elif isinstance(kind, filters.MultipleChoiceFilter):
        look = "choices"
        chosen = data.getlist(name)
        boxes = tuple(
            Box(f"id_{name}_{i}", name, str(label), str(value), str(value) in chosen)
            for i, (value, label) in enumerate(bound.field.choices)
        )
    elif isinstance(kind, WithinFilter):
        look = "several"
        values = [*filter(None, data.getlist(name)), ""]
        boxes = tuple(
            Box(f"id_{name}_{i}", name, f"{bound.label} {i + 1}", value) for i, value in enumerate(values)
        )
    elif isinstance(kind, YesNoFilter):
        look = "yesno"
        value = data.get(name, "")
        boxes = tuple(
            Box(f"id_{name}", name, str(label), option, value == option)
            for option, label in bound.field.choices
        )
    else:
        looks = {ListFilter: "list", ValuesFilter: "values"}
        look = next((look for of, look in looks.items() if isinstance(kind, of)), "text")
        boxes = (Box(f"id_{name}", name, bound.label, data.get(name, "")),)
    return Field(look, name, bound.label, help_text, errors, boxes)


def _in_words(field: Field) -> str:
    if field.look == "range":
        low, high = (box.value for box in field.boxes)
        if low and high:
            return f"{low} to {high}"
        return f"from {low}" if low else f"to {high}" if high else ""
    if field.look == "choices":
        return ", ".join(box.label for box in field.boxes if box.on)
    if field.look == "yesno":
        return next((box.label for box in field.boxes if box.on and box.value), "")
    return field.boxes[0].value

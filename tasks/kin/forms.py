"""What a seeker asks for: a spectrum, what to say of it, and how much to show."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from catalog.coordinates import parse_position
from catalog.models import Codebook
from retrieval.readers import Stated
from retrieval.readers.axis import Medium, Unit

from .search import MOST_KIN, USUAL_KIN, Position

UNITS = [
    ("", "as the file says"),
    ("Angstrom", "Ångström"),
    ("nm", "nanometre"),
    ("micron", "micrometre"),
]
MEDIA = [("", "as the file says"), ("vacuum", "vacuum"), ("air", "air")]


class KinForm(forms.Form):
    """The choices that every search has, whatever its spectrum comes from."""

    k = forms.IntegerField(
        label="Kin to show", min_value=1, max_value=MOST_KIN, required=False,
        help_text=f"1 to {MOST_KIN}; {USUAL_KIN} where left empty.",
    )  # fmt: skip
    configuration = forms.ChoiceField(
        label="Configuration",
        required=False,
        help_text="Step in Å : segments : centres. All but the usual one are read first: some seconds.",
    )
    position = forms.CharField(
        label="Position", required=False, max_length=120,
        help_text="150.1163 2.2058, 10:00:27.9 +02:12:21 or G206.3-02.1; else that of the header.",
    )  # fmt: skip

    def __init__(self, *args: Any, codebooks: list[Codebook], usual: Codebook | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._codebooks = {codebook.label: codebook for codebook in codebooks}
        self.usual = usual
        choices = self.fields["configuration"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [
            (label, f"{label} (usual)" if codebook == usual else label)
            for label, codebook in self._codebooks.items()
        ]
        if usual and choices.initial is None:
            choices.initial = usual.label
        for name in self.errors if self.is_bound else ():
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"

    def clean_k(self) -> int:
        return self.cleaned_data["k"] or USUAL_KIN

    def clean_configuration(self) -> Codebook | None:
        return self._codebooks.get(self.cleaned_data["configuration"], self.usual)

    def clean_position(self) -> Position | None:
        text = self.cleaned_data["position"].strip()
        if not text:
            return None
        try:
            return parse_position(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class UploadForm(KinForm):
    """A spectrum of the seeker's own, with what the file may not say of itself."""

    file = forms.FileField(label="Your spectrum", required=False, allow_empty_file=True)
    unit = forms.ChoiceField(label="Unit of wavelengths", choices=UNITS, required=False)
    medium = forms.ChoiceField(label="Air or vacuum", choices=MEDIA, required=False)

    field_order = ["file", "unit", "medium", "position", "k", "configuration"]

    @property
    def stated(self) -> Stated:
        return Stated(cast(Unit, self.cleaned_data["unit"]), cast(Medium, self.cleaned_data["medium"]))

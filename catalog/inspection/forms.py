"""What an inspector and a resolver fill in. A typed redshift is kept digit for digit."""

from __future__ import annotations

from typing import Any

from django import forms

from catalog.models import SeenClass, Verdict
from catalog.pages.spectrum import HIGHEST_Z, LOWEST_Z, parse_z

from .reasons import DESCRIPTIONS

VERDICTS = {
    Verdict.KEEP: "Keep: emission lines at this redshift",
    Verdict.REJECT: "Reject",
    Verdict.UNSURE: "Unsure",
}


def verdict_field(*verdicts: Verdict) -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Verdict",
        choices=[(verdict.value, VERDICTS[verdict]) for verdict in verdicts],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a verdict."},
    )


class OpinionForm(forms.Form):
    """What inspectors and resolvers have in common."""

    verdict = verdict_field(*VERDICTS)
    seen_class = forms.ChoiceField(
        label="Class",
        choices=[("", "not said"), *SeenClass.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    z = forms.CharField(
        label="Redshift, if another", required=False, help_text="Empty: the redshift from lines is right."
    )
    comment = forms.CharField(
        label="Comment", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("z", "comment"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["z"].widget.attrs |= {
            "inputmode": "decimal", "data-lowest": LOWEST_Z, "data-highest": HIGHEST_Z,
        }  # fmt: skip
        for name in self.errors if self.is_bound else ():
            if name in ("z", "comment"):
                self.fields[name].widget.attrs |= {
                    "aria-invalid": "true",
                    "aria-describedby": f"{self[name].auto_id}_errors",
                }

    def clean_z(self) -> float | None:
        typed = self.cleaned_data["z"].strip()
        if not typed:
            return None
        if (z := parse_z(typed)) is None:
            raise forms.ValidationError(
                f"“{typed}” is not a redshift between {LOWEST_Z:g} and {HIGHEST_Z:g}."
            )
        return z

    def arguments(self) -> dict[str, Any]:
        """Arguments of the service; the form is valid."""
        return {name: self.cleaned_data[name] for name in ("verdict", "seen_class", "z", "comment")}


class VoteForm(OpinionForm):
    """An inspector's vote. The page fills in the seconds; without a script they stay empty."""

    reasons = forms.TypedMultipleChoiceField(
        label="Why",
        choices=[(int(reason), words) for reason, words in DESCRIPTIONS.items()],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seconds = forms.FloatField(required=False, widget=forms.HiddenInput)

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().arguments() | {"reasons": sum(data["reasons"]), "seconds": data["seconds"]}


class AdjudicationForm(OpinionForm):
    """A resolver's decision. It may stand on one page with a vote."""

    prefix = "decision"
    verdict = verdict_field(Verdict.KEEP, Verdict.REJECT)


class WithdrawalForm(forms.Form):
    """Why a candidate is withdrawn."""

    reason = forms.CharField(label="Reason", max_length=200)

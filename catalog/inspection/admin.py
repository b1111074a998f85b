"""Inspection in the admin: rules and gold standards are set here, the rest is for reading.

Rights come from the groups "inspectors" and "resolvers", to which accounts are added under Users.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest

from catalog.models import Adjudication, ConsensusRule, GoldStandard, Inspector, Vote

from .services import gold_standard_set, rule_set


class HistoryAdmin(admin.ModelAdmin):
    """Rows that nobody changes or deletes."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ServiceForm(forms.ModelForm):
    """A form whose row a service makes, in the request's transaction; its refusals stand in the form."""

    user: User

    def serve(self, cleaned: dict[str, Any]) -> Any:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self.instance = self.serve(cleaned)
        return cleaned

    def _post_clean(self) -> None:
        """The service has checked the row."""

    def save(self, commit: bool = True) -> Any:
        return self.instance

    def save_m2m(self) -> None:
        """There is nothing of the kind."""


class ServiceAdmin(HistoryAdmin):
    """Rows that are added by a service and then stay."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has saved it."""


class RuleForm(ServiceForm):
    class Meta:
        model = ConsensusRule
        fields = ("run", "votes_needed", "share_needed", "blind", "guidelines")

    def serve(self, cleaned: dict[str, Any]) -> ConsensusRule:
        run = cleaned.pop("run")
        return rule_set(run_id=run.pk, user=self.user, **cleaned)


@admin.register(ConsensusRule)
class ConsensusRuleAdmin(ServiceAdmin):
    form = RuleForm
    list_display = ("run", "votes_needed", "share_needed", "blind", "created_by", "created_at")
    list_select_related = ("run", "created_by")


class GoldStandardForm(ServiceForm):
    class Meta:
        model = GoldStandard
        fields = ("candidate", "verdict", "seen_class", "z", "origin")

    def serve(self, cleaned: dict[str, Any]) -> GoldStandard:
        candidate = cleaned.pop("candidate")
        return gold_standard_set(candidate_id=candidate.pk, user=self.user, **cleaned)


@admin.register(GoldStandard)
class GoldStandardAdmin(ServiceAdmin):
    form = GoldStandardForm
    raw_id_fields = ("candidate",)
    list_display = ("candidate", "verdict", "seen_class", "z", "origin", "set_by", "created_at")
    list_select_related = ("candidate", "set_by")


@admin.register(Vote)
class VoteAdmin(HistoryAdmin):
    list_display = ("candidate", "inspector", "verdict", "seen_class", "z", "created_at", "replaced_at")
    list_filter = ("verdict", "inspector__simulated")
    list_select_related = ("candidate", "inspector__user")


@admin.register(Adjudication)
class AdjudicationAdmin(HistoryAdmin):
    list_display = ("candidate", "resolver", "verdict", "seen_class", "z", "created_at", "replaced_at")
    list_filter = ("verdict",)
    list_select_related = ("candidate", "resolver")


@admin.register(Inspector)
class InspectorAdmin(HistoryAdmin):
    list_display = ("user", "simulated", "miss_rate", "false_rate")
    list_filter = ("simulated",)
    list_select_related = ("user",)

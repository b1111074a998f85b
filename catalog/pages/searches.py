"""Searches that an account keeps under names. Everybody has the address itself, which says the same."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from catalog.models import SavedSearch
from catalog.tables import TABLES


class SearchForm(forms.ModelForm):
    """A name, and the list that it stands for. The name must be new to the account."""

    class Meta:
        model = SavedSearch
        fields = ["name", "table", "query"]

    def clean_table(self) -> str:
        table = str(self.cleaned_data["table"])
        if table not in TABLES:
            raise forms.ValidationError(f"There is no list {table}.")
        return table

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        namesakes = SavedSearch.objects.filter(user=self.instance.user, name=name).exclude(
            pk=self.instance.pk
        )
        if namesakes.exists():
            raise forms.ValidationError(f"You have a search named “{name}” already: choose another name.")
        return name


class RenameForm(SearchForm):
    class Meta(SearchForm.Meta):
        fields = ["name"]

    clean_table = None  # type: ignore[assignment]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def searches(request: HttpRequest) -> HttpResponse:
    """The account's searches; a POST saves one."""
    form = None
    if request.method == "POST":
        form = SearchForm(request.POST, instance=SavedSearch(user=_user(request)))
        if form.is_valid():
            saved = form.save()
            messages.success(request, f"Saved as “{saved.name}”.")
            return HttpResponseRedirect(saved.url)
    return _page(request, form)


@require_POST
@login_required
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a search of the account another name."""
    search = get_object_or_404(SavedSearch, pk=pk, user=_user(request))
    form = RenameForm(request.POST, instance=search)
    if form.is_valid():
        form.save()
        return redirect("searches")
    return _page(request, form)


@require_POST
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a search of the account."""
    search = get_object_or_404(SavedSearch, pk=pk, user=_user(request))
    search.delete()
    messages.success(request, f"“{search.name}” is deleted.")
    return redirect("searches")


def _user(request: HttpRequest) -> Any:
    return request.user


def _page(request: HttpRequest, form: SearchForm | None) -> HttpResponse:
    saved = [
        (search, TABLES[search.table].title)
        for search in SavedSearch.objects.filter(user=_user(request))
        if search.table in TABLES
    ]
    context = {"searches": saved, "form": form}
    return render(request, "catalog/searches.html", context, status=400 if form else 200)

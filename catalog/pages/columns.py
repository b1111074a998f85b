"""Which columns a list shows: as its address says, else as the account last chose, else the table's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog.columns import Column
from catalog.models import ColumnChoice
from catalog.tables import ALL, TABLES, Table

from .filters import without

OWN = "default"
"""What ``columns`` says for the table's own, whatever the account has chosen."""


def columns_shown(table: Table, params: QueryDict, user: Any) -> tuple[list[Column], str]:
    """The columns to show, and what is wrong with those asked for."""
    own = [table.column(name) for name in table.shown]
    asked = params.get("columns", "")
    if asked == OWN:
        return own, ""
    if asked:
        try:
            return list(table.chosen(asked)), ""
        except KeyError as error:
            return own, f"columns: {error.args[0]}."
    if user.is_authenticated:
        choice = ColumnChoice.objects.filter(user=user, table=table.name).first()
        if choice is not None:
            try:
                return list(table.chosen(choice.columns)), ""
            except KeyError:
                return own, ""  # a column of an earlier version; what was chosen then cannot be shown
    return own, ""


@dataclass(frozen=True)
class Chooser:
    """What the form that chooses columns shows."""

    table: Table
    shown: tuple[Column, ...]
    params: QueryDict

    @property
    def columns(self) -> list[tuple[Column, bool]]:
        """Every column and whether it is shown: the shown ones first, in their order."""
        rest = [column for column in self.table.columns if column not in self.shown]
        return [(column, True) for column in self.shown] + [(column, False) for column in rest]

    @property
    def query(self) -> str:
        """The state of the list that the form goes back to."""
        return without(self.params, "after", "before", "columns").removeprefix("?")

    @property
    def everything(self) -> str:
        return without(self.params, "after", "before", columns=ALL)

    @property
    def own(self) -> str:
        return without(self.params, "after", "before", columns=OWN)


@require_http_methods(["GET", "HEAD", "POST"])
def choose_columns(request: HttpRequest, table: str) -> HttpResponse:
    """Go to the list with the columns that a form names; a POST of an account is remembered."""
    if table not in TABLES:
        raise Http404(f"There is no list {table}.")
    sent = request.POST if request.method == "POST" else request.GET
    known = {column.name for column in TABLES[table].columns}
    names = [name for name in dict.fromkeys(sent.getlist("column")) if name in known]
    chosen = ",".join(names) or OWN
    if request.method == "POST" and request.user.is_authenticated:
        if names:
            ColumnChoice.objects.update_or_create(
                user=request.user, table=table, defaults={"columns": chosen}
            )
        else:
            ColumnChoice.objects.filter(user=request.user, table=table).delete()
    query = QueryDict(sent.get("query", ""), mutable=True)
    query["columns"] = chosen
    return HttpResponseRedirect(f"{reverse(table)}?{query.urlencode(safe=',')}")

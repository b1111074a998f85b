"""Rows without what only their columns need: to be counted, summed up, or read by id."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.sql.constants import LOUTER
from django.db.models.sql.datastructures import Join


def lean(rows: QuerySet[Any], *paths: str) -> QuerySet[Any]:
    """The same rows, with those annotations alone that ``paths`` name, and without idle joins.

    Django leaves annotations out of a count, but keeps the tables that were joined for them, and PostgreSQL
    must then read those. A join is left out where neither a filter nor a kept annotation reads its table and
    it leads from each row to at most one other: from any row to exactly one, or to one or none as an outer
    join. What is filtered or summed up afterwards joins anew.
    """
    rows = rows.all()
    query: Any = rows.query
    query.set_annotation_mask(set(paths) & set(query.annotations))
    read = query._gen_cols([query.where, *query.annotation_select.values()], include_external=True)
    joins = {alias: join for alias, join in query.alias_map.items() if isinstance(join, Join)}
    needed = {column.alias for column in read} | {a for a, join in joins.items() if not _leads_to_one(join)}
    for alias in list(needed):
        while alias in joins:
            alias = joins[alias].parent_alias
            needed.add(alias)
    for alias in joins.keys() - needed:
        query.alias_refcount[alias] = 0
    return rows


def _leads_to_one(join: Join) -> bool:
    """Whether rows stay the same, each once, without the join."""
    field: Any = join.join_field
    one = bool(field.many_to_one or field.one_to_one)
    return one and (join.join_type == LOUTER or not join.nullable)

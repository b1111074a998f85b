"""The keys of inspection beside what they do."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import format_html

from catalog.inspection.keys import Key

register = template.Library()


@register.simple_tag
def key(action: str, value: object, keys: Iterable[Key] | None) -> str:
    """The key of an action (with a value: ``verdict:keep``) on this page; nothing where there is none."""
    name = f"{action}:{value}" if value not in ("", None) else action
    for one in keys or ():
        if one.action == name:
            return format_html('<kbd class="scripted" data-key="{}">{}</kbd>', one.action, one.name)
    return ""

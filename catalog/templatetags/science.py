"""Numbers in templates as the field writes them."""

from __future__ import annotations

from django import template

from catalog.inspection import reasons
from catalog.models import HIIRegion, Run, Spectrum
from catalog.pages.cells import MISSING, number, region_url, spectrum_url, with_error

register = template.Library()


@register.filter
def fixed(value: float | None, decimals: int) -> str:
    """A number with fixed decimals; a dash for None."""
    return number(value, decimals)


@register.filter
def short(value: float | None) -> str:
    """A number with up to six digits; a dash for None."""
    return number(value)


@register.filter
def give_or_take(value: float | None, error: float | None) -> str:
    """A value ± its error, to the error's second digit."""
    return with_error(value, error)


@register.filter
def or_dash(value: object) -> object:
    """The value, or a dash where it is missing. 0 is a value."""
    return MISSING if value is None or value == "" else value


@register.filter
def vote_reasons(bits: int) -> str:
    """The reasons of a vote in words."""
    return "; ".join(reasons.decode(bits))


@register.simple_tag
def spectrum_address(spectrum: Spectrum, run: Run | None = None) -> str:
    """The page of exactly this spectrum, under a pinned run where one is given."""
    return spectrum_url(spectrum, run=run)


@register.simple_tag
def region_address(region: HIIRegion, run: Run | None = None) -> str:
    """The page of exactly this H II region, under a pinned run where one is given."""
    return region_url(region, run=run)

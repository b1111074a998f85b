"""Kinds of parts of an address."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class SpectrumName(StringConverter):
    """A file name; a null character, which PostgreSQL does not hold, is never part of one."""

    regex = r"[^/\0]+"


register_converter(SpectrumName, "spectrum_name")

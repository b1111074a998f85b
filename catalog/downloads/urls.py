"""Addresses of the downloads."""

from django.urls import path

from catalog import converters  # noqa: F401 - registers the kinds of addresses

from . import views

urlpatterns = [
    path("<slug:table>/download.<slug:suffix>", views.download, name="download"),
    path("<slug:table>/spectra.tar", views.spectra_archive, name="spectra-archive"),
    path("spectra/<spectrum_name:name>/file", views.original, name="spectrum-file"),
]

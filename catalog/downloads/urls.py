"""Addresses of the downloads."""

from django.urls import path

from . import views

urlpatterns = [
    path("<slug:table>/download.<slug:suffix>", views.download, name="download"),
    path("spectra/<str:name>/file", views.original, name="spectrum-file"),
]

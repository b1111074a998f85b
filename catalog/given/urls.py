"""Addresses of lists that readers give."""

from django.urls import path

from . import pages

urlpatterns = [
    path("lists/", pages.give, name="give-list"),
    path("lists/<slug:token>/", pages.given_list, name="given-list"),
]

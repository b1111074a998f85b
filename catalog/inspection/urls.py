"""Addresses of inspection."""

from django.urls import path

from . import pages

urlpatterns = [
    path("inspect/", pages.inspect_next, name="inspect"),
    path("inspect/<int:pk>/", pages.inspect_candidate, name="inspect-candidate"),
    path("conflicts/", pages.conflicts, name="conflicts"),
    path("inspection/", pages.inspection, name="inspection"),
    path("inspection/chain.csv", pages.chain_csv, name="inspection-chain"),
]

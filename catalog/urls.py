"""Addresses of the catalogue's pages."""

from django.urls import include, path

from .pages import home, lists

urlpatterns = [
    path("", home.home, name="home"),
    path("robots.txt", home.robots, name="robots"),
    *(path(f"{name}/", lists.table_list, {"table": name}, name=name) for name in lists.TABLES),
    path("", include("catalog.downloads.urls")),
    path("refusals/", lists.refusal_list, name="refusals"),
]

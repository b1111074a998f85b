"""Addresses of published catalogues."""

from django.urls import path

from . import pages

urlpatterns = [
    path("catalogues/", pages.catalogue_list, name="catalogues"),
    path("catalogues/<int:number>/", pages.catalogue_detail, name="catalogue"),
    path("catalogues/<int:number>/SHA256SUMS", pages.catalogue_checksums, name="catalogue-checksums"),
    path("catalogues/<int:number>/<slug:name>.<slug:ext>", pages.catalogue_file, name="catalogue-file"),
    path("catalogues/<int:before>/compare/<int:after>/", pages.compare, name="catalogue-compare"),
    path(
        "catalogues/<int:number>/<slug:table>/spectra.tar", pages.catalogue_spectra, name="catalogue-spectra"
    ),
    path(
        "catalogues/<int:before>/compare/<int:after>/differences.csv",
        pages.differences,
        name="catalogue-differences",
    ),
]

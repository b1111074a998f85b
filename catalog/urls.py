"""Addresses of the catalogue's pages."""

from django.urls import include, path

from . import converters  # noqa: F401 - registers the kinds of addresses
from .pages import (
    figures,
    home,
    how_it_works,
    lists,
    lookups,
    pipeline,
    populations,
    regions,
    sky,
    spectrum,
    spectrum_figure,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("robots.txt", home.robots, name="robots"),
    path("lookups/", lookups.lookups, name="lookups"),
    *(path(f"{name}/", lists.table_list, {"table": name}, name=name) for name in lists.TABLES),
    path("spectra/<spectrum_name:name>/", spectrum.spectrum_page, name="spectrum"),
    path("spectra/<spectrum_name:name>/figure.json", spectrum_figure.figure, name="spectrum-figure"),
    path("spectra/<spectrum_name:name>/distance.json", spectrum_figure.distance, name="spectrum-distance"),
    path("spectra/<spectrum_name:name>/sky/", sky.sky, name="spectrum-sky"),
    path(
        "spectra/<spectrum_name:name>/over/<slug:release>/<spectrum_name:other>.json",
        spectrum_figure.over,
        name="spectrum-over",
    ),
    path("regions/<str:name>/", regions.region_page, name="region"),
    path("regions/<str:name>/figure.json", regions.figure, name="region-figure"),
    path("bpt/", figures.figure_page, {"slug": "bpt"}, name="bpt"),
    path("pipeline/", pipeline.pipeline, name="pipeline"),
    path("how-it-works/", how_it_works.how_it_works, name="how-it-works"),
    path("how-it-works/<slug:name>.json", how_it_works.plot, name="how-it-works-json"),
    path("populations/", populations.populations, name="populations"),
    path("populations/plot.json", populations.plot, name="populations-plot"),
    path("populations/regions.json", populations.regions, name="populations-regions"),
    path("populations/inspect/", populations.inspect, name="populations-inspect"),
    path("populations/selection/", populations.selection, name="populations-selection"),
    path("figures/", figures.gallery, name="figures"),
    path("figures/<slug:slug>/", figures.figure_page, name="figure"),
    path("figures/<slug:slug>/figure.json", figures.figure_json, name="figure-json"),
    path("figures/<slug:slug>/data.csv", figures.figure_data, name="figure-data"),
    path("", include("catalog.given.urls")),
    path("", include("catalog.inspection.urls")),
    path("", include("catalog.publishing.urls")),
    path("", include("catalog.downloads.urls")),
]

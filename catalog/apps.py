"""The objects: surveys, spectra, runs, candidates, catalogues."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from .inspection.groups import groups_make

        post_migrate.connect(groups_make, sender=self)

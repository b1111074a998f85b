from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        # Tasks are sent through this application, also from the web and from commands.
        from portal.celery import app

        app.set_default()

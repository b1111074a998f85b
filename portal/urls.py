"""Where each part's addresses are joined."""

from django.contrib import admin
from django.urls import include, path

from portal.health import health

urlpatterns = [
    path("health/", health, name="health"),
    path("admin/", admin.site.urls),
    path("", include("catalog.urls")),
    path("", include("tasks.urls")),
]

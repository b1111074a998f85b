"""The web server's entry."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
os.environ.setdefault("DATABASE_POOL", "1")  # threads share connections here, and only here

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

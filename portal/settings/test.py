"""The test suite: servers of its own, started by ``tests.services_plugin`` before this is read."""

from portal.settings.base import *

SECRET_KEY = "only-for-tests"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# What pages keep for a while would outlive the rows of a test.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

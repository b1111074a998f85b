"""Behind a proxy that speaks TLS: secrets from the environment, static files collected into the image."""

from portal.settings.base import *

SECRET_KEY = env.required("SECRET_KEY")
ALLOWED_HOSTS = [*env.names("ALLOWED_HOSTS"), "127.0.0.1"]  # the container asks itself for its health
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
STATIC_ROOT = BASE_DIR / "var" / "static"  # collected when the image is built

PROXIES = env.number("PROXIES", 1)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
_https = env.flag("HTTPS", True)
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31536000 if _https else 0

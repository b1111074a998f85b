"""What every way of running has in common. Values that differ come from the environment."""

from __future__ import annotations

import tomllib
from pathlib import Path

from csp.constants import NONE, SELF

from portal.services.datadir import DataDir
from portal.services.session import known_urls
from portal.settings import env

BASE_DIR = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
env.text("DATA_DIR")  # read by DataDir; named here so that the list of variables is whole
DATA = DataDir.from_environment()
DATA_DIR = DATA.root
for variable in ("DATABASE_URL", "REDIS_URL"):
    env.text(variable)  # read by known_urls
DATABASE_URL, REDIS_URL = known_urls(DATA)

DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "portal",
    "tasks",
    "catalog",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_filters",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "catalog.pages.context.portal",
            ],
        },
    },
]

# To compile a query takes longer than ours take. The memory lets sets of sources be looked up as hashes.
_database = env.database(DATABASE_URL)
_database["OPTIONS"] = {"options": "-c jit=off -c work_mem=32MB"}
# The pool serves the web's threads only: in a worker Celery closes it at every task.
if env.flag("DATABASE_POOL"):
    _database["OPTIONS"]["pool"] = {"min_size": 2, "max_size": 16, "timeout": 10}
else:
    _database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"

LANGUAGE_CODE = "en-gb"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
# Names that tell a version or a hash: such files never change, and browsers keep what they compiled of them.
WHITENOISE_IMMUTABLE_FILE_TEST = r"(/vendor/[^/]*-\d+\.\d+\.\d+\.|\.[0-9a-f]{12}\.)[^/]*$"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA.media},
    },
    # The original spectrum files: never changed, served as they came.
    "spectra": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA.media},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = DATA.media
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# Nothing from a third party, no inline script, no eval. Plotly writes style attributes and draws to blobs.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# Rows are the truth and messages only wake workers up, so a message may come late, twice or never.
CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:6379/0"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 8
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A killed worker's message comes back when it is this old, looked for every second: tasks work in slices that
# end well before (kombu would otherwise look every 100 s).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_TIMEZONE = TIME_ZONE
# A sweep that waited longer than the next one is void: a worker that comes back finds one, not hundreds.
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "tasks.sweep.sweep", "schedule": 3.0, "options": {"expires": 3}}}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA.run / "celerybeat-schedule")

WORKERS = env.number("WORKERS", 2)
"""Children of the Celery worker; each does its linear algebra on one thread."""
RETRIEVAL_THREADS = env.number("RETRIEVAL_THREADS", 1)
"""Threads on which one child trains, encodes and searches."""

# Searches with a spectrum of one's own, which need no account.
KIN_MEMORY_MB = env.number("KIN_MEMORY_MB", 512)
"""Codebooks and codes that one web process keeps for them."""
KIN_AT_ONCE = env.number("KIN_AT_ONCE", 2)
"""Searches of one web process at a time; further ones are asked to come again."""
KIN_PER_MINUTE = env.number("KIN_PER_MINUTE", 20)
"""Searches of one network address a minute."""
KIN_UPLOAD_MB = env.number("KIN_UPLOAD_MB", 16)
KIN_KEPT_DAYS = env.number("KIN_KEPT_DAYS", 30)
"""Days for which a spectrum is kept where its sender asks for that."""
PROXIES = env.number("PROXIES", 0)
"""Proxies in front that are trusted to add the visitor's address to X-Forwarded-For."""

# Where counterparts are asked for. All may point elsewhere: a mirror, or a service played on this machine.
SDSS_RELEASE = env.text("SDSS_RELEASE", "DR17")
COUNTERPART_URLS = {
    "simbad": env.text("SIMBAD_TAP_URL", "https://simbad.cds.unistra.fr/simbad/sim-tap"),
    "xmatch": env.text("XMATCH_URL", "http://cdsxmatch.u-strasbg.fr/xmatch/api/v1/sync"),
    "vizier": env.text("VIZIER_TAP_URL", "https://tapvizier.cds.unistra.fr/TAPVizieR/tap"),
    "ned": env.text("NED_TAP_URL", "https://ned.ipac.caltech.edu/tap"),
    "sdss": env.text(
        "SDSS_CROSSID_URL",
        f"https://skyserver.sdss.org/{SDSS_RELEASE.lower()}/en/tools/search/X_Results.aspx",
    ),
}
COUNTERPART_PATIENCE = (90.0, 3, 2.0)
"""Seconds that one attempt may take in all, attempts, seconds of the first pause between two."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    # A line for every message sent, received and done says nothing that the jobs' own log does not.
    "loggers": {
        name: {"level": "WARNING"} for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace")
    },
}

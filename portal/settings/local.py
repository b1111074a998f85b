"""``make run``: one machine, embedded services, production's strictness without its certificates."""

import secrets

from portal.services.datadir import write_private
from portal.settings.base import *

DATA.create()
_secret = DATA.run / "secret"
if not env.text("SECRET_KEY") and not _secret.exists():
    write_private(_secret, secrets.token_urlsafe(50))
SECRET_KEY = env.text("SECRET_KEY") or _secret.read_text()

WHITENOISE_USE_FINDERS = True  # serve static files from where they are written, without collecting them

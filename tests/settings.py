"""The settings, but with static files straight from their sources and cheap passwords."""

import os

# Each of several test processes has its own database in Redis, as pytest-django gives each its own
# in PostgreSQL.
if process := os.environ.get("PYTEST_XDIST_WORKER"):
    own_database = f"?db={1 + int(process.removeprefix('gw'))}"
    os.environ["REDIS_URL"] = os.environ.get("REDIS_URL", "").replace("?db=0", own_database)

from config.settings import *  # noqa: F403

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Nothing was collected: WhiteNoise finds files where they lie instead.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# A tenth of a second per log-in is right for attackers and wrong for thousands of tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# On a busy machine 0.2 s may pass before Redis has had its turn; tests of being late set their own.
MATRIX_CACHE_TIMEOUT_SECONDS = 10.0

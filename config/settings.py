"""Django settings. Everything that differs between machines comes from the environment."""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# Empty values are refused by Django at first use, so the offline commands, which need neither a
# secret nor a database, run with no environment at all.
SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Set by ./dev: plain http on loopback, a demo log-in, services without passwords.
EMBEDDED_SERVICES = env.bool("KEEL_EMBEDDED_SERVICES", default=False)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "outbox",
    "funds",
    "scenarios",
    "optimization",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {"default": {"ENGINE": "django.db.backends.dummy"}}
if env.str("DATABASE_URL", default=""):
    DATABASES["default"] = env.db_url("DATABASE_URL")
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {
            "connect_timeout": 5,
            "options": "-c statement_timeout=30s -c lock_timeout=10s"
            " -c idle_in_transaction_session_timeout=60s",
        }
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "funds.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "optimization:sessions"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Security
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
SECURE_SSL_REDIRECT = not EMBEDDED_SERVICES
SECURE_HSTS_SECONDS = 0 if EMBEDDED_SERVICES else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not EMBEDDED_SERVICES
SESSION_COOKIE_NAME = "keel_session" if EMBEDDED_SERVICES else "__Host-keel_session"
CSRF_COOKIE_NAME = "keel_csrf" if EMBEDDED_SERVICES else "__Host-keel_csrf"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Views of the API say themselves what they read, write and accept as proof of identity.
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None}
SPECTACULAR_SETTINGS = {
    "TITLE": "Keel",
    "DESCRIPTION": "Portfolio construction for venture funds.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Celery: state lives in PostgreSQL, Redis is only a doorbell. docs/operations.md says why
# acknowledgement is early and why nothing is retried by Celery itself.
REDIS_URL = env.str("REDIS_URL", default="")
# Nothing in its place: Celery would take an empty address for that of an AMQP server.
CELERY_BROKER_URL = REDIS_URL or "redis-url-is-not-set://"
if REDIS_URL.startswith("unix://"):
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
        "?db=", "?virtual_host=", 1
    )
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PROTOCOL = 2
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 5
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    # Each retry of a hanging broker would block the drainer for another timeout.
    "retry_on_timeout": False,
    "global_keyprefix": "keel:celery:",
    "max_retries": 2,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 50
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 700_000
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_SEND_SENT_EVENT = False
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 15
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_CREATE_MISSING_QUEUES = False
# Without a key of its own a queue gets the default one, and then every queue every message.
CELERY_TASK_QUEUES = [
    Queue(name, routing_key=name)
    for name in ("control", "matrix", "optimize", "ranges", "validate")
]
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULE = {
    # Entries expire, so that a stopped control worker finds no pile of old ticks.
    "drain": {"task": "outbox.drain", "schedule": 1.0, "options": {"expires": 2}},
    "reap": {"task": "outbox.reap", "schedule": 5.0, "options": {"expires": 5}},
    "reconcile": {"task": "outbox.reconcile", "schedule": 30.0, "options": {"expires": 30}},
    "prune": {"task": "outbox.prune", "schedule": 3600.0, "options": {"expires": 600}},
    "evict": {"task": "scenarios.evict_unused", "schedule": 3600.0, "options": {"expires": 600}},
    "forget": {
        "task": "optimization.prune_ranges",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
}

# Outbox: what runs each kind of job, and who is told when the job can never finish.
OUTBOX_JOB_KINDS = {
    "matrix_generation": {
        "task": "scenarios.generate_matrix",
        "queue": "matrix",
        "failed": "optimization.ranges.matrix_events.matrix_failed",
    },
    "matrix_for_ranges": {
        "task": "scenarios.generate_matrix",
        "queue": "ranges",
        "failed": "optimization.ranges.matrix_events.matrix_for_ranges_failed",
    },
    "optimization": {
        "task": "optimization.optimize",
        "queue": "optimize",
        "failed": "optimization.lifecycle.fail_session_of_job",
    },
    "frontier_segment": {
        "task": "optimization.trace_frontier_segment",
        "queue": "optimize",
        "failed": "optimization.frontier.split.fail_session_of_segment",
    },
    "frontier_merge": {
        "task": "optimization.merge_frontier",
        "queue": "optimize",
        "failed": "optimization.lifecycle.fail_session_of_job",
    },
    "attainable_ranges": {
        "task": "optimization.answer_ranges",
        "queue": "ranges",
        "failed": "optimization.ranges.asking.fail_question_of_job",
    },
    "validation": {
        "task": "optimization.validate",
        "queue": "validate",
        "failed": "optimization.lifecycle.fail_session_of_job",
    },
    "validation_chunk": {
        "task": "optimization.validate_chunk",
        "queue": "validate",
        "failed": "optimization.validation.split.fail_session_of_chunk",
    },
    "validation_merge": {
        "task": "optimization.merge_validation",
        "queue": "validate",
        "failed": "optimization.lifecycle.fail_session_of_job",
    },
}
OUTBOX_RECONCILERS = [
    "optimization.lifecycle.reconcile_sessions",
    "optimization.ranges.asking.reconcile_questions",
]
OUTBOX_LEASE_SECONDS = env.float("OUTBOX_LEASE_SECONDS", default=60.0)
OUTBOX_ENQUEUE_LEASE_SECONDS = env.float("OUTBOX_ENQUEUE_LEASE_SECONDS", default=30.0)
OUTBOX_DISPATCH_WINDOW = env.int("OUTBOX_DISPATCH_WINDOW", default=8)
# A queue with workers of its own has a window of its own: were it shared, jobs that wait for other
# workers could fill it, and those workers would get nothing to do.
OUTBOX_OWN_WINDOWS = {"ranges": env.int("OUTBOX_RANGES_WINDOW", default=4)}
OUTBOX_JOB_DEADLINE_SECONDS = 900

# A validation of more scenarios than this is split into chunks that any worker may take.
VALIDATION_SPLIT_ABOVE = env.int("VALIDATION_SPLIT_ABOVE", default=2_000_000)
VALIDATION_CHUNK_SCENARIOS = env.int("VALIDATION_CHUNK_SCENARIOS", default=500_000)

MATRIX_READY = "optimization.ranges.matrix_events.matrix_is_ready"
MATRIX_IS_NEEDED = "optimization.ranges.matrix_events.matrix_is_needed"
# A matrix that nothing needs is evicted when it was not read for so long.
MATRIX_RETENTION_DAYS = env.float("MATRIX_RETENTION_DAYS", default=30.0)
MATRIX_CACHE_TTL_SECONDS = 24 * 3600
# What one read of a matrix waits for Redis at most, and how long it then leaves Redis alone.
MATRIX_CACHE_TIMEOUT_SECONDS = 0.2
MATRIX_CACHE_PAUSE_SECONDS = 5.0

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}

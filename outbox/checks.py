"""Refuses a deployment whose jobs nobody would hear of."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def redis_is_named(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """The commands that need no database need no Redis either."""
    has_database = not settings.DATABASES["default"]["ENGINE"].endswith(".dummy")
    if settings.REDIS_URL or not has_database:
        return []
    return [
        Error(
            "DATABASE_URL is set and REDIS_URL is not, so no worker would hear of any job.",
            hint="Set REDIS_URL, for example to redis://localhost/0.",
            id="outbox.E001",
        )
    ]

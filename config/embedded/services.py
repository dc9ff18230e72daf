"""PostgreSQL and Redis together: the caller's own if named in the environment, else embedded."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .file_locks import SharedUse, exclusive
from .instance import Instance
from .postgres import Postgres, environment_without_postgres_settings
from .redis_server import Redis
from .refusal import say


@dataclass(frozen=True, slots=True)
class Services:
    """What a command needs to reach the two; `postgres` and `redis` are None if not embedded."""

    database_url: str
    redis_url: str
    secret_key: str
    postgres: Postgres | None
    redis: Redis | None

    def environment(self) -> dict[str, str]:
        """Return the environment of every process of Keel that `./dev` starts."""
        base = environment_without_postgres_settings() if self.postgres else dict(os.environ)
        return base | {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": self.secret_key,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "KEEL_EMBEDDED_SERVICES": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }


@contextmanager
def running_services(instance: Instance, *, throwaway: bool = False) -> Iterator[Services]:
    """Start or adopt what is needed; stop it again when the last run that uses it leaves."""
    postgres = None if os.environ.get("DATABASE_URL") else Postgres(instance, throwaway=throwaway)
    redis = None if os.environ.get("REDIS_URL") else Redis(instance)
    users = SharedUse(instance.users)
    users.enter()
    try:
        with exclusive(instance.changing):
            _start(postgres, redis)
        yield Services(
            database_url=postgres.url if postgres else os.environ["DATABASE_URL"],
            redis_url=redis.url if redis else os.environ["REDIS_URL"],
            secret_key=os.environ.get("SECRET_KEY") or instance.secret_key(),
            postgres=postgres,
            redis=redis,
        )
    finally:
        _leave(instance, users, postgres, redis)


def restart_dead_servers(instance: Instance, services: Services) -> None:
    """Start a server again that died, unless another run has already done so."""
    for server in (services.postgres, services.redis):
        if server is not None and not server.is_running():
            say(f"{server.description} died; starting it again")
            with exclusive(instance.changing):
                server.begin_start()
                server.finish_start()


def _start(postgres: Postgres | None, redis: Redis | None) -> None:
    started = time.monotonic()
    servers = [server for server in (postgres, redis) if server is not None]
    for server in servers:
        server.begin_start()
    for server in servers:
        server.finish_start()
        say(f"{server.description} answers after {time.monotonic() - started:.1f} s")


def _leave(
    instance: Instance, users: SharedUse, postgres: Postgres | None, redis: Redis | None
) -> None:
    with exclusive(instance.changing, cleaning_up=True):
        if users.is_last():
            for server in (redis, postgres):
                if server is not None:
                    server.stop()
        else:
            say("another ./dev still uses PostgreSQL and Redis: leaving them running")
        users.leave()

"""Gives a user a token for the REST API; the only moment at which it can be read."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from knox.models import AuthToken

from funds.models import User

LONGEST_DAYS = 366


class Command(BaseCommand):
    help = "Print a new API token of a user. Only a digest of it is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--days", type=int, default=90, help=f"how long it lasts, at most {LONGEST_DAYS}"
        )

    def handle(self, *, username: str, days: int, **options: Any) -> None:
        if not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days is {days}, must be from 1 to {LONGEST_DAYS}")
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active user {username!r}")
        stored, token = AuthToken.objects.create(user=user, expiry=timedelta(days=days))
        self.stderr.write(f"Expires on {stored.expiry:%Y-%m-%d}; to revoke it, delete it in admin.")
        self.stdout.write(token)

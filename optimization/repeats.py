"""Keeps work that arrives twice from being done twice: one by one, and with a memory of a day."""

from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from funds.models import User
from optimization.models import IdempotentResponse

KEPT_FOR = timedelta(hours=24)


def pass_one_by_one(*, user: User, key: str) -> None:
    """Let requests with this key pass one after the other until the end of the transaction.

    The unique constraint alone would let each do the work before all but one fail.
    """
    lock = f"idempotency:{user.pk}:{key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])


def forget_old_answers(user: User) -> None:
    """Delete the user's answers that are too old, passing over those that another deletes."""
    old = (
        IdempotentResponse.objects.filter(user=user, created_at__lt=Now() - KEPT_FOR)
        .order_by("pk")
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)
    )
    IdempotentResponse.objects.filter(pk__in=list(old)).delete()

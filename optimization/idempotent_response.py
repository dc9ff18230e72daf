"""Answers kept for requests that arrive again."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from funds.models import User


class IdempotentResponse(models.Model):
    """How a request with an Idempotency-Key was answered, kept so that a repeat gets the same.

    Written in the transaction that does the work: either both are there or neither.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    # Method and path; a key belongs to one address.
    target = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=200)
    # The JSON text itself: a jsonb column would put the names into another order.
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "optimization_idempotent_response"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_response_per_user_and_key"),
            models.CheckConstraint(
                condition=Q(status__gte=200, status__lt=300),
                name="only_success_is_kept_for_repeats",
            ),
        ]
        indexes = [
            # The answers of a user that are old enough to be forgotten.
            models.Index(fields=["user", "created_at"], name="idempotent_response_age"),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.key} of user {self.user_id}"

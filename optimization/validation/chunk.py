"""A long validation's ranges of scenarios: one row each, from the split until they are merged."""

import uuid
from typing import Any

import psycopg
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.db.models.lookups import LessThanOrEqual

from optimization.validation.payload import MOST_PAYLOAD_BYTES, EncodedPart
from scenarios.models import StatusChanged


class ValidationChunkQuerySet(models.QuerySet["ValidationChunk"]):
    def waiting(self) -> "ValidationChunkQuerySet":
        return self.filter(status=ValidationChunk.Status.WAITING)

    def done(self) -> "ValidationChunkQuerySet":
        return self.filter(status=ValidationChunk.Status.DONE)

    def scenarios(self) -> int:
        """Scenarios of all the chunks of this queryset."""
        total: dict[str, Any] = self.aggregate(total=models.Sum("scenarios", default=0))
        return int(total["total"])


class ValidationChunk(models.Model):
    """The scenarios ``first_scenario`` to ``first_scenario + scenarios - 1`` of one session.

    Whoever writes chunks has locked the session first. They are deleted when the session ends.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        "optimization.OptimizationSession",
        on_delete=models.CASCADE,
        related_name="validation_chunks",
    )
    first_scenario = models.PositiveIntegerField()
    scenarios = models.PositiveIntegerField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.WAITING)

    # optimization.validation.payload.EncodedPart
    payload = models.BinaryField(null=True)
    layout = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    buckets = models.PositiveSmallIntegerField(null=True)
    # How often what was stored turned out to be damaged, and the chunk was simulated again.
    damages = models.PositiveSmallIntegerField(default=0, db_default=0)

    created_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    objects = ValidationChunkQuerySet.as_manager()

    class Meta:
        db_table = "optimization_validation_chunk"
        constraints = [
            models.UniqueConstraint(
                fields=["session", "first_scenario"], name="one_validation_chunk_per_range"
            ),
            models.CheckConstraint(
                condition=Q(scenarios__gte=1), name="validation_chunks_have_scenarios"
            ),
            models.CheckConstraint(
                condition=Q(
                    status="done",
                    payload__isnull=False,
                    buckets__isnull=False,
                    done_at__isnull=False,
                    sha256__regex=r"^[0-9a-f]{64}$",
                )
                | Q(
                    status="waiting",
                    payload__isnull=True,
                    buckets__isnull=True,
                    done_at__isnull=True,
                    sha256="",
                ),
                name="exactly_done_validation_chunks_have_a_payload",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.Func(
                        "payload",
                        function="octet_length",
                        output_field=models.IntegerField(),
                    ),
                    MOST_PAYLOAD_BYTES,
                ),
                name="validation_chunk_payloads_are_bounded",
            ),
        ]

    def __str__(self) -> str:
        last = self.first_scenario + self.scenarios - 1
        return f"scenarios {self.first_scenario} to {last} of {self.session_id} ({self.status})"

    def encoded(self) -> EncodedPart:
        """The stored bytes with what is needed to check them."""
        return EncodedPart(
            payload=bytes(self.payload or b""),
            layout=self.layout,
            sha256=self.sha256,
            first_scenario=self.first_scenario,
            scenarios=self.scenarios,
            buckets=self.buckets or 0,
        )

    def complete(self, encoded: EncodedPart) -> None:
        """:raises StatusChanged: another worker has done this chunk, or its session has ended"""
        connection.ensure_connection()
        # Django would write the bytes as hexadecimal digits into the statement, which takes the
        # server five times as long to read.
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(
                """
                UPDATE optimization_validation_chunk
                SET status = 'done', payload = %(payload)b, layout = %(layout)s,
                    sha256 = %(sha256)s, buckets = %(buckets)s, done_at = now()
                WHERE id = %(id)s AND status = 'waiting'
                """,
                {
                    "id": self.pk,
                    "payload": encoded.payload,
                    "layout": encoded.layout,
                    "sha256": encoded.sha256,
                    "buckets": encoded.buckets,
                },
            )
            if not cursor.rowcount:
                raise StatusChanged(f"{self} is no longer waiting")

    def begin_again(self) -> None:
        """Forget a payload that is damaged.

        :raises StatusChanged: another worker did so, or the session has ended
        """
        done = ValidationChunk.objects.filter(pk=self.pk, status=self.Status.DONE)
        if not done.update(
            status=self.Status.WAITING,
            payload=None,
            layout="",
            sha256="",
            buckets=None,
            done_at=None,
            damages=models.F("damages") + 1,
        ):
            raise StatusChanged(f"{self} is no longer done")

"""Scenario matrices: generated once per fund and key, kept in PostgreSQL, read many times."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from funds.models import Fund, User
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.simulation.configuration.canonical_key import KERNEL_VERSION, matrix_key
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.matrix_bytes import EncodedMatrix
from scenarios.simulation.pacing.cash_flow_bytes import EncodedCashFlows
from scenarios.simulation.randomness.sample import Sample


class StatusChanged(Exception):
    """The row no longer has the status that this change starts from; nothing was written."""


class OtherKernel(Exception):
    """The matrix was asked for under another version of the scenario law."""


@dataclass(frozen=True, slots=True)
class GeneratedMatrix:
    """What a finished generation stores."""

    encoded: EncodedMatrix
    cash_flows: EncodedCashFlows
    buckets: list[dict[str, Any]]
    variance_shares: dict[str, float]
    warnings: list[dict[str, str]]
    seconds: float


class ScenarioMatrixQuerySet(models.QuerySet["ScenarioMatrix"]):
    def for_user(self, user: User) -> "ScenarioMatrixQuerySet":
        return self.filter(fund__in=Fund.objects.for_user(user))

    def without_payload(self) -> "ScenarioMatrixQuerySet":
        return self.defer("payload")

    def locked(self) -> "ScenarioMatrixQuerySet":
        """Rows as they are once no other transaction holds them; others wait until commit."""
        return self.without_payload().select_for_update(no_key=True)

    def get_or_start(
        self, *, fund: Fund, config: ScenarioConfig, scenarios: int
    ) -> "ScenarioMatrix":
        """The fund's matrix for this config, new or restarted if need be, locked FOR SHARE.

        Must run inside a transaction. The lock is what serialises this request with the worker
        that ends the matrix: either the request sees how it ended, or the worker sees the session
        that waits for it. Requests do not wait for one another.
        """
        key = matrix_key(config=config, scenarios=scenarios, sample=Sample.OPTIMIZATION)
        new = ScenarioMatrix(
            fund=fund,
            matrix_key=key,
            config=config.canonical_json(),
            scenarios=scenarios,
            kernel_version=str(KERNEL_VERSION),
        )
        self.bulk_create([new], ignore_conflicts=True)
        rows = self.without_payload().filter(fund=fund, matrix_key=key)
        while True:
            rows.restart()
            with transaction.atomic():
                matrix = rows.locked_for_share()
                if matrix.status not in ScenarioMatrix.TO_BE_RESTARTED:
                    return matrix
                # It ended so since it was looked at. Two requests that both kept the shared lock
                # would wait for one another to start it again, so the lock is given back.
                transaction.set_rollback(True)

    def restart(self) -> int:
        """Begin the next generation of those matrices of this queryset that have no payload.

        What is known of one that was complete stays, so that its results can still be shown.
        """
        return self.filter(status__in=ScenarioMatrix.TO_BE_RESTARTED).update(
            status=ScenarioMatrix.Status.GENERATING,
            generation=F("generation") + 1,
            completed_at=None,
            failure_reason="",
        )

    def note_read(self) -> None:
        """Remember, to the hour, that the matrices of this queryset were read."""
        an_hour_ago = Now() - timedelta(hours=1)
        self.filter(Q(last_read_at=None) | Q(last_read_at__lt=an_hour_ago)).update(
            last_read_at=Now()
        )

    def locked_for_share(self) -> "ScenarioMatrix":
        """The only row of this queryset, which no worker can end before this commits."""
        pk = self.values_list("pk", flat=True).get()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM scenario_matrix WHERE id = %s FOR SHARE", [pk])
        return self.get(pk=pk)


class ScenarioMatrix(models.Model):
    """The multiples of every bucket in every optimization scenario of one canonical config.

    Unique per fund: equal configs of two funds give equal bytes, but what one fund has asked for
    must not be visible to another, not even through a faster answer.
    """

    class Status(models.TextChoices):
        GENERATING = "generating"
        COMPLETE = "complete"
        EVICTED = "evicted"  # was complete; the facts are kept, the payload is not
        FAILED = "failed"

    # A request for such a matrix begins its next generation.
    TO_BE_RESTARTED = (Status.EVICTED, Status.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="scenario_matrices")
    matrix_key = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.GENERATING)
    # Rises when the matrix is generated again; a late worker of an older one writes nothing.
    generation = models.PositiveIntegerField(default=1)
    config = models.JSONField()
    scenarios = models.PositiveIntegerField()
    kernel_version = models.CharField(max_length=20)

    payload = models.BinaryField(null=True)
    codec = models.CharField(max_length=20, blank=True)
    layout = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    # Per bucket, in row order: key, expected_multiple, deal_win_probability, ...
    buckets = models.JSONField(default=list)
    variance_shares = models.JSONField(null=True)
    # What an analyst should know before trusting the law: {"code", "message"} each.
    warnings = models.JSONField(default=list)
    generation_seconds = models.FloatField(null=True)
    failure_reason = models.CharField(max_length=4000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    completed_at = models.DateTimeField(null=True)
    # To the hour: a row written at every read would cost more than the reading.
    last_read_at = models.DateTimeField(null=True)

    objects = ScenarioMatrixQuerySet.as_manager()

    class Meta:
        db_table = "scenario_matrix"
        verbose_name_plural = "scenario matrices"
        permissions = [
            ("maintain_scenariomatrix", "Can drop copies of scenarios and generate them again")
        ]
        constraints = [
            models.UniqueConstraint(fields=["fund", "matrix_key"], name="one_matrix_per_fund_key"),
            models.CheckConstraint(
                condition=Q(
                    status="complete",
                    payload__isnull=False,
                    completed_at__isnull=False,
                    variance_shares__isnull=False,
                )
                & ~Q(sha256="")
                | Q(
                    status="evicted",
                    payload__isnull=True,
                    completed_at__isnull=False,
                    variance_shares__isnull=False,
                )
                & ~Q(sha256="")
                | Q(
                    status__in=["generating", "failed"],
                    payload__isnull=True,
                    completed_at__isnull=True,
                ),
                name="exactly_complete_matrices_have_a_payload",
            ),
            models.CheckConstraint(
                condition=Q(matrix_key__regex=r"^[0-9a-f]{64}$"), name="matrix_key_is_sha256_hex"
            ),
        ]

    def __str__(self) -> str:
        return f"matrix {self.matrix_key[:12]} of {self.fund_id} ({self.status})"

    def scenario_config(self) -> ScenarioConfig:
        """The law of this matrix.

        :raises OtherKernel: this version of Keel would simulate another law than the key names
        """
        if self.kernel_version != str(KERNEL_VERSION):
            raise OtherKernel(f"{self} is of kernel {self.kernel_version}, not {KERNEL_VERSION}")
        return parse_config(self.config)

    def encoded(self) -> EncodedMatrix:
        """The stored bytes with what is needed to check them."""
        return self.encoded_with(bytes(self.payload or b""))

    def encoded_with(self, payload: bytes) -> EncodedMatrix:
        """A payload from another store, to be checked against this row."""
        return EncodedMatrix(
            payload=payload,
            codec=self.codec,
            layout=self.layout,
            buckets=len(self.buckets),
            scenarios=self.scenarios,
            sha256=self.sha256,
        )

    def lock(self) -> None:
        """Keep requests for this matrix waiting until commit, once those before have committed."""
        ScenarioMatrix.objects.locked().get(pk=self.pk)

    def complete(self, generated: GeneratedMatrix) -> None:
        """Store the payload, unless this generation was superseded meanwhile.

        :raises StatusChanged: the caller's transaction must roll back
        """
        encoded = generated.encoded
        self._move(
            self.Status.COMPLETE,
            payload=encoded.payload,
            codec=encoded.codec,
            layout=encoded.layout,
            sha256=encoded.sha256,
            buckets=generated.buckets,
            variance_shares=generated.variance_shares,
            warnings=generated.warnings,
            generation_seconds=generated.seconds,
            completed_at=Now(),
        )
        MatrixCashFlows.objects.keep(self, generated.cash_flows)

    def fail(self, *, reason: str) -> None:
        self._move(self.Status.FAILED, failure_reason=reason)

    def begin_again(self) -> None:
        """Drop the payload and begin the next generation, however the last one ended.

        :raises StatusChanged: the matrix is being generated
        """
        self._change(
            [self.Status.COMPLETE, *self.TO_BE_RESTARTED],
            status=self.Status.GENERATING,
            generation=F("generation") + 1,
            payload=None,
            completed_at=None,
            failure_reason="",
        )
        MatrixCashFlows.objects.filter(matrix=self).delete()

    def evict(self) -> None:
        """Drop the payload and keep all that is known of it.

        :raises StatusChanged: it is no longer complete
        """
        self._change([self.Status.COMPLETE], status=self.Status.EVICTED, payload=None)
        MatrixCashFlows.objects.filter(matrix=self).delete()

    def store_again(self, generated: GeneratedMatrix) -> None:
        """Put the same numbers, regenerated, in the place of a payload that is damaged or gone.

        :raises StatusChanged: another did so, or the matrix is being generated anew
        """
        self._change(
            [self.Status.COMPLETE, self.Status.EVICTED],
            status=self.Status.COMPLETE,
            payload=generated.encoded.payload,
            generation=F("generation") + 1,
        )
        MatrixCashFlows.objects.keep(self, generated.cash_flows)

    def _move(self, target: str, **fields: object) -> None:
        self._change([self.Status.GENERATING], status=target, **fields)

    def _change(self, sources: list[str], **fields: object) -> None:
        changed = ScenarioMatrix.objects.filter(
            pk=self.pk, status__in=sources, generation=self.generation
        ).update(**fields)
        if not changed:
            raise StatusChanged(
                f"{self} is no longer {' or '.join(sources)} in generation {self.generation}"
            )


class MatrixIncident(models.Model):
    """Stored scenarios that were not what they must be; a trigger keeps every row as written."""

    class Outcome(models.TextChoices):
        REGENERATED = "regenerated", "Regenerated: the same numbers were stored again"
        OTHER_NUMBERS = "other_numbers", "Refused: generating it again gave other numbers"
        OTHER_KERNEL = "other_kernel", "Refused: the scenario law has changed since"

    matrix = models.ForeignKey(ScenarioMatrix, on_delete=models.PROTECT, related_name="incidents")
    # The generation in which it was found; a regeneration begins the next.
    generation = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    found = models.CharField(max_length=1000)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)

    class Meta:
        db_table = "scenario_matrix_incident"
        constraints = [
            # Every job that meets the same damage in vain would add another row.
            models.UniqueConstraint(
                fields=["matrix", "generation", "outcome"],
                name="one_incident_per_generation_and_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.matrix_id} generation {self.generation}: {self.found}"

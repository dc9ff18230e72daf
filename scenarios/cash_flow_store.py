"""The cash flows of a matrix's scenarios, stored and dropped together with its payload."""

from typing import TYPE_CHECKING

from django.db import models

from scenarios.simulation.pacing.cash_flow_bytes import EncodedCashFlows, decode_cash_flows
from scenarios.simulation.pacing.cash_flows import CashFlows

if TYPE_CHECKING:
    from scenarios.models import ScenarioMatrix


class MatrixCashFlowsQuerySet(models.QuerySet["MatrixCashFlows"]):
    def keep(self, matrix: "ScenarioMatrix", encoded: EncodedCashFlows) -> None:
        """Store the cash flows of a matrix, in the place of any it has."""
        row = MatrixCashFlows(
            matrix=matrix,
            **{name: getattr(encoded, name) for name in MatrixCashFlows.ENCODED},
        )
        self.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["matrix"],
            update_fields=MatrixCashFlows.ENCODED,
        )


class MatrixCashFlows(models.Model):
    """What every bucket calls and returns in each year of every optimization scenario."""

    ENCODED = ("payload", "codec", "layout", "years", "buckets", "scenarios", "sha256")

    matrix = models.OneToOneField(
        "scenarios.ScenarioMatrix",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="cash_flows",
    )
    payload = models.BinaryField()
    codec = models.CharField(max_length=20)
    layout = models.CharField(max_length=60)
    years = models.PositiveSmallIntegerField()
    buckets = models.PositiveIntegerField()
    scenarios = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    objects = MatrixCashFlowsQuerySet.as_manager()

    class Meta:
        app_label = "scenarios"
        db_table = "scenario_matrix_cash_flows"
        verbose_name_plural = "matrix cash flows"

    def __str__(self) -> str:
        return f"cash flows of matrix {self.matrix_id}"

    def read(self) -> CashFlows:
        """Calls and distributions, float32 (years, buckets, scenarios).

        :raises CorruptMatrix: they are not what was stored
        """
        encoded = {name: getattr(self, name) for name in self.ENCODED}
        return decode_cash_flows(EncodedCashFlows(**(encoded | {"payload": bytes(self.payload)})))

"""What the scenario matrices show to a monitoring system."""

from collections.abc import Iterator

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, Length
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from outbox.counters import counts
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.matrix_cache import READS, Outcome
from scenarios.models import MatrixIncident, ScenarioMatrix


def families() -> Iterator[Metric]:
    yield _reads()
    yield from _matrices()
    yield _incidents()


def _reads() -> CounterMetricFamily:
    family = CounterMetricFamily(
        "keel_matrix_reads",
        "Reads of a matrix by how they ended; each read counts once.",
        labels=["outcome"],
    )
    found = counts(READS)
    for outcome in Outcome:
        family.add_metric([outcome], found.get(outcome, 0))
    return family


def _matrices() -> Iterator[Metric]:
    matrices = GaugeMetricFamily("keel_matrices", "Matrices by status.", labels=["status"])
    sizes = GaugeMetricFamily(
        "keel_matrix_payload_bytes", "Bytes of the stored payloads by status.", labels=["status"]
    )
    # The sum over no payload is NULL.
    stored = Coalesce(Sum(Length("payload")), 0)
    rows = ScenarioMatrix.objects.values("status").order_by().annotate(Count("pk"), stored=stored)
    found = {
        status: (count, size)
        for status, count, size in rows.values_list("status", "pk__count", "stored")
    }
    for status in ScenarioMatrix.Status.values:
        count, size_bytes = found.get(status, (0, 0))
        matrices.add_metric([status], count)
        sizes.add_metric([status], size_bytes)
    yield matrices
    yield sizes
    yield GaugeMetricFamily(
        "keel_cash_flow_payload_bytes",
        "Bytes of the stored cash flows.",
        value=MatrixCashFlows.objects.aggregate(
            stored=Coalesce(Sum(Length("payload")), 0),
        )["stored"],
    )


def _incidents() -> CounterMetricFamily:
    family = CounterMetricFamily(
        "keel_matrix_incidents",
        "Stored scenarios that were not what they must be, by what became of them.",
        labels=["outcome"],
    )
    rows = MatrixIncident.objects.values_list("outcome").annotate(Count("pk")).order_by()
    found = dict(rows)
    for outcome in MatrixIncident.Outcome.values:
        family.add_metric([outcome], found.get(outcome, 0))
    return family

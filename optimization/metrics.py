"""What the sessions show to a monitoring system."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily, Metric

from optimization.models import OptimizationSession


def families() -> Iterator[Metric]:
    sessions = GaugeMetricFamily("keel_sessions", "Sessions by status.", labels=["status"])
    rows = OptimizationSession.objects.values_list("status").annotate(Count("pk")).order_by()
    found = dict(rows)
    for status in OptimizationSession.Status.values:
        sessions.add_metric([status], found.get(status, 0))
    yield sessions

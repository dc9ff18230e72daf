"""What the outbox shows to a monitoring system."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Min
from django.db.models.functions import Now
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from outbox.counters import RECONCILED_SUBJECTS, RESCUED_JOBS, counts
from outbox.models import OutboxJob


def families() -> Iterator[Metric]:
    yield _jobs()
    yield _oldest_pending()
    yield CounterMetricFamily(
        "keel_job_rescues",
        "Jobs taken back from a worker or drainer that went quiet.",
        value=counts(RESCUED_JOBS).get("", 0),
    )
    yield CounterMetricFamily(
        "keel_reconciled_subjects",
        "Sessions and matrices found without the job they are owed; 0 when healthy.",
        value=counts(RECONCILED_SUBJECTS).get("", 0),
    )


def _jobs() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "keel_jobs", "Jobs that are kept, by kind and status.", labels=["kind", "status"]
    )
    rows = OutboxJob.objects.values_list("kind", "status").annotate(jobs=Count("pk")).order_by()
    found = {(kind, status): jobs for kind, status, jobs in rows}
    for kind in sorted(settings.OUTBOX_JOB_KINDS):
        for status in OutboxJob.Status.values:
            family.add_metric([kind, status], found.get((kind, status), 0))
    return family


def _oldest_pending() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "keel_oldest_pending_job_age_seconds",
        "Since when the oldest pending job of a kind has existed; 0 without one.",
        labels=["kind"],
    )
    pending = OutboxJob.objects.filter(status=OutboxJob.Status.PENDING).values("kind").order_by()
    rows = pending.annotate(age=Now() - Min("created_at")).values_list("kind", "age")
    ages = {kind: age.total_seconds() for kind, age in rows}
    for kind in sorted(settings.OUTBOX_JOB_KINDS):
        family.add_metric([kind], ages.get(kind, 0.0))
    return family

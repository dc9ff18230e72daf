"""Owners of the tests' subjects: told of a failure inside the transaction that ends the job."""

from outbox.models import OutboxJob

REPORT_KIND = "failure report"


def report(job: OutboxJob) -> None:
    OutboxJob.objects.create(
        kind=REPORT_KIND,
        subject_id=job.subject_id,
        fund_id=job.fund_id,
        idempotency_key=f"{REPORT_KIND}:{job.subject_id}",
        error_class=job.error_class,
        error_reason=job.error_reason,
    )


class OwnerRefused(Exception):
    """This owner cannot be told."""


def refuse(job: OutboxJob) -> None:
    report(job)
    raise OwnerRefused(str(job.job_id))


def meddle(job: OutboxJob) -> None:
    """Ends the job in its own way, so that the database refuses what was meant to happen to it."""
    report(job)
    OutboxJob.objects.filter(pk=job.pk).cancel()


def reports_about(job: OutboxJob) -> list[OutboxJob]:
    return list(OutboxJob.objects.filter(kind=REPORT_KIND, subject_id=job.subject_id))

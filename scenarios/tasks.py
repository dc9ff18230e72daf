from celery import Task, shared_task

from outbox.running import run_job
from scenarios import generation, upkeep


@shared_task(name="scenarios.generate_matrix", bind=True)
def generate_matrix(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(
        job_id=job_id,
        owner=f"{self.request.hostname} {self.request.id}",
        work=generation.generate_matrix,
    )


@shared_task(name="scenarios.evict_unused")
def evict_unused(**_ignored: object) -> None:
    upkeep.evict_unused()

from celery import Task, shared_task

from optimization import stages
from outbox.running import run_job


@shared_task(name="optimization.optimize", bind=True)
def optimize(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=stages.optimize)


@shared_task(name="optimization.validate", bind=True)
def validate(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=stages.validate)


def _owner(task: "Task[..., None]") -> str:
    return f"{task.request.hostname} {task.request.id}"

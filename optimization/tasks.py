from celery import Task, shared_task
from celery.signals import worker_init
from celery.worker import WorkController

from optimization import stages
from optimization.frontier import stages as frontier_stages
from optimization.ranges import asking
from optimization.ranges import stages as ranges_stages
from optimization.solver.compiled.warm_up import compile_kernels
from optimization.validation import stages as validation_stages
from outbox.running import run_job

QUEUES_THAT_NEED_KERNELS = frozenset({"optimize", "ranges"})


@worker_init.connect
def load_kernels(sender: WorkController, **_signal: object) -> None:
    """Before a worker divides: its processes share them, and no job waits for them."""
    if not QUEUES_THAT_NEED_KERNELS.isdisjoint(sender.app.amqp.queues.consume_from):
        compile_kernels()


@shared_task(name="optimization.optimize", bind=True)
def optimize(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=stages.optimize)


@shared_task(name="optimization.validate", bind=True)
def validate(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=validation_stages.validate)


@shared_task(name="optimization.validate_chunk", bind=True)
def validate_chunk(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=validation_stages.validate_chunk)


@shared_task(name="optimization.merge_validation", bind=True)
def merge_validation(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=validation_stages.merge_validation)


@shared_task(name="optimization.trace_frontier_segment", bind=True)
def trace_frontier_segment(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=frontier_stages.trace_segment)


@shared_task(name="optimization.merge_frontier", bind=True)
def merge_frontier(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=frontier_stages.merge_frontier)


@shared_task(name="optimization.answer_ranges", bind=True)
def answer_ranges(self: "Task[..., None]", *, job_id: str, **_ignored: object) -> None:
    run_job(job_id=job_id, owner=_owner(self), work=ranges_stages.answer)


@shared_task(name="optimization.prune_ranges")
def prune_ranges(**_ignored: object) -> None:
    asking.prune_questions()


def _owner(task: "Task[..., None]") -> str:
    return f"{task.request.hostname} {task.request.id}"

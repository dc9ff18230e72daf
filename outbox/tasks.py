"""What beat and the doorbell send to the control queue."""

from celery import shared_task

from outbox import reaper, relay, upkeep

# Below beat's period of a second, so that ticks do not queue up behind one another.
DRAIN_SECONDS = 0.8


@shared_task(name="outbox.drain")
def drain(**_ignored: object) -> None:
    relay.drain(for_seconds=DRAIN_SECONDS)


@shared_task(name="outbox.reap")
def reap(**_ignored: object) -> None:
    reaper.reap()


@shared_task(name="outbox.reconcile")
def reconcile(**_ignored: object) -> None:
    upkeep.reconcile()


@shared_task(name="outbox.prune")
def prune(**_ignored: object) -> None:
    upkeep.prune()

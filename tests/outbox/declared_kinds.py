"""The kinds of job that the tests declare."""

# See owners.py for what each owner does when it is told of a failure.
KINDS = {
    "count": {"task": "tests.count", "queue": "matrix", "failed": "tests.outbox.owners.report"},
    "weigh": {"task": "tests.weigh", "queue": "optimize", "failed": "tests.outbox.owners.report"},
    "measure": {"task": "tests.count", "queue": "ranges", "failed": "tests.outbox.owners.report"},
    "deaf": {"task": "tests.count", "queue": "matrix", "failed": "tests.outbox.owners.refuse"},
    "meddled": {"task": "tests.count", "queue": "matrix", "failed": "tests.outbox.owners.meddle"},
}

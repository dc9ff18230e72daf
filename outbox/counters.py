"""Counts what happens in any process, where a restart does not lose it and all can read it."""

from django.db import connection

from outbox.models import Counter

# What happened to jobs and their subjects; other apps have names of their own.
RESCUED_JOBS = "rescued_jobs"
RECONCILED_SUBJECTS = "reconciled_subjects"


def count(name: str, label: str = "", *, by: int = 1) -> None:
    """Add to a counter, which begins at 0.

    One statement. Inside a transaction it keeps all others who count the same waiting until
    commit, so it belongs outside of long ones and at the end of short ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO outbox_counter (name, label, value) VALUES (%s, %s, %s)
            ON CONFLICT (name, label) DO UPDATE SET value = outbox_counter.value + EXCLUDED.value
            """,
            [name, label, by],
        )


def counts(name: str) -> dict[str, int]:
    """The counter's values by label; a label that was never counted is missing."""
    return dict(Counter.objects.filter(name=name).values_list("label", "value"))

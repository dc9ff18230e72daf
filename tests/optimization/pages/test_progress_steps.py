from datetime import UTC, datetime
from typing import Any

from optimization.pages.progress import current_step, step_rows

NOW = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC)


def status(at: list[str | None], **changes: Any) -> dict[str, Any]:
    names = ["REQUESTED", "MATRIX_GENERATING", "OPTIMIZING", "VALIDATING", "COMPLETED"]
    return {
        "status": "OPTIMIZING",
        "is_finished": False,
        "frontier_progress": None,
        "validation_progress": None,
        "searches_done": 0,
        "request": {"optimization_scenarios": 400, "validation_scenarios": 100_000},
        "steps": [
            {"status": name, "label": name.title(), "at": begun, "seconds": 1.5 if begun else None}
            for name, begun in zip(names, at, strict=True)
        ],
        **changes,
    }


def test_steps_before_the_current_one_are_done_and_later_ones_are_to_do() -> None:
    begun = "2026-11-21T12:00:00Z"
    rows = step_rows(status([begun, begun, begun, None, None]), now=NOW)

    assert [row.standing for row in rows] == ["done", "done", "now", "todo"]
    assert [row.seconds for row in rows] == [1.5, 1.5, 10.0, None]
    assert current_step(rows) == (3, rows[2])


def test_a_cached_matrix_is_a_step_that_was_not_needed() -> None:
    begun = "2026-11-21T12:00:00Z"
    rows = step_rows(status([begun, None, begun, None, None]), now=NOW)

    assert [row.standing for row in rows] == ["done", "skipped", "now", "todo"]


def test_scenarios_that_are_simulated_once_more_are_the_step_in_progress() -> None:
    first, later = "2026-11-21T12:00:00Z", "2026-11-21T12:00:05Z"
    again = status([first, later, first, None, None], status="MATRIX_GENERATING", searches_done=1)
    rows = step_rows(again, now=NOW)

    assert [row.standing for row in rows] == ["done", "now", "todo", "todo"]
    assert [row.seconds for row in rows] == [1.5, 5.0, None, None]
    assert "Once more" in rows[1].explanation


def test_a_failure_stops_at_the_step_it_happened_in() -> None:
    begun = "2026-11-21T12:00:00Z"
    failed = status([begun, begun, None, None, None], status="FAILED", is_finished=True)
    rows = step_rows(failed, now=NOW)

    assert [row.standing for row in rows] == ["done", "ended", "todo", "todo"]
    assert current_step(rows) is None


def test_a_clock_that_is_behind_the_database_shows_no_negative_time() -> None:
    rows = step_rows(status(["2026-11-21T12:00:11Z", None, None, None, None]), now=NOW)

    assert rows[0].seconds == 0.0


def test_a_long_validation_counts_its_scenarios() -> None:
    begun = "2026-11-21T12:00:00Z"
    progress = {"done": 1_500_000, "total": 5_000_000}
    validating = status([begun, begun, begun, begun, None], status="VALIDATING")
    rows = step_rows({**validating, "validation_progress": progress}, now=NOW)

    assert rows[3].explanation == "1,500,000 of 5,000,000 fresh scenarios are done."


def test_a_validation_that_has_counted_nothing_says_what_it_will_do() -> None:
    begun = "2026-11-21T12:00:00Z"
    rows = step_rows(status([begun, begun, begun, begun, None], status="VALIDATING"), now=NOW)

    assert rows[3].explanation == "100,000 fresh scenarios and a simpler method to compare."

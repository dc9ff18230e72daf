"""The steps of a session as the progress list shows them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Standing = Literal["done", "skipped", "now", "ended", "todo"]

STANDING_WORDS: dict[Standing, str] = {
    "done": "done",
    "skipped": "not needed",
    "now": "in progress",
    "ended": "stopped here",
    "todo": "not started",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """``seconds`` is how long the step took, or has taken so far if it is in progress."""

    label: str
    standing: Standing
    standing_words: str
    explanation: str
    seconds: float | None


def step_rows(status: Mapping[str, Any], *, now: datetime) -> list[StepRow]:
    """The steps before completion; ``status`` is ``session_status``."""
    steps = status["steps"][:-1]
    last = _latest(steps)
    return [
        _row(status, step, standing=_standing(status, step, index, last), now=now)
        for index, step in enumerate(steps)
    ]


def _latest(steps: Sequence[Mapping[str, Any]]) -> int:
    """The step that began last: not the furthest one when scenarios are simulated once more."""
    began = [
        (datetime.fromisoformat(step["at"]), index)
        for index, step in enumerate(steps)
        if step["at"] is not None
    ]
    return max(began)[1] if began else -1


def current_step(rows: list[StepRow]) -> tuple[int, StepRow] | None:
    """The step in progress with its number from 1; None when none is."""
    for number, row in enumerate(rows, start=1):
        if row.standing == "now":
            return number, row
    return None


def _standing(
    status: Mapping[str, Any], step: Mapping[str, Any], index: int, last: int
) -> Standing:
    if index > last:
        return "todo"
    if index == last and status["status"] != "COMPLETED":
        return "ended" if status["is_finished"] else "now"
    return "skipped" if step["at"] is None else "done"


def _row(
    status: Mapping[str, Any], step: Mapping[str, Any], *, standing: Standing, now: datetime
) -> StepRow:
    seconds = None if standing == "todo" else step["seconds"]
    if standing == "now":
        seconds = max((now - datetime.fromisoformat(step["at"])).total_seconds(), 0.0)
    return StepRow(
        label=step["label"],
        standing=standing,
        standing_words=STANDING_WORDS[standing],
        explanation=_explanation(step["status"], status, standing),
        seconds=seconds,
    )


def _explanation(step: str, status: Mapping[str, Any], standing: Standing) -> str:
    request = status["request"]
    if step == "REQUESTED":
        return "Checked and stored."
    if step == "MATRIX_GENERATING":
        if standing == "skipped":
            return "The scenarios of this fund were in the cache."
        if standing == "now" and status["searches_done"]:
            return "Once more, with as many deals as the allocation buys."
        return f"{request['optimization_scenarios']:,} correlated futures of every bucket."
    if step == "OPTIMIZING":
        return _search(status, standing)
    return _validation(status, standing)


def _search(status: Mapping[str, Any], standing: Standing) -> str:
    points = status["frontier_progress"]
    if points is None:
        return "The highest expected multiple inside the limits, then the most even allocation."
    if standing == "now":
        return f"{points['done']} of {points['total']} points of the frontier are solved."
    return f"The highest expected multiple at each of {points['total']} values of the limit."


def _validation(status: Mapping[str, Any], standing: Standing) -> str:
    progress = status["validation_progress"]
    if standing == "now" and progress is not None:
        return f"{progress['done']:,} of {progress['total']:,} fresh scenarios are done."
    total = status["request"]["validation_scenarios"]
    if status["frontier_progress"] is not None:
        return f"{total:,} fresh scenarios, the same ones for every point."
    return f"{total:,} fresh scenarios and a simpler method to compare."

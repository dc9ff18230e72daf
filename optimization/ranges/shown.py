"""A question and its answer as the API and the page show them: JSON types only."""

from datetime import datetime
from typing import Any

from optimization.ranges.models import AskedRanges


def shown(asked: AskedRanges) -> dict[str, Any]:
    return {
        "id": str(asked.pk),
        "fund": {
            "id": str(asked.fund_id),
            "name": asked.fund.name,
            "is_sample": asked.fund.is_sample,
        },
        "status": asked.status,
        "status_label": asked.get_status_display(),
        "is_finished": asked.is_finished,
        "failure_reason": asked.failure_reason or None,
        "asked_at": _iso(asked.asked_at),
        "finished_at": _iso(asked.finished_at),
        "matrix_key": asked.matrix.matrix_key,
        "scenarios": asked.matrix.scenarios,
        "capital_usd": asked.policy["capital_usd"],
        "cvar_confidence": asked.policy["cvar_confidence"],
        "limits": asked.policy["limits"],
        "ranges": asked.ranges,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")

"""The gross IRR of a result, with the intervals that its stored shares imply. Pure."""

from collections.abc import Mapping
from typing import Any

from optimization.solver.measures.intervals import clopper_pearson


def gross_irr(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """The IRR that validation stored, each share with its interval; None where it stored none."""
    stored = metrics.get("irr")
    if stored is None:
        return None
    intervals = {
        f"{name}_interval": _interval(stored[name], scenarios=stored["scenarios"])
        for name in ("share_below_zero", "share_total_loss")
    }
    return {**stored, **intervals}


def _interval(share: float, *, scenarios: int) -> list[float]:
    """A share is a count over ``scenarios``, so rounding gives the count back."""
    estimate = clopper_pearson(successes=round(share * scenarios), trials=scenarios)
    return [estimate.low, estimate.high]

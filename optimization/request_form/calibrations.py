"""The calibrations that a request of a fund may rest on, as an analyst chooses among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from funds.models import CalibrationSnapshot
from optimization.request.checked_request import FundFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationChoice:
    """``window`` is the first and the last day of what the sample covers."""

    version: str
    label: str
    is_own: bool
    sample_size: int
    window: tuple[date, date]
    is_default: bool


def calibration_choices(facts: FundFacts) -> Sequence[CalibrationChoice]:
    """Benchmarks first, then the fund's own from the latest to the oldest window."""
    snapshots = CalibrationSnapshot.objects.filter(version__in=list(facts.calibrations))
    return [
        CalibrationChoice(
            version=snapshot.version,
            label=snapshot.label,
            is_own=snapshot.kind == CalibrationSnapshot.Kind.FUND,
            sample_size=snapshot.sample_size,
            window=(snapshot.window_start, snapshot.window_end),
            is_default=snapshot.version == facts.default_calibration,
        )
        for snapshot in snapshots.defer("parameters", "citations", "method").order_by(
            "kind", "-window_end", "-window_start", "version"
        )
    ]

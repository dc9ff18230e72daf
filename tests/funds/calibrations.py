from typing import Any

from funds.models import CalibrationSnapshot, Fund
from funds.shipped import benchmark_calibration


def fund_calibration(owner: Fund, /, **changes: Any) -> CalibrationSnapshot:
    """A calibration of one fund, saved."""
    snapshot = CalibrationSnapshot(
        **{
            **benchmark_calibration(),
            "version": f"fund_{owner.pk}",
            "kind": CalibrationSnapshot.Kind.FUND,
            "fund": owner,
            "content_sha256": "0" * 64,
            **changes,
        }
    )
    snapshot.save()
    return snapshot

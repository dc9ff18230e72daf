"""What a copied request holds that the form cannot: said on the page, never dropped in silence.

Requests come through the API too, and a fund may have changed since.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from optimization.request.checked_request import FundFacts, complete
from optimization.solver.frontier.grid import DEFAULT_CONFIDENCE

# Leaves room for what a name says of its point.
LONGEST_KEPT_NAME = 160


def copied_start(request: Mapping[str, Any], facts: FundFacts) -> dict[str, Any]:
    """The request for the form to start from, without regimes that only the API can state."""
    stated = complete(request)
    if _has_own_shocks(request, facts):
        return {**stated, "regimes": None}
    return stated


def point_start(request: Mapping[str, Any], limit: float) -> dict[str, Any]:
    """A frontier's request as one for the allocation at this ``limit`` of those it varies."""
    limits = dict(request["limits"])
    if request["frontier"]["limit"] == "max_loss_probability":
        limits["max_loss_probability"] = limit
    else:
        limits["cvar"] = {"confidence": DEFAULT_CONFIDENCE, **limits.get("cvar", {}), "max": limit}
    name = f"{request['name'][:LONGEST_KEPT_NAME]}, at most {100 * limit:g}%"
    return {**request, "name": name, "frontier": None, "limits": limits}


def lost_in_copy(request: Mapping[str, Any], facts: FundFacts) -> list[str]:
    """Sentences about the parts of ``request`` that the form does not show."""
    limits = request["limits"]
    lost = [
        *_unknown("stage", limits.get("stages", {}), facts.stages),
        *_unknown("sector", limits.get("sectors", {}), facts.sectors),
    ]
    if request["calibration"] not in facts.calibrations:
        lost.append(f"Its calibration {request['calibration']} is no longer available.")
    elif _has_own_shocks(request, facts):
        lost.append(
            "Its market regimes have shocks of their own, which only the API can state; here the"
            " regimes are those of the calibration."
        )
    return lost


def _unknown(kind: str, limits: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    return [
        f"Its limits on the {kind} {key} are left out: the fund has no active bucket there."
        for key in limits
        if key not in known
    ]


def _has_own_shocks(request: Mapping[str, Any], facts: FundFacts) -> bool:
    calibration = facts.calibrations.get(request["calibration"])
    if request["regimes"] is None or calibration is None:
        return False
    return _shocks(request["regimes"]) != _shocks(calibration["regimes"])


def _shocks(regimes: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Everything about regimes but their probabilities."""
    return [(regime["name"], regime["shock_min"], regime["shock_max"]) for regime in regimes]

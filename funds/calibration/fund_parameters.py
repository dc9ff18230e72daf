"""The scenario parameters of a fund: those of the benchmark, with what its own rounds tell."""

import copy
from typing import Any

from funds.calibration.benchmark import TransitionShares
from funds.calibration.calibrate import FundCalibration

DECIMALS = 6
"""Scenario configurations live on this grid."""


def fund_parameters(calibration: FundCalibration) -> dict[str, Any]:
    """A scenario configuration without buckets and seed, as the benchmark's parameters are.

    The rates of a round are the shrunk ones, exit multiples the fund's where they are known; all
    else is the benchmark's, and so are stages that only the fund has: they are left out.
    """
    parameters: dict[str, Any] = copy.deepcopy(dict(calibration.benchmark.parameters))
    for rates in calibration.stages:
        if rates.shrunk is None:
            continue
        stage = parameters["stages"][rates.stage]
        stage.update(_probabilities(rates.shrunk))
        multiples = calibration.exit_multiples[rates.stage]
        if multiples.median is not None and multiples.p90 is not None:
            stage["exit_multiple_median"] = round(multiples.median, DECIMALS)
            stage["exit_multiple_p90"] = round(multiples.p90, DECIMALS)
    return parameters


def _probabilities(shares: TransitionShares) -> dict[str, float]:
    """On the grid; rounding never lifts their sum above 1."""
    units = {
        "exit_probability": round(shares.exit * 10**DECIMALS),
        "graduate_probability": round(shares.graduate * 10**DECIMALS),
        "fail_probability": round(shares.fail * 10**DECIMALS),
    }
    excess = max(0, sum(units.values()) - 10**DECIMALS)
    units[max(units, key=units.__getitem__)] -= excess
    return {name: count / 10**DECIMALS for name, count in units.items()}

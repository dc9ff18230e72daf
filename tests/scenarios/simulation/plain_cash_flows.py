"""The times and yearly cash flows of a deal again, written down directly with scipy."""

from typing import Any

import numpy as np
from scipy import stats

from tests.scenarios.simulation.plain_law import (
    GRID,
    Floats,
    ending_probabilities,
    exit_multiple,
    histories,
    path_given_rank,
    recovery,
    shares_and_spending,
)

YEARS = 16


def time_law(
    data: dict[str, Any], bucket: dict[str, Any], *, exited: bool, graduations: int
) -> Any:
    """scipy's law of the years from entry to this ending."""
    same = [
        history
        for history in histories(data, bucket)
        if (history.exited, history.graduations) == (exited, graduations)
    ]
    probabilities = [history.probability for history in same]
    years = np.average([history.years for history in same], weights=probabilities)
    rounds = np.average([history.rounds for history in same], weights=probabilities)
    variance = np.log(1 + 0.46 / rounds)
    return stats.lognorm(np.sqrt(variance), scale=years * np.exp(-variance / 2))


def share_in_each_year(law: Any, *, fraction: float = 1.0) -> Floats:
    """The probability that ``fraction`` of the time ends in each year; the last has all later."""
    reached = law.cdf(np.arange(YEARS + 1) / fraction)
    reached[-1] = 1.0
    return np.diff(reached)


def expected_proceeds(
    data: dict[str, Any], bucket: dict[str, Any], *, exited: bool
) -> dict[int, float]:
    """By number of graduations: what a deal returns there per initial dollar, times how probable
    that ending is."""
    endings = ending_probabilities(data, bucket, exited=exited)
    edges = np.linspace(0, 1, GRID + 1)
    rank = (edges[1:] + edges[:-1]) / 2
    if not exited:
        mean_recovery = float(np.mean(recovery(data, rank)))
        return {
            graduations: probability
            * mean_recovery
            * (1 + shares_and_spending(data, bucket, graduations)[1])
            for graduations, probability in endings.items()
        }
    normal_edges = np.linspace(-9, 9, GRID + 1)
    normal = (normal_edges[1:] + normal_edges[:-1]) / 2
    mass = stats.norm.pdf(normal) * (18 / GRID)
    cumulative = np.cumsum(list(endings.values())) / sum(endings.values())
    coupling = data["dependence"]["value_path_coupling"]
    given_rank = path_given_rank(cumulative, normal, coupling)
    price = exit_multiple(data, bucket, normal)
    return {
        graduations: sum(endings.values())
        * float(np.sum(mass * given_rank[row] * price))
        * shares_and_spending(data, bucket, graduations)[0]
        for row, graduations in enumerate(endings)
    }


def expected_cash_flows(data: dict[str, Any], bucket: dict[str, Any]) -> tuple[Floats, Floats]:
    """Expected calls and distributions of each year per allocated dollar, reserves returned."""
    calls, distributions = np.zeros(YEARS), np.zeros(YEARS)
    calls[0] = 1.0
    for exited in (True, False):
        proceeds = expected_proceeds(data, bucket, exited=exited)
        for graduations, probability in ending_probabilities(data, bucket, exited=exited).items():
            law = time_law(data, bucket, exited=exited, graduations=graduations)
            distributions += proceeds[graduations] * share_in_each_year(law)
            for number in range(1, graduations + 1):
                cost = (
                    shares_and_spending(data, bucket, number)[1]
                    - shares_and_spending(data, bucket, number - 1)[1]
                )
                years = share_in_each_year(law, fraction=number / (graduations + 1))
                calls += probability * cost * years
    all_in = 1 + bucket["reserve_ratio"]
    return calls / all_in, distributions / all_in

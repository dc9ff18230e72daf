"""Recycling again, drawn step by step with numpy's generator and scipy's laws.

One bucket of equal deals; times, proceeds and the later vintage are written down directly.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from tests.scenarios.simulation.plain_cash_flows import time_law
from tests.scenarios.simulation.plain_law import (
    SQUARED_LOADINGS,
    Floats,
    ending_probabilities,
    exit_multiple,
    latent_distribution,
    per_allocated_dollar,
    recovery,
    shares_and_spending,
    standardised_regimes,
)


@dataclass(frozen=True)
class Entries:
    """One number a scenario, per allocated dollar; ``with_recycling`` is the matrix entry."""

    plain: Floats
    recycled: Floats
    new: Floats
    with_recycling: Floats


def simulated_entries(data: dict[str, Any], *, deals: int, scenarios: int, seed: int) -> Entries:
    (bucket,), rule = data["buckets"], data["recycling"]
    generator = np.random.default_rng(seed)
    phi = rule["vintage_correlation"]
    uniform, common = generator.uniform(size=scenarios), generator.standard_normal(scenarios)
    fresh = generator.standard_normal((2, scenarios))
    later_uniform = stats.norm.cdf(phi * stats.norm.ppf(uniform) + np.sqrt(1 - phi**2) * fresh[0])
    later_common = phi * common + np.sqrt(1 - phi**2) * fresh[1]

    multiples, early = _pool(data, bucket, uniform, common, deals=deals, generator=generator)
    new, _ = _pool(
        data, bucket, later_uniform, later_common, deals=rule["max_deals"], generator=generator
    )
    recycled = np.minimum(
        np.minimum(rule["utilization_fraction"] * early, rule["cost_multiple"]),
        rule["max_deals"] / bucket["reference_deals"],
    )
    return Entries(multiples, recycled, new, multiples - recycled + recycled * new)


def _pool(
    data: dict[str, Any],
    bucket: dict[str, Any],
    uniform: Floats,
    common: Floats,
    *,
    deals: int,
    generator: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Means over equal deals: of multiples, and of proceeds of exits up to the deadline."""
    squared_macro, squared_bucket = SQUARED_LOADINGS[data["dependence"]["variance_shares"]]
    shared = np.sqrt(squared_macro) * macro_factor(data, uniform) + np.sqrt(squared_bucket) * common
    own = np.sqrt(1 - squared_macro - squared_bucket)
    multiples, early = np.zeros_like(shared), np.zeros_like(shared)
    for _ in range(deals):
        score = shared + own * generator.standard_normal(len(shared))
        one = _deal(data, bucket, latent_distribution(data, score), generator)
        multiples += one[0] / deals
        early += one[1] / deals
    return multiples, early


def macro_factor(data: dict[str, Any], uniform: Floats) -> Floats:
    """Regimes fill the unit interval one after the other, worst first."""
    factor, start = np.zeros_like(uniform), 0.0
    for probability, low, high in standardised_regimes(data):
        is_here = (uniform >= start) & (uniform < start + probability)
        within = (uniform - start) / probability
        factor[is_here] = (low + (high - low) * within)[is_here]
        start += probability
    return factor


def _deal(
    data: dict[str, Any], bucket: dict[str, Any], rank: Floats, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    path_normal, time_normal = generator.standard_normal((2, len(rank)))
    exits = ending_probabilities(data, bucket, exited=True)
    failures = ending_probabilities(data, bucket, exited=False)
    failing = sum(failures.values())
    normal = stats.norm.ppf(np.clip((rank - failing) / (1 - failing), 1e-15, 1 - 1e-15))
    kappa = data["dependence"]["value_path_coupling"]
    exit_quantile = stats.norm.cdf(kappa * normal + np.sqrt(1 - kappa**2) * path_normal)
    price, recovered = exit_multiple(data, bucket, normal), recovery(data, rank / failing)
    multiples, early = np.zeros_like(rank), np.zeros_like(rank)
    for exited, endings, quantile in (
        (True, exits, exit_quantile),
        (False, failures, stats.norm.cdf(path_normal)),
    ):
        ends = np.cumsum(list(endings.values())) / sum(endings.values())
        index = np.minimum(np.searchsorted(ends, quantile), len(ends) - 1)
        for position, graduations in enumerate(endings):
            is_here = ((rank >= failing) == exited) & (index == position)
            shares, spent = shares_and_spending(data, bucket, graduations)
            proceeds = price * shares if exited else recovered * (1 + spent)
            value = per_allocated_dollar(data, bucket, graduations, proceeds)
            multiples[is_here] = value[is_here]
            law = time_law(data, bucket, exited=exited, graduations=graduations)
            years = law.ppf(stats.norm.cdf(time_normal))
            is_early = is_here & (years <= data["recycling"]["deadline_years"]) & exited
            early[is_early] = (proceeds / (1 + bucket["reserve_ratio"]))[is_early]
    return multiples, early

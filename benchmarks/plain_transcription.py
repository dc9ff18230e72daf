"""The default scenario law written down line by line in numpy, as a yardstick for the kernel.

float64 throughout, two normals a deal, distribution functions and exponentials for every deal, a
search for every path. It knows the default forms alone: Gaussian copula, shared factors, exit law
``lognormal_pareto``, reserves returned, deals of equal size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.parameters import BucketParameters, StageParameters
from scenarios.simulation.dependence.variance_presets import Loadings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """Probabilities by number of graduations, and what a dollar holds after as many rounds."""

    exits: Floats
    failures: Floats
    shares: Floats
    spent: Floats


def plain_multiples(
    *, config: ScenarioConfig, loadings: Loadings, scenarios: int, seed: int
) -> Floats:
    """(B, scenarios) float64 multiples per allocated dollar, from numpy's default generator."""
    generator = np.random.default_rng(seed)
    macro, regimes = _macro_factor(config, scenarios, generator)
    sectors = _factors({bucket.sector for bucket in config.buckets}, scenarios, generator)
    stages = _factors({bucket.stage for bucket in config.buckets}, scenarios, generator)
    shares = config.dependence.factor_shares
    if shares is None:
        raise ValueError("the transcription knows shared factors only")
    rows = []
    for bucket in config.buckets:
        common = (
            np.sqrt(shares.sector) * sectors[bucket.sector]
            + np.sqrt(shares.stage) * stages[bucket.stage]
            + np.sqrt(shares.bucket) * generator.standard_normal(scenarios)
        )
        shared = loadings.macro * macro + loadings.bucket * common
        rows.append(_pooled(config, bucket, shared, regimes, loadings, generator))
    return np.array(rows)


def _pooled(
    config: ScenarioConfig,
    bucket: BucketParameters,
    shared: Floats,
    regimes: Floats,
    loadings: Loadings,
    generator: np.random.Generator,
) -> Floats:
    ending = _ending(config, bucket)
    total = np.zeros_like(shared)
    for _ in range(round(bucket.reference_deals)):
        score = shared + loadings.own * generator.standard_normal(len(shared))
        rank = _score_distribution(score, regimes, loadings.macro)
        total += _deal(config, bucket, ending, rank, generator.standard_normal(len(shared)))
    return total / round(bucket.reference_deals)


def _macro_factor(
    config: ScenarioConfig, scenarios: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """The standardised factor, and rows (probability, low, high) of its regimes."""
    raw = np.array([(r.probability, r.shock_min, r.shock_max) for r in config.regimes])
    probability, low, high = raw.T
    mean = np.sum(probability * (low + high) / 2)
    variance = np.sum(probability * (low**2 + low * high + high**2) / 3) - mean**2
    regimes = np.column_stack([probability, (raw[:, 1:] - mean) / np.sqrt(variance)])
    drawn = regimes[generator.choice(len(regimes), size=scenarios, p=probability)]
    return generator.uniform(drawn[:, 1], drawn[:, 2]), regimes


def _factors(names: set[str], scenarios: int, generator: np.random.Generator) -> dict[str, Floats]:
    return {name: generator.standard_normal(scenarios) for name in sorted(names)}


def _score_distribution(score: Floats, regimes: Floats, macro_loading: float) -> Floats:
    """P(a_m G + sqrt(1 - a_m^2) N <= score)."""
    width = np.sqrt(1 - macro_loading**2)
    total = np.zeros_like(score)
    for probability, low, high in regimes:
        to_low = (score - macro_loading * low) / width
        to_high = (score - macro_loading * high) / width
        mean = (_integral(to_low) - _integral(to_high)) * width / (macro_loading * (high - low))
        total += probability * mean
    return total


def _integral(t: Floats) -> Floats:
    integral: Floats = t * ndtr(t) + np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
    return integral


def _deal(
    config: ScenarioConfig,
    bucket: BucketParameters,
    ending: _Ending,
    rank: Floats,
    path_normal: Floats,
) -> Floats:
    failure = ending.failures.sum()
    failed = rank < failure
    rank_normal = ndtri(np.maximum((rank - failure) / (1 - failure), 1e-12))
    coupling = config.dependence.value_path_coupling
    coupled = ndtr(coupling * rank_normal + np.sqrt(1 - coupling**2) * path_normal)
    path = np.where(
        failed,
        np.searchsorted(_inner(ending.failures), ndtr(path_normal)),
        np.searchsorted(_inner(ending.exits), coupled),
    )
    recovery = config.failure_recovery
    above = np.maximum(rank / failure - recovery.threshold, 0) / (1 - recovery.threshold)
    lost = recovery.maximum * above * (1 + ending.spent[path])
    won = _exit_multiple(config, bucket, rank_normal) * ending.shares[path]
    left = bucket.reserve_ratio - ending.spent[path]
    multiple: Floats = (np.where(failed, lost, won) + left) / (1 + bucket.reserve_ratio)
    return multiple


def _exit_multiple(config: ScenarioConfig, bucket: BucketParameters, rank_normal: Floats) -> Floats:
    stage, law = config.stages[bucket.stage], config.exit_law
    median, p90 = stage.exit_multiple_median, stage.exit_multiple_p90
    if median is None or p90 is None or law.tail_index is None or law.multiple_cap is None:
        raise ValueError("the transcription knows the exit law lognormal_pareto only")
    median, p90 = median * bucket.return_multiplier, p90 * bucket.return_multiplier
    body = np.exp(np.log(median) + np.log(p90 / median) / ndtri(0.9) * rank_normal)
    at_cap = (p90 / law.multiple_cap) ** law.tail_index
    left = at_cap + 10 * (1 - at_cap) * np.minimum(ndtr(-rank_normal), 0.1)
    tail = p90 * left ** (-1 / law.tail_index)
    multiple: Floats = np.where(rank_normal <= ndtri(0.9), body, tail)
    return multiple


def _inner(probabilities: Floats) -> Floats:
    cumulative: Floats = np.cumsum(probabilities) / probabilities.sum()
    return cumulative[:-1]


def _ending(config: ScenarioConfig, bucket: BucketParameters) -> _Ending:
    names = list(config.stages)
    chain = [config.stages[name] for name in names[names.index(bucket.stage) :]]
    exits, failures = _absorbed(chain, bucket.risk_multiplier, config.financing.max_rounds)
    shares, spent = _held(config, chain, bucket.reserve_ratio)
    return _Ending(exits=exits, failures=failures, shares=shares, spent=spent)


def _absorbed(chain: Sequence[StageParameters], risk: float, rounds: int) -> tuple[Floats, Floats]:
    exit_, graduate, fail = np.array(
        [(s.exit_probability, s.graduate_probability, s.fail_probability) for s in chain]
    ).T
    scale = (1 - risk * fail) / (1 - fail)
    exit_, graduate, fail = exit_ * scale, graduate * scale, risk * fail
    alive = np.zeros(len(chain))
    alive[0] = 1.0
    exits, failures = np.zeros(len(chain)), np.zeros(len(chain))
    for _ in range(rounds):
        exits += alive * exit_
        failures += alive * fail
        moved = np.concatenate([[0.0], (alive * graduate)[:-1]])
        alive = alive * (1 - exit_ - graduate - fail) + moved
    exits += alive * exit_ / (exit_ + fail)
    failures += alive * fail / (exit_ + fail)
    return exits, failures


def _held(
    config: ScenarioConfig, chain: Sequence[StageParameters], reserve: float
) -> tuple[Floats, Floats]:
    """Shares and spent reserves per initial dollar after 0, 1, ... priced rounds."""
    financing = config.financing
    keep = financing.dilution_per_round / (1 - financing.dilution_per_round)
    shares, spent, price = [1.0], [0.0], 1.0
    for stage in chain[:-1]:
        price *= (stage.step_up or 0.0) * (1 - financing.option_pool_refresh)
        wanted = financing.pro_rata_participation * shares[-1] * keep * price
        paid = min(wanted, reserve - spent[-1])
        shares.append(shares[-1] + paid / price)
        spent.append(spent[-1] + paid)
    return np.array(shares), np.array(spent)

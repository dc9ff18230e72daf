"""The scenario law again, written down directly with scipy: the oracle for the table kernel.

Takes the configuration as JSON values and shares no code with the simulation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

CHAIN = ("pre_seed", "seed", "series_a", "series_b", "series_c", "late")
SQUARED_LOADINGS = {
    "market": (0.056238, 0.108551),
    "calm": (0.038208, 0.110625),
    "crisis_prone": (0.080328, 0.103096),
}
GRID = 40_001

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ending:
    exited: bool
    graduations: int
    probability: float
    years: float
    rounds: int


@dataclass(frozen=True)
class Deal:
    """Ranks of a set of equally likely deals and what they return per allocated dollar."""

    multiples: Floats
    failed: NDArray[np.bool_]


def histories(data: dict[str, Any], bucket: dict[str, Any]) -> Iterator[Ending]:
    """Every single history of a company, one by one: no merging, no matrices."""
    names = [name for name in CHAIN[CHAIN.index(bucket["stage"]) :] if name in data["stages"]]
    stages = [data["stages"][name] for name in names]
    rho = bucket["risk_multiplier"]

    def walk(position: int, rounds: int, probability: float, years: float) -> Iterator[Ending]:
        stage = stages[position]
        fail = rho * stage["fail_probability"]
        scale = (1 - fail) / (1 - stage["fail_probability"])
        exit_, graduate = stage["exit_probability"] * scale, stage["graduate_probability"] * scale
        if rounds == data["financing"]["max_rounds"]:
            yield Ending(True, position, probability * exit_ / (exit_ + fail), years, rounds)
            yield Ending(False, position, probability * fail / (exit_ + fail), years, rounds)
            return
        years = years + stage["years_per_round"]
        yield Ending(True, position, probability * exit_, years, rounds + 1)
        yield Ending(False, position, probability * fail, years, rounds + 1)
        yield from walk(position, rounds + 1, probability * (1 - exit_ - graduate - fail), years)
        if graduate > 0:
            yield from walk(position + 1, rounds + 1, probability * graduate, years)

    yield from walk(0, 0, 1.0, 0.0)


def ending_probabilities(
    data: dict[str, Any], bucket: dict[str, Any], *, exited: bool
) -> dict[int, float]:
    """Probability by number of graduations."""
    totals: dict[int, float] = {}
    for ending in histories(data, bucket):
        if ending.exited == exited:
            totals[ending.graduations] = totals.get(ending.graduations, 0.0) + ending.probability
    return dict(sorted(totals.items()))


def shares_and_spending(
    data: dict[str, Any], bucket: dict[str, Any], graduations: int
) -> tuple[float, float]:
    """Shares held and reserves spent per initial dollar after that many priced rounds."""
    financing = data["financing"]
    names = [name for name in CHAIN[CHAIN.index(bucket["stage"]) :] if name in data["stages"]]
    shares, spent, price = 1.0, 0.0, 1.0
    dilution = financing["dilution_per_round"]
    for name in names[:graduations]:
        price *= data["stages"][name]["step_up"] * (1 - financing["option_pool_refresh"])
        pro_rata = shares * dilution / (1 - dilution) * price
        paid = min(financing["pro_rata_participation"] * pro_rata, bucket["reserve_ratio"] - spent)
        shares += paid / price
        spent += paid
    return shares, spent


def exit_multiple(data: dict[str, Any], bucket: dict[str, Any], rank_normal: Floats) -> Floats:
    """Multiple of the initial cheque at the exit rank with this normal quantile."""
    stage, law = data["stages"][bucket["stage"]], data["exit_law"]
    median = stage["exit_multiple_median"] * bucket["return_multiplier"]
    p90 = stage["exit_multiple_p90"] * bucket["return_multiplier"]
    sigma = np.log(p90 / median) / stats.norm.ppf(0.9)
    body: Floats = np.exp(np.log(median) + sigma * rank_normal)
    if law["law"] == "lognormal":
        return body
    if law["law"] == "pareto":
        cut = solved_pareto(median, p90, law["multiple_cap"])
        return np.asarray(cut.isf(stats.norm.sf(rank_normal)), dtype=np.float64)
    alpha, cap = law["tail_index"], law["multiple_cap"]
    # 10 (v - 0.9) = 1 - 10 (1 - v), written with 1 - v to keep the digits of the best ranks.
    above_p90 = 1 - 10 * stats.norm.sf(rank_normal)
    kept = 1 - above_p90 * (1 - (p90 / cap) ** alpha)
    tail: Floats = p90 * np.minimum(kept, 1) ** (-1 / alpha)
    return np.where(above_p90 <= 0, body, tail)


@lru_cache
def solved_pareto(median: float, p90: float, cap: float) -> Any:
    """scipy's Pareto law cut at the cap: the lowest value found from the median for each tail
    index (through its logarithm), and the tail index from the 90 % quantile."""

    def law(log_index: float) -> Any:
        index = np.exp(log_index)

        def too_high(lowest: float) -> float:
            return float(stats.truncpareto(index, cap / lowest, scale=lowest).median()) - median

        lowest = optimize.brentq(too_high, median * 0.5 ** (1 / index) * 0.999, median, xtol=1e-15)
        return stats.truncpareto(index, cap / lowest, scale=lowest)

    def p90_too_high(log_index: float) -> float:
        return float(law(log_index).ppf(0.9)) - p90

    return law(optimize.brentq(p90_too_high, np.log(0.02), np.log(50), xtol=1e-14))


def recovery(data: dict[str, Any], rank_among_failures: Floats) -> Floats:
    parameters = data["failure_recovery"]
    threshold = parameters["threshold"]
    above = np.maximum(0, rank_among_failures - threshold) / (1 - threshold)
    recovered: Floats = parameters["maximum"] * above
    return recovered


def path_given_rank(cumulative: Floats, rank_normal: Floats, coupling: float) -> Floats:
    """(paths, ranks) probability of each exit path at each rank among exits."""
    inner = stats.norm.ppf(cumulative[:-1])[:, None]
    below = stats.norm.cdf((inner - coupling * rank_normal) / np.sqrt(1 - coupling**2))
    steps = np.vstack([np.zeros(len(rank_normal)), below, np.ones(len(rank_normal))])
    return np.diff(steps, axis=0)


def deal_distribution(data: dict[str, Any], bucket: dict[str, Any]) -> tuple[Floats, Floats]:
    """Values of one deal's multiple and their probabilities, on a fine grid of ranks.

    The grid is even in the normal quantile, which resolves both ends of the ranks.
    """
    edges = np.linspace(-9, 9, GRID + 1)
    normal = (edges[1:] + edges[:-1]) / 2
    mass = np.abs(np.diff(np.where(edges < 0, stats.norm.cdf(edges), -stats.norm.sf(edges))))
    mass[GRID // 2] = stats.norm.cdf(edges[GRID // 2 + 1]) - stats.norm.cdf(edges[GRID // 2])
    values, weights = [], []
    exits = ending_probabilities(data, bucket, exited=True)
    given_rank = path_given_rank(
        _cumulative(exits), normal, data["dependence"]["value_path_coupling"]
    )
    multiple = exit_multiple(data, bucket, normal)
    for row, graduations in enumerate(exits):
        shares, _ = shares_and_spending(data, bucket, graduations)
        values.append(per_allocated_dollar(data, bucket, graduations, multiple * shares))
        weights.append(sum(exits.values()) * mass * given_rank[row])
    recovered = recovery(data, stats.norm.cdf(normal))
    for graduations, probability in ending_probabilities(data, bucket, exited=False).items():
        _, spent = shares_and_spending(data, bucket, graduations)
        values.append(per_allocated_dollar(data, bucket, graduations, recovered * (1 + spent)))
        weights.append(probability * mass)
    return np.concatenate(values), np.concatenate(weights)


def per_allocated_dollar(
    data: dict[str, Any], bucket: dict[str, Any], graduations: int, proceeds: Floats
) -> Floats:
    reserve = bucket["reserve_ratio"]
    _, spent = shares_and_spending(data, bucket, graduations)
    returned = reserve - spent if data["unspent_reserves"] == "returned" else 0.0
    value: Floats = (proceeds + returned) / (1 + reserve)
    return value


def win_probability(data: dict[str, Any], bucket: dict[str, Any], *, hurdle: float) -> float:
    """P(one deal's multiple >= hurdle): for each path find the rank needed, then integrate."""
    exits = ending_probabilities(data, bucket, exited=True)
    cumulative = _cumulative(exits)
    coupling = data["dependence"]["value_path_coupling"]
    nodes, weights = np.polynomial.legendre.leggauss(200)
    total = 0.0
    for row, graduations in enumerate(exits):
        shares, _ = shares_and_spending(data, bucket, graduations)

        def excess(x: float, shares: float = shares, graduations: int = graduations) -> float:
            proceeds = exit_multiple(data, bucket, np.array([x])) * shares
            value = per_allocated_dollar(data, bucket, graduations, proceeds)
            return float(value[0]) - hurdle

        if excess(9.0) < 0:
            continue
        needed = optimize.brentq(excess, -9, 9, xtol=1e-13)
        x = needed + (9 - needed) * (nodes + 1) / 2
        given_path = path_given_rank(cumulative, x, coupling)[row] * stats.norm.pdf(x)
        total += sum(exits.values()) * float(given_path @ weights) * (9 - needed) / 2
    return total


def _cumulative(endings: dict[int, float]) -> Floats:
    return np.cumsum(list(endings.values())) / sum(endings.values())


def standardised_regimes(data: dict[str, Any]) -> list[tuple[float, float, float]]:
    """(probability, low, high) of the macro factor with mean 0 and variance 1."""
    regimes = [(r["probability"], r["shock_min"], r["shock_max"]) for r in data["regimes"]]
    mean = sum(p * (low + high) / 2 for p, low, high in regimes)
    second = sum(p * (low**2 + low * high + high**2) / 3 for p, low, high in regimes)
    deviation = np.sqrt(second - mean**2)
    return [(p, (low - mean) / deviation, (high - mean) / deviation) for p, low, high in regimes]


def latent_distribution(data: dict[str, Any], scores: Floats) -> Floats:
    """P(a_m G + sqrt(1 - a_m^2) N <= z) by Gauss-Legendre quadrature over each shock range."""
    macro = np.sqrt(SQUARED_LOADINGS[data["dependence"]["variance_shares"]][0])
    nodes, weights = np.polynomial.legendre.leggauss(64)
    total = np.zeros_like(scores)
    for probability, low, high in standardised_regimes(data):
        factor = low + (high - low) * (nodes + 1) / 2
        inside = stats.norm.cdf((scores[:, None] - macro * factor[None, :]) / np.sqrt(1 - macro**2))
        total += probability * (inside @ (weights / 2))
    return total


def simulated_deals(data: dict[str, Any], bucket: dict[str, Any], *, deals: int, seed: int) -> Deal:
    """Independent deals drawn one step after the other from the law, by numpy's generator."""
    generator = np.random.default_rng(seed)
    squared_macro, squared_bucket = SQUARED_LOADINGS[data["dependence"]["variance_shares"]]
    regimes = standardised_regimes(data)
    label = generator.choice(len(regimes), size=deals, p=[p for p, _, _ in regimes])
    lows = np.array([low for _, low, _ in regimes])[label]
    highs = np.array([high for _, _, high in regimes])[label]
    score = np.sqrt(squared_macro) * generator.uniform(lows, highs)
    score += np.sqrt(squared_bucket) * generator.standard_normal(deals)
    score += np.sqrt(1 - squared_macro - squared_bucket) * generator.standard_normal(deals)
    rank = np.concatenate([latent_distribution(data, part) for part in np.array_split(score, 20)])
    return _returns(data, bucket, rank=rank, path_normal=generator.standard_normal(deals))


def _returns(
    data: dict[str, Any], bucket: dict[str, Any], *, rank: Floats, path_normal: Floats
) -> Deal:
    exits = ending_probabilities(data, bucket, exited=True)
    failures = ending_probabilities(data, bucket, exited=False)
    failure_probability = sum(failures.values())
    failed = rank < failure_probability
    among_exits = np.clip((rank - failure_probability) / (1 - failure_probability), 1e-15, 1)
    coupling = data["dependence"]["value_path_coupling"]
    rank_normal = stats.norm.ppf(among_exits)
    quantile = stats.norm.cdf(coupling * rank_normal + np.sqrt(1 - coupling**2) * path_normal)
    exit_path = _first_reaching(exits, quantile)
    fail_path = _first_reaching(failures, stats.norm.cdf(path_normal))
    graduations = np.where(failed, fail_path, exit_path)
    held = np.array(
        [shares_and_spending(data, bucket, j) for j in range(int(graduations.max()) + 1)]
    )
    shares, spent = held[graduations, 0], held[graduations, 1]
    lost = recovery(data, rank / failure_probability) * (1 + spent)
    won = exit_multiple(data, bucket, rank_normal) * shares
    reserve = bucket["reserve_ratio"]
    returned = reserve - spent if data["unspent_reserves"] == "returned" else 0.0
    return Deal(multiples=(np.where(failed, lost, won) + returned) / (1 + reserve), failed=failed)


def _first_reaching(endings: dict[int, float], quantile: Floats) -> NDArray[np.intp]:
    """The number of graduations of the first ending whose cumulative probability is reached."""
    position = np.searchsorted(_cumulative(endings), quantile, side="left")
    return np.array(list(endings))[np.minimum(position, len(endings) - 1)]

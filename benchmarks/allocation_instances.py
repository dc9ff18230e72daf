"""Random allocation problems of three kinds of fund, for measuring solvers against one another.

Scenarios follow Keel's own law, with random buckets over four stages:

* ``div``: three to eight deals in a bucket, so that each bucket is spread over several deals;
* ``macro``: four to ten deals under the crisis-prone preset, so that regimes move all buckets;
* ``conc``: one to three deals, so that single deals decide and scenarios have little in common.

The limit on CVaR lies halfway between the least CVaR and that of the best allocation without risk
limits. The limit on loss probability lies part of the way from what the best allocation within the
CVaR limit loses to the least that reweighted l1 minimisation finds: none of it (``slack``), a fifth
(``mild``) or half (``strong``).
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from optimization.solver.measures.risk import cvar, losing_scenarios
from optimization.solver.stated.problem import (
    AllocationProblem,
    Bucket,
    CvarLimit,
    Limits,
    WeightRange,
)
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.sample import Sample

Family = Literal["div", "macro", "conc"]
Strength = Literal["slack", "mild", "strong"]

CONFIDENCE = 0.95
STAGES = ("seed", "series_a", "series_b", "series_c")
ALL_IN_USD = ("2500000", "5000000", "8000000", "12000000")
RESERVE_RATIOS = (1.0, 0.8, 0.6, 0.4)
CAPITAL_USD = Decimal("250000000")
DEALS: dict[Family, tuple[int, int]] = {"div": (3, 8), "macro": (4, 10), "conc": (1, 3)}
VARIANCE_SHARES: dict[Family, str] = {"div": "market", "macro": "crisis_prone", "conc": "market"}
SHARE_OF_THE_WAY: dict[Strength, float] = {"slack": 0.0, "mild": 0.2, "strong": 0.5}
REWEIGHTINGS = 12
SMALL_LOSS = 0.02
# Stage by stage: exit, graduation and failure per round; median and 90 % quantile of an exit.
RATES = {
    "seed": (0.09, 0.46, 0.37, 2.1, 13.5, 2.2),
    "series_a": (0.15, 0.48, 0.25, 2.0, 10.0, 2.0),
    "series_b": (0.22, 0.45, 0.22, 1.85, 7.5, 1.8),
    "series_c": (0.41, 0.25, 0.24, 1.65, 5.5, 1.6),
    "late": (0.60, 0.0, 0.20, None, None, None),
}


def instance(
    *, family: Family, strength: Strength, buckets: int, scenarios: int, seed: int
) -> AllocationProblem:
    """The problem with these properties; equal arguments give the same problem."""
    model = scenario_model(family=family, buckets=buckets, seed=seed)
    multiples = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=scenarios)
    names = [key.split("/") for key in model.bucket_keys]
    problem = AllocationProblem(
        capital_usd=CAPITAL_USD,
        buckets=tuple(
            Bucket(
                key=key,
                stage=stage,
                sector=sector,
                all_in_cost_usd=Decimal(ALL_IN_USD[STAGES.index(stage)]),
                deal_win_probability=float(win),
                expected_multiple=float(mean),
            )
            for key, (stage, sector), win, mean in zip(
                model.bucket_keys,
                names,
                model.deal_win_probabilities,
                model.expected_multiples,
                strict=True,
            )
        ),
        multiples=multiples.astype(np.float64),
        limits=_policy_limits(buckets, sectors={sector for _, sector in names}),
    )
    return _with_loss_limit(_with_cvar_limit(problem), SHARE_OF_THE_WAY[strength])


def scenario_model(*, family: Family, buckets: int, seed: int) -> ScenarioModel:
    """The law of the instances with these properties."""
    return build_model(parse_config(_config(family=family, buckets=buckets, seed=seed)))


def _policy_limits(buckets: int, *, sectors: set[str]) -> Limits:
    stages = {stage: WeightRange(minimum=0.05, maximum=0.45) for stage in STAGES}
    return Limits(
        max_bucket_weight=max(0.08, min(0.3, 6 / buckets)),
        stages=stages,
        sectors={sector: WeightRange(maximum=0.5) for sector in sorted(sectors)},
    )


def _config(*, family: Family, buckets: int, seed: int) -> dict[str, Any]:
    draw = np.random.default_rng([seed, buckets, *family.encode()])
    fewest, most = DEALS[family]
    return {
        "schema": 1,
        "regimes": _regimes(),
        "stages": {stage: _stage(*rates) for stage, rates in RATES.items()},
        "financing": {
            "dilution_per_round": 0.20,
            "option_pool_refresh": 0.04,
            "pro_rata_participation": 0.70,
            "max_rounds": 8,
        },
        "exit_law": {"law": "lognormal_pareto", "tail_index": 1.5, "multiple_cap": 300},
        "failure_recovery": {"threshold": 0.55, "maximum": 0.80},
        "dependence": {
            "variance_shares": VARIANCE_SHARES[family],
            "factor_shares": {"sector": 0.5, "stage": 0.2, "bucket": 0.3},
            "value_path_coupling": 0.25,
        },
        "unspent_reserves": "returned",
        "seed": f"{family}.{buckets}.{seed}",
        "buckets": [
            {
                "key": f"{STAGES[index % len(STAGES)]}/s{index // len(STAGES):02}",
                "stage": STAGES[index % len(STAGES)],
                "sector": f"s{index // len(STAGES):02}",
                "reserve_ratio": RESERVE_RATIOS[index % len(STAGES)],
                "reference_deals": float(draw.integers(fewest, most + 1)),
                "cheque_variation": 0.35,
                "risk_multiplier": float(draw.uniform(0.85, 1.15)),
                "return_multiplier": float(draw.uniform(0.85, 1.15)),
            }
            for index in range(buckets)
        ],
    }


def _regimes() -> list[dict[str, Any]]:
    return [
        {"name": name, "probability": share, "shock_min": lowest, "shock_max": highest}
        for name, share, lowest, highest in (
            ("recession", 0.25, -1.0, -0.3),
            ("base", 0.50, -0.3, 0.3),
            ("boom", 0.25, 0.3, 1.0),
        )
    ]


def _stage(
    exits: float,
    graduates: float,
    fails: float,
    median: float | None,
    p90: float | None,
    step_up: float | None,
) -> dict[str, Any]:
    return {
        "exit_probability": exits,
        "graduate_probability": graduates,
        "fail_probability": fails,
        "exit_multiple_median": median,
        "exit_multiple_p90": p90,
        "step_up": step_up,
        "years_per_round": 2.2,
    }


def _with_cvar_limit(problem: AllocationProblem) -> AllocationProblem:
    best = _weights(problem, scenario_costs=None, cvar_maximum=None)
    worst = cvar(best @ problem.multiples, confidence=CONFIDENCE)
    safest = _weights(problem, scenario_costs=None, cvar_maximum=None, minimise_cvar=True)
    least = cvar(safest @ problem.multiples, confidence=CONFIDENCE)
    limit = CvarLimit(confidence=CONFIDENCE, maximum=round(least + 0.5 * (worst - least), 4))
    return problem.with_limits(replace(problem.limits, cvar=limit))


def _with_loss_limit(problem: AllocationProblem, share: float) -> AllocationProblem:
    limit = problem.limits.cvar.maximum if problem.limits.cvar else None
    weights = _weights(problem, scenario_costs=None, cvar_maximum=limit)
    most = least = losing_scenarios(weights @ problem.multiples)
    for _ in range(REWEIGHTINGS if share else 0):
        loss = np.maximum(0.0, 1 - weights @ problem.multiples)
        weights = _weights(problem, scenario_costs=1 / (loss + SMALL_LOSS), cvar_maximum=limit)
        least = min(least, losing_scenarios(weights @ problem.multiples))
    allowed = round(most - share * (most - least))
    maximum = allowed / problem.scenarios
    return problem.with_limits(replace(problem.limits, max_loss_probability=maximum))


def _weights(
    problem: AllocationProblem,
    *,
    scenario_costs: NDArray[np.float64] | None,
    cvar_maximum: float | None,
    minimise_cvar: bool = False,
) -> NDArray[np.float64]:
    """The best weights (B,): highest mean, least weighted loss, or least CVaR.

    Variables: w, the losses y, and for CVaR the tail's edge and the excesses u over it.
    """
    buckets, scenarios = problem.multiples.shape
    columns = buckets + 2 * scenarios + 1
    edge, excess = buckets + scenarios, buckets + scenarios + 1
    costs = np.zeros(columns)
    if minimise_cvar:
        costs[edge] = 1.0
        costs[excess:] = 1 / ((1 - CONFIDENCE) * scenarios)
    elif scenario_costs is not None:
        costs[buckets:edge] = scenario_costs
    else:
        costs[:buckets] = -problem.expected_multiples()
    rows, limits = _rows(problem, cvar_maximum)
    maximum = problem.limits.max_bucket_weight
    solved = linprog(
        costs,
        A_ub=rows,
        b_ub=limits,
        A_eq=np.pad(np.ones(buckets), (0, columns - buckets))[None, :],
        b_eq=[1.0],
        bounds=[(0, maximum)] * buckets + [(0, 1)] * (columns - buckets),
        method="highs",
    )
    if solved.x is None:
        raise ValueError(f"the instance has no allocation: {solved.message}")
    return np.asarray(solved.x[:buckets])


def _rows(
    problem: AllocationProblem, cvar_maximum: float | None
) -> tuple[Any, NDArray[np.float64]]:
    """a . x <= b, a sparse: losses, excesses over the edge, the CVaR limit, limits on groups."""
    buckets, scenarios = problem.multiples.shape
    ones = eye_array(scenarios, format="csr")
    none = csr_array((scenarios, 1))
    losses = [csr_array(-problem.multiples.T), -ones, none, csr_array((scenarios, scenarios))]
    edge = csr_array(-np.ones((scenarios, 1)))
    excesses = [csr_array((scenarios, buckets)), ones, edge, -ones]
    parts = [hstack(losses), hstack(excesses)]
    limits = [-np.ones(scenarios), np.zeros(scenarios)]
    if cvar_maximum is not None:
        tail = np.full(scenarios, 1 / ((1 - CONFIDENCE) * scenarios))
        parts.append(csr_array([[*np.zeros(buckets + scenarios), 1.0, *tail]]))
        limits.append(np.array([cvar_maximum]))
    for ranges, groups in (
        (problem.limits.stages, [bucket.stage for bucket in problem.buckets]),
        (problem.limits.sectors, [bucket.sector for bucket in problem.buckets]),
    ):
        for name, allowed in ranges.items():
            members = [*(float(group == name) for group in groups), *np.zeros(2 * scenarios + 1)]
            parts += [csr_array([members]), csr_array([members]) * -1.0]
            limits.append(np.array([allowed.maximum, -(allowed.minimum or 0.0)], dtype=float))
    return csr_array(vstack(parts)), np.concatenate(limits)

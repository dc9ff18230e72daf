"""What is measured of the scenario engine, each beside the goal it has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from benchmarks.plain_transcription import plain_multiples
from benchmarks.scenario_configs import DEALS, benchmark_config
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.model import SCENARIOS_AT_ONCE, ScenarioModel, build_model
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.randomness.stream import Stream

# Shares of a deal need no calibration.
T_COPULA = {
    "copula": {"family": "t", "degrees_of_freedom": 4},
    "variance_shares": {"macro": 0.05, "bucket": 0.10, "idiosyncratic": 0.85},
    "share_level": "deal",
}
RECYCLING = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1.0,
    "max_deals": 3,
    "deadline_years": 6.0,
}
WANTED_DEALS_PER_SECOND = 60e6
WANTED_SECONDS_FEW = 0.030
WANTED_SECONDS_MANY = 0.060

_VARIATIONS = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    buckets: int
    few: int
    many: int
    rate: int
    plain: int


FULL = Sizes(buckets=50, few=400, many=5_000, rate=3 * SCENARIOS_AT_ONCE, plain=SCENARIOS_AT_ONCE)
QUICK = Sizes(buckets=4, few=40, many=100, rate=200, plain=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """``deals`` is how many deals one run draws, None where a rate would say nothing."""

    run: Callable[[], object]
    deals: int | None
    wanted_deals_per_second: float | None = None
    wanted_seconds: float | None = None


def scenario_tasks(sizes: Sizes, *, repetitions: int) -> dict[str, Task]:
    """By the words that name them in the table."""
    config = benchmark_config(buckets=sizes.buckets)
    model = build_model(config)
    few, many = f"{sizes.buckets} x {sizes.few:,}", f"{sizes.buckets} x {sizes.many:,}"
    return {
        **_yardsticks(config, model, sizes),
        "deal loop": _deal_loop(model, sizes),
        "whole generator": Task(
            run=partial(_matrix, model, sizes.rate),
            deals=sizes.buckets * DEALS * sizes.rate,
            wanted_deals_per_second=WANTED_DEALS_PER_SECOND,
        ),
        f"{few}, four new tables": _with_new_tables(sizes, sizes.few, repetitions),
        f"{few}, four new tables and exact means": _with_new_tables(
            sizes, sizes.few, repetitions, run=_matrix_and_means
        ),
        f"{few}, one new table": _with_new_tables(sizes, sizes.few, repetitions, stages=1),
        f"{few}, tables known": Task(
            run=lambda: _matrix(build_model(config), sizes.few),
            deals=None,
            wanted_seconds=WANTED_SECONDS_FEW,
        ),
        f"{few}": _drawn(model, sizes.few),
        f"{many}, four new tables": _with_new_tables(sizes, sizes.many, repetitions),
        f"{many}": _drawn(model, sizes.many),
        **{
            f"{many} {name}": _drawn(build_model(changed), sizes.many)
            for name, changed in _variants(sizes).items()
        },
        f"{many} cash flows": Task(
            run=partial(
                model.cash_flows, sample=Sample.OPTIMIZATION, first_scenario=0, count=sizes.many
            ),
            deals=sizes.buckets * DEALS * sizes.many,
        ),
    }


def _variants(sizes: Sizes) -> Mapping[str, ScenarioConfig]:
    changes: dict[str, dict[str, Any]] = {
        "antithetic": {"sampling": "antithetic"},
        "sobol": {"sampling": "sobol"},
        "t copula": {"dependence": T_COPULA},
        "recycling": {"recycling": RECYCLING},
    }
    return {
        name: benchmark_config(buckets=sizes.buckets, **change) for name, change in changes.items()
    }


def _yardsticks(config: ScenarioConfig, model: ScenarioModel, sizes: Sizes) -> dict[str, Task]:
    """As many words, normals and deals as ``sizes.plain`` scenarios of the model need."""
    draws = sizes.buckets * DEALS
    philox, generator = np.random.Philox(key=1), np.random.default_rng(1)
    return {
        "Philox words, half a word a deal": Task(
            run=lambda: [philox.random_raw(sizes.plain) for _ in range(draws // 2)],
            deals=draws * sizes.plain,
        ),
        "one plain normal a deal": Task(
            run=lambda: [generator.standard_normal(sizes.plain) for _ in range(draws)],
            deals=draws * sizes.plain,
        ),
        "plain numpy transcription": Task(
            run=partial(
                plain_multiples,
                config=benchmark_config(buckets=4),
                loadings=model.loadings[0],
                scenarios=sizes.plain,
                seed=1,
            ),
            deals=4 * DEALS * sizes.plain,
        ),
    }


def _deal_loop(model: ScenarioModel, sizes: Sizes) -> Task:
    """The deals alone, with their shared scores worked out beforehand."""
    stream = Stream(
        macro_purpose=1,
        factor_purpose=1,
        deal_purpose=1,
        first_scenario=0,
        count=min(SCENARIOS_AT_ONCE, sizes.rate),
    )
    scores = list(model.systemic.scores(buckets=model.buckets, stream=stream))

    def run() -> None:
        for pooled, shared in zip(model.pooled, scores, strict=True):
            pooled.multiples(shared_scores=shared, stream=stream)

    return Task(
        run=run,
        deals=sizes.buckets * DEALS * stream.count,
        wanted_deals_per_second=WANTED_DEALS_PER_SECOND,
    )


def _drawn(model: ScenarioModel, scenarios: int) -> Task:
    return Task(
        run=partial(_matrix, model, scenarios),
        deals=len(model.buckets) * DEALS * scenarios,
    )


def _with_new_tables(
    sizes: Sizes,
    scenarios: int,
    repetitions: int,
    *,
    stages: int = 4,
    run: Callable[[ScenarioModel, int], object] | None = None,
) -> Task:
    """From a configuration to its matrix. Every run has a law that no other has, the first of
    them uncounted."""
    drawn = run or _matrix
    wanted_seconds = WANTED_SECONDS_FEW if scenarios == sizes.few else WANTED_SECONDS_MANY
    configs = iter(
        [
            benchmark_config(buckets=sizes.buckets, stages=stages, variation=next(_VARIATIONS))
            for _ in range(repetitions + 1)
        ]
    )
    return Task(
        run=lambda: drawn(build_model(next(configs)), scenarios),
        deals=None,
        # The goal is for the matrix alone.
        wanted_seconds=None if run else wanted_seconds,
    )


def _matrix_and_means(model: ScenarioModel, scenarios: int) -> object:
    return _matrix(model, scenarios), model.exact_multiples, model.deal_win_probabilities


def _matrix(model: ScenarioModel, scenarios: int) -> object:
    return model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=scenarios)

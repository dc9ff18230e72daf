"""Validation: fresh scenarios, the deals that are bought, and a check that can fail."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from optimization.solver.allocate import allocate
from optimization.solver.stated.limits import parse_limits
from optimization.solver.stated.problem import AllocationProblem, Bucket
from optimization.validation import part as validation_part
from optimization.validation.metrics import validation_metrics
from optimization.validation.part import ValidationStopped
from scenarios.fund_config import scenario_config
from scenarios.simulation.configuration.canonical_key import law_key
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from tests.optimization.small_fund import SECTORS, STAGES, VERSION, small_facts

FACTS = small_facts()
SCENARIOS = 5000
# Every bucket costs 2 million a deal, so of 100 million a weight of w buys 50 w deals.
WEIGHTS = {"seed/fintech": 0.1, "seed/saas": 0.2, "series_a/fintech": 0.3, "series_a/saas": 0.4}
LIMITS: dict[str, Any] = {"max_bucket_weight": 0.4, "sectors": {"saas": {"min": 0.55}}}
CONFIDENCE = 0.9


AS_SIMULATED = (10.0, 10.0, 10.0, 10.0)


def config(deals: tuple[float, ...] = AS_SIMULATED) -> ScenarioConfig:
    """The law of the fund with these reference deals; its buckets are in the order of keys.

    Random numbers are the same whatever the deals.
    """
    law = scenario_config(calibration=FACTS.calibrations[VERSION], buckets=FACTS.buckets)
    if deals == AS_SIMULATED:
        return parse_config(law)
    buckets = [
        {**bucket, "reference_deals": number}
        for bucket, number in zip(law["buckets"], deals, strict=True)
    ]
    shared = {"random_numbers_of": law_key(config())}
    return parse_config({**law, "buckets": buckets, **shared})


@cache
def fresh_multiples(deals: tuple[float, ...] = AS_SIMULATED) -> NDArray[np.float64]:
    """(buckets, scenarios) of the validation sample, in one piece."""
    chunk = build_model(config(deals)).multiples(
        sample=Sample.VALIDATION, first_scenario=0, count=SCENARIOS
    )
    return chunk.astype(np.float64)


def portfolio(
    weights: dict[str, float], deals: tuple[float, ...] = AS_SIMULATED
) -> NDArray[np.float64]:
    outcome: NDArray[np.float64] = np.array(list(weights.values())) @ fresh_multiples(deals)
    return outcome


def problem(limits: dict[str, Any] = LIMITS) -> AllocationProblem:
    model = build_model(config())
    buckets = tuple(
        Bucket(
            key=key,
            stage=key.split("/")[0],
            sector=key.split("/")[1],
            all_in_cost_usd=Decimal("2000000.00"),
            deal_win_probability=float(model.deal_win_probabilities[row]),
            expected_multiple=float(model.expected_multiples[row]),
        )
        for row, key in enumerate(model.bucket_keys)
    )
    return AllocationProblem(
        capital_usd=FACTS.size_usd,
        buckets=buckets,
        multiples=model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=64).astype(
            np.float64
        ),
        limits=parse_limits(limits, sectors=SECTORS, stages=STAGES, buckets=buckets),
    )


def solution(**changes: Any) -> dict[str, Any]:
    """An allocation that meets `LIMITS`, with the fields that validation reads."""
    return {
        "weights": WEIGHTS,
        "cvar_confidence": CONFIDENCE,
        "first_pass_expected_multiple": 3.0,
        "relaxations": [],
    } | changes


def metrics(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "problem": problem(),
        "solution": solution(),
        "config": config(),
        "scenarios": SCENARIOS,
        "should_stop": lambda: False,
    }
    return validation_metrics(**(arguments | changes))


@cache
def found() -> dict[str, Any]:
    return metrics()


# Sums of four products in another order differ in the last digits of a double.
ROUNDING = 1e-12


def test_out_of_sample_mean_is_that_of_fresh_scenarios() -> None:
    estimate = found()["out_of_sample"]["mean_multiple"]
    assert estimate["value"] == pytest.approx(portfolio(WEIGHTS).mean(), rel=ROUNDING)


def test_out_of_sample_loss_probability_is_the_share_below_cost() -> None:
    estimate = found()["out_of_sample"]["loss_probability"]
    assert estimate["value"] == np.mean(portfolio(WEIGHTS) < 1 - 1e-6)


def test_out_of_sample_cvar_is_the_mean_loss_of_the_worst_tenth() -> None:
    # A tenth of 5000 scenarios is 500, a whole number.
    worst = np.sort(portfolio(WEIGHTS))[:500]
    estimate = found()["out_of_sample"]["cvar"]
    assert estimate["value"] == pytest.approx(np.maximum(1 - worst, 0).mean(), rel=ROUNDING)
    assert estimate["confidence"] == CONFIDENCE


def test_intervals_hold_the_estimates() -> None:
    for name in ("mean_multiple", "loss_probability", "cvar"):
        estimate = found()["out_of_sample"][name]
        assert estimate["low"] < estimate["value"] < estimate["high"]


def test_every_scenario_asked_for_is_used() -> None:
    fresh = found()["out_of_sample"]
    share_beyond = fresh["histogram"]["overflow_share"]
    assert fresh["scenarios"] == SCENARIOS
    assert sum(fresh["histogram"]["counts"]) + round(share_beyond * SCENARIOS) == SCENARIOS


def test_loss_probability_of_each_bucket_is_that_of_its_row() -> None:
    losing = np.mean(fresh_multiples() < 1 - 1e-6, axis=1)
    keys = [bucket.key for bucket in config().buckets]
    assert found()["bucket_loss_probability"] == dict(zip(keys, losing, strict=True))


def test_fresh_scenarios_are_not_those_that_were_searched() -> None:
    searched = problem().multiples.mean()
    assert fresh_multiples()[:, : problem().scenarios].mean() != searched


@pytest.mark.parametrize("block_scenarios", [97, 999, 5000, 5001])
def test_size_of_the_blocks_does_not_matter(
    block_scenarios: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_one_block = found()
    monkeypatch.setattr(validation_part, "BLOCK_SCENARIOS", block_scenarios)
    assert metrics() == in_one_block


def test_deals_bought_are_what_the_dollars_pay_for() -> None:
    bought = {row["key"]: row["deals"] for row in found()["deals_bought"]["buckets"]}
    # 10, 20, 30 and 40 million at 2 million each.
    assert bought == pytest.approx(
        {"seed/fintech": 5, "seed/saas": 10, "series_a/fintech": 15, "series_a/saas": 20}
    )


def test_risk_as_bought_is_simulated_with_the_deals_bought() -> None:
    bought = found()["deals_bought"]
    outcome = portfolio(WEIGHTS, (5, 10, 15, 20))
    assert bought["mean_multiple"]["value"] == pytest.approx(outcome.mean(), rel=ROUNDING)
    assert bought["loss_probability"]["value"] == np.mean(outcome < 1 - 1e-6)


def test_bucket_that_buys_a_part_of_a_deal_is_simulated_with_one() -> None:
    # 0.004 of the capital buys a fifth of a deal, nothing buys none.
    weights = {
        "seed/fintech": 0.0,
        "seed/saas": 0.004,
        "series_a/fintech": 0.4,
        "series_a/saas": 0.596,
    }
    bought = metrics(solution=solution(weights=weights))["deals_bought"]
    outcome = portfolio(weights, (1, 1, 20, 29.8))
    assert bought["mean_multiple"]["value"] == pytest.approx(outcome.mean(), rel=ROUNDING)
    assert bought["buckets"][1]["deals"] == pytest.approx(0.2)


def test_deals_bought_stand_beside_those_simulated() -> None:
    rows = found()["deals_bought"]["buckets"]
    assert [(row["weight"], row["reference_deals"]) for row in rows] == [
        (0.1, 10),
        (0.2, 10),
        (0.3, 10),
        (0.4, 10),
    ]


def checks(**changes: Any) -> dict[str, tuple[bool, str]]:
    return {
        check["name"]: (check["passed"], check["detail"]) for check in metrics(**changes)["checks"]
    }


LIMIT_CHECK = "Independent check of every limit"
GREEDY_CHECK = "Not beaten by a greedy allocation"


def test_allocation_inside_the_limits_passes_the_independent_check() -> None:
    assert checks()[LIMIT_CHECK][0] is True


BROKEN = {
    "max_bucket_weight": {**WEIGHTS, "series_a/saas": 0.41, "series_a/fintech": 0.29},
    "sectors.saas.min": {**WEIGHTS, "seed/saas": 0.1, "seed/fintech": 0.2},
    "budget": {**WEIGHTS, "seed/saas": 0.19},
}


@pytest.mark.parametrize("limit", BROKEN)
def test_allocation_that_breaks_a_limit_fails_the_independent_check(limit: str) -> None:
    passed, detail = checks(solution=solution(weights=BROKEN[limit]))[LIMIT_CHECK]
    assert passed is False
    assert limit in detail


def test_allocation_that_is_better_than_the_greedy_one_passes() -> None:
    answer = allocate(problem()).as_json()
    passed, detail = checks(solution=answer)[GREEDY_CHECK]
    assert passed is True
    assert "meets every limit" in detail


def test_allocation_that_a_simple_rule_beats_fails() -> None:
    assert checks(solution=solution(first_pass_expected_multiple=1.0))[GREEDY_CHECK][0] is False


def test_greedy_allocation_that_breaks_a_limit_is_no_rival() -> None:
    # The greedy rule does not look at risk: one bucket with everything loses too often for it.
    strict = {"cvar": {"confidence": CONFIDENCE, "max": 0.0}}
    passed, detail = checks(
        problem=problem(strict), solution=solution(first_pass_expected_multiple=1.0)
    )[GREEDY_CHECK]
    assert passed is True
    assert "no rival" in detail


def stop_after(calls: int) -> Callable[[], bool]:
    asked = iter(range(10_000))
    return lambda: next(asked) >= calls


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_validation_stops_between_two_blocks_when_told_to(
    calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation_part, "BLOCK_SCENARIOS", 1000)
    with pytest.raises(ValidationStopped):
        metrics(should_stop=stop_after(calls))


def test_scenarios_done_are_told_as_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_part, "BLOCK_SCENARIOS", 2000)
    told: list[int] = []
    metrics(progress=told.append)
    assert told == [2000, 4000, 5000]

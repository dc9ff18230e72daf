"""The independent checker: each limit kept by one allocation and broken by another."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from optimization.solver.measures import risk
from optimization.solver.rivals.limit_check import BrokenLimit, broken_limits
from optimization.solver.stated.problem import CvarLimit, WeightRange
from tests.optimization.solver.problems import market_multiples, problem

# Saas loses 50 % in the first of four scenarios; 50 deals each, winners .02 and .10 a deal.
MULTIPLES = [[0.5, 2.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0]]
WINS = [{"deal_win_probability": 0.02}, {"deal_win_probability": 0.10}]


def broken(weights: list[float], **limits: Any) -> tuple[BrokenLimit, ...]:
    built = problem(["seed/saas", "series_a/bio"], MULTIPLES, bucket_fields=WINS, **limits)
    return broken_limits(problem=built, weights=weights)


@pytest.mark.parametrize(
    ("limits", "kept_by", "broken_by", "expected"),
    [
        (
            {"max_bucket_weight": 0.6},
            [0.6, 0.4],
            [0.61, 0.39],
            BrokenLimit("max_bucket_weight", 0.6, 0.61),
        ),
        (
            {"stages": {"seed": WeightRange(minimum=0.3)}},
            [0.3, 0.7],
            [0.2, 0.8],
            BrokenLimit("stages.seed.min", 0.3, 0.2),
        ),
        (
            {"stages": {"series_a": WeightRange(maximum=0.7)}},
            [0.3, 0.7],
            [0.2, 0.8],
            BrokenLimit("stages.series_a.max", 0.7, 0.8),
        ),
        (
            {"sectors": {"bio": WeightRange(minimum=0.5)}},
            [0.5, 0.5],
            [0.6, 0.4],
            BrokenLimit("sectors.bio.min", 0.5, 0.4),
        ),
        (
            {"sectors": {"saas": WeightRange(maximum=0.5)}},
            [0.5, 0.5],
            [0.6, 0.4],
            BrokenLimit("sectors.saas.max", 0.5, 0.6),
        ),
        # One of four scenarios loses as soon as Saas holds anything.
        (
            {"max_loss_probability": 0.0},
            [0.0, 1.0],
            [0.5, 0.5],
            BrokenLimit("max_loss_probability", 0.0, 0.25),
        ),
        # The tail of .75 is the first scenario; its loss is half the weight in Saas.
        (
            {"cvar": CvarLimit(0.75, 0.2)},
            [0.4, 0.6],
            [0.5, 0.5],
            BrokenLimit("cvar", 0.2, 0.25),
        ),
        # Winners 1 w + 5 (1 - w).
        (
            {"min_expected_winners": 3.0},
            [0.5, 0.5],
            [0.75, 0.25],
            BrokenLimit("min_expected_winners", 3.0, 2.0),
        ),
        ({}, [0.5, 0.5], [0.5, 0.4], BrokenLimit("budget", 1.0, 0.9)),
        ({}, [0.5, 0.5], [1.5, -0.5], BrokenLimit("weights", 0.0, -0.5)),
    ],
)
def test_each_limit_is_kept_by_one_allocation_and_broken_by_another(
    limits: dict[str, Any], kept_by: list[float], broken_by: list[float], expected: BrokenLimit
) -> None:
    assert broken(kept_by, **limits) == ()
    (found,) = broken(broken_by, **limits)
    assert found.id == expected.id
    assert found.limit == expected.limit
    assert found.actual == pytest.approx(expected.actual, abs=1e-12)


def test_every_broken_limit_is_found() -> None:
    found = broken([0.9, 0.0], max_bucket_weight=0.8, max_loss_probability=0.0)

    assert [limit.id for limit in found] == ["budget", "max_bucket_weight", "max_loss_probability"]


def test_weights_that_are_not_numbers_break_limits() -> None:
    assert "budget" in [limit.id for limit in broken([float("nan"), 0.5])]


def test_number_of_weights_must_fit() -> None:
    with pytest.raises(ValueError, match="1 weights for 2 buckets"):
        broken([1.0])


@pytest.mark.parametrize("confidence", [0.05, 0.5, 0.625, 0.9, 0.95, 0.999])
def test_its_cvar_agrees_with_the_tail_mean(confidence: float) -> None:
    multiples = market_multiples(seed=9, buckets=3, scenarios=37)
    weights = [0.2, 0.3, 0.5]
    tail_mean = risk.cvar(
        risk.portfolio_multiples(weights=np.array(weights), multiples=multiples),
        confidence=confidence,
    )

    built = problem(
        ["seed/a", "seed/b", "seed/c"], multiples, cvar=CvarLimit(confidence, tail_mean - 0.001)
    )

    (found,) = broken_limits(problem=built, weights=weights)
    assert found.actual == pytest.approx(tail_mean, abs=1e-12)


def test_checker_and_greedy_allocator_load_nothing_of_the_model() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, optimization.solver.rivals.limit_check, optimization.solver.rivals.greedy;"
            "print('\\n'.join(sys.modules))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert "optimization.solver.rivals.limit_check" in loaded
    for module in ("pulp", "highspy", "django"):
        assert module not in loaded
    for module in ("model", "report", "first_pass", "second_pass", "allocate"):
        assert f"optimization.solver.{module}" not in loaded

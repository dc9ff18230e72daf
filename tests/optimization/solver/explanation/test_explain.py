"""What every explanation keeps to, whatever the problem."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.solver.allocate import allocate
from optimization.solver.explanation.explanation import Explanation
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import market_multiples, problem

# Each example solves some dozens of small programs; slow machines must not fail on time.
EXAMPLES = settings(max_examples=25, deadline=None)
# Sums of at most four products of float64 numbers of the order of 1.
ROUNDING = 1e-12


@st.composite
def problems(draw: st.DrawFn) -> AllocationProblem:
    buckets = draw(st.integers(2, 4))
    return problem(
        ["seed/saas", "late/bio", "late/saas", "seed/bio"][:buckets],
        market_multiples(seed=draw(st.integers(0, 2**32 - 1)), buckets=buckets, scenarios=20),
        max_loss_probability=draw(st.none() | st.integers(0, 10).map(lambda n: n / 20)),
        cvar=draw(st.none() | st.builds(CvarLimit, st.just(0.8), st.floats(0.1, 0.9))),
        max_bucket_weight=draw(st.none() | st.floats(0.5, 1.0)),
        stages=draw(st.just({}) | st.just({"seed": WeightRange(0.2, 0.6)})),
    )


def explained(stated: AllocationProblem) -> Explanation | None:
    return allocate(stated).explanation


@EXAMPLES
@given(problems())
def test_no_gain_is_negative_or_above_its_most(stated: AllocationProblem) -> None:
    explanation = explained(stated)

    for value in explanation.limit_values if explanation else ():
        assert value.multiple_gain is not None
        assert value.gain_at_most is not None
        assert 0 <= value.multiple_gain <= value.gain_at_most
        if value.method == "dual":
            # The optimum is concave in the limit; 1e-6 is what a limit on CVaR leaves open.
            assert value.dual is not None
            assert value.gain_at_most <= value.dual * value.step + 1e-6


@EXAMPLES
@given(problems())
def test_contributions_sum_to_the_allocations_figures(stated: AllocationProblem) -> None:
    allocation = allocate(stated)
    if allocation.explanation is None:
        assert not allocation.was_found
        return

    parts = allocation.explanation.contributions
    assert [part.key for part in parts] == list(allocation.weights)
    assert [part.weight for part in parts] == list(allocation.weights.values())
    multiple = math.fsum(part.expected_multiple for part in parts)
    assert multiple == pytest.approx(allocation.expected_multiple, abs=ROUNDING)
    tail_loss = math.fsum(part.tail_loss for part in parts)
    assert tail_loss == pytest.approx(allocation.cvar, abs=ROUNDING)
    shares = [part.tail_loss_share for part in parts]
    if allocation.cvar == 0:
        assert shares == [None] * len(parts)
    else:
        assert math.fsum(share or 0.0 for share in shares) == pytest.approx(1.0, abs=1e-9)


def test_permuted_buckets_have_the_same_explanation() -> None:
    keys = ["seed/saas", "seed/bio", "late/saas", "late/bio"]
    multiples = market_multiples(seed=7, buckets=4, scenarios=40)
    order = [2, 0, 3, 1]
    limits: dict[str, Any] = {
        "max_loss_probability": 0.35,
        "cvar": CvarLimit(0.8, 0.7),
        "max_bucket_weight": 0.6,
    }

    one = explained(problem(keys, multiples, **limits))
    other = explained(problem([keys[b] for b in order], multiples[order], **limits))

    assert one is not None
    assert other is not None
    assert one.limit_values
    assert other.limit_values == one.limit_values
    assert other.contributions == tuple(one.contributions[b] for b in order)


def test_explanation_is_null_without_an_allocation() -> None:
    infeasible = allocate(problem(["seed/saas"], [[0.5, 0.5]], max_loss_probability=0.0))

    assert infeasible.status == "infeasible"
    assert infeasible.as_json()["explanation"] is None


def test_explanation_in_json_has_the_fields_of_the_contract() -> None:
    stated = problem(["seed/saas", "seed/bio"], [[1.0, 3.0], [1.5, 1.5]], max_bucket_weight=0.7)

    explanation = allocate(stated).as_json()["explanation"]

    assert set(explanation) == {"limit_values", "contributions"}
    assert set(explanation["limit_values"][0]) == {
        "constraint",
        "loosened_to",
        "step",
        "multiple_gain",
        "gain_at_most",
        "dual",
        "method",
    }
    assert set(explanation["contributions"][0]) == {
        "key",
        "weight",
        "expected_multiple",
        "expected_multiple_share",
        "tail_loss",
        "tail_loss_share",
    }

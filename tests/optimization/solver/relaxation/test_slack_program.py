"""One program for all slacks, against programs that are written out whole."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.relaxation.slack_program import LimitClass, SlackProgram
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import high_and_low, market_multiples, problem

Floats = NDArray[np.float64]
CONFIDENCE = 0.85
BUCKETS, SCENARIOS = 6, 40
# Rows of both programs are kept to 1e-9 each, and a few of them are worth no more than ten times
# as much together.
SAME = 1e-8
SEEDS = range(5)


def crowded(seed: int, **limits: Any) -> AllocationProblem:
    """A CVaR of 0 is out of reach."""
    stages = ["seed", "series_a"]
    built = problem(
        [f"{stages[b % 2]}/s{b}" for b in range(BUCKETS)],
        market_multiples(seed=seed, buckets=BUCKETS, scenarios=SCENARIOS) * 0.8,
        cvar=CvarLimit(CONFIDENCE, 0.0),
        **limits,
    )
    return replace(built, relax=True)


def program_of(asked: AllocationProblem) -> SlackProgram:
    buckets = len(asked.buckets)
    return SlackProgram(asked, start=np.full(buckets, 1 / buckets), highs=BudgetedHighs(60))


def classes_of(program: SlackProgram) -> dict[str, LimitClass]:
    return {limits.type: limits for limits in program.in_order()}


def whole(
    asked: AllocationProblem,
    *,
    costs: Floats | None = None,
    cvar: float = 1.0,
    gaining: frozenset[int] = frozenset(),
    losses: float | None = None,
) -> float | None:
    """Least CVaR, or ``costs`` . w with CVaR at most ``cvar``; x is w, tau, CVaR and losses y.
    ``losses`` bounds the sum of y over the most that can be lost, or 1 where a loss is certain.
    None when there is none.
    """
    buckets, scenarios = asked.multiples.shape
    size = buckets + 2 + 2 * scenarios
    loss, excess = buckets + 2, buckets + 2 + scenarios
    rows, bounds = [], []

    def add(entries: dict[int, float], bound: float, row: Floats | None = None) -> None:
        wide = np.zeros(size) if row is None else np.pad(row, (0, size - row.size))
        wide[list(entries)] = list(entries.values())
        rows.append(wide)
        bounds.append(bound)

    tail = (1 - CONFIDENCE) * scenarios
    add({buckets: 1, buckets + 1: -1} | {excess + s: 1 / tail for s in range(scenarios)}, 0.0)
    for s in range(scenarios):
        add({loss + s: -1}, -1.0, -asked.multiples[:, s])
        add({excess + s: -1, loss + s: 1, buckets: -1}, 0.0)
    if losses is not None:
        most, certain = 1 - asked.multiples.min(axis=0), asked.multiples.max(axis=0) < 1
        open_ = np.flatnonzero((most > 0) & ~certain).tolist()
        add({loss + s: 1 / most[s] for s in open_}, losses - np.count_nonzero(certain))
    objective = np.zeros(size)
    if costs is None:
        objective[buckets + 1] = 1.0
    else:
        objective[:buckets] = costs
    budget = np.pad(np.ones(buckets), (0, size - buckets))
    highest = np.full(size, np.inf)
    highest[buckets + 1] = cvar
    highest[[loss + s for s in gaining]] = 0.0
    solved = linprog(
        objective,
        A_ub=np.array(rows),
        b_ub=bounds,
        A_eq=budget[None, :],
        b_eq=[1.0],
        bounds=[(0.0, most) for most in highest.tolist()],
        method="highs",
    )
    return solved.fun if solved.status == 0 else None


@pytest.mark.parametrize("seed", SEEDS)
def test_least_slack_of_cvar_is_that_of_the_whole_program(seed: int) -> None:
    asked = crowded(seed)
    program = program_of(asked)

    point = program.least(classes_of(program)["cvar"].largest)

    assert point is not None
    assert point.least == pytest.approx(whole(asked), abs=SAME)


@pytest.mark.parametrize("seed", SEEDS)
def test_least_slack_with_given_losing_scenarios_is_that_of_the_whole_program(seed: int) -> None:
    asked = crowded(seed)
    program = program_of(asked)
    aim = classes_of(program)["cvar"].largest
    free = program.least(aim)
    assert free is not None
    by_loss = np.argsort(free.weights @ asked.multiples)
    lost = int(np.count_nonzero(free.weights @ asked.multiples < 1))

    # Ever fewer of those that lose may, until no allocation is left.
    for may in range(lost, 0, -3):
        losing = frozenset(by_loss[:may].tolist())
        gaining = frozenset(range(SCENARIOS)) - losing
        point, least = program.least(aim, losing=losing), whole(asked, gaining=gaining)
        if point is None:
            assert least is None
        else:
            assert point.least == pytest.approx(least, abs=SAME)
            assert set(np.flatnonzero(point.weights @ asked.multiples < 1 - 1e-8)) <= losing
    # What was required of some scenarios is not required of others.
    again = program.least(aim)
    assert again is not None
    assert again.least == pytest.approx(free.least, abs=SAME)


# In the first three the sum of losses holds CVaR up, in the fourth it does not.
@pytest.mark.parametrize(("seed", "allowed"), [(0, 8), (1, 6), (4, 11), (4, 12)])
def test_limit_on_losses_bounds_slacks_as_switches_between_0_and_1_do(
    seed: int, allowed: int
) -> None:
    asked = crowded(seed, max_loss_probability=allowed / SCENARIOS)
    program = program_of(asked)

    point = program.least(classes_of(program)["cvar"].largest)

    assert point is not None
    # The sum may be exceeded by 1e-6 of a loss, which is worth no more than as much.
    assert point.least == pytest.approx(whole(asked, losses=allowed), abs=1e-6)


def test_no_sum_of_losses_within_the_limit_leaves_no_allocation() -> None:
    asked = crowded(4, max_loss_probability=10 / SCENARIOS)
    program = program_of(asked)

    assert whole(asked, losses=10.0) is None
    assert program.least(classes_of(program)["cvar"].largest) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_highest_expected_multiple_is_that_of_the_whole_program_under_what_is_granted(
    seed: int,
) -> None:
    asked = crowded(seed)
    program = program_of(asked)
    point = program.least(classes_of(program)["cvar"].largest)
    assert point is not None

    for more in (1e-6, 0.01):
        found = program.highest_expected_multiple({"cvar": point.least + more})
        costs = -asked.expected_multiples()
        best = whole(asked, costs=costs, cvar=point.least + more)
        assert found is not None
        assert best is not None
        # CVaR is kept to 1e-9, and a little of it is worth much near the least.
        assert found.bound == pytest.approx(-best, abs=1e-6)
        assert found.weights is not None
        lost = np.flatnonzero(found.weights @ asked.multiples < 1 - 1e-8)
        assert found.losing == set(lost.tolist())


def test_less_protected_classes_are_free_until_they_are_given_out() -> None:
    # Safe never loses and Risky may, but a quarter is to go there.
    asked = replace(
        problem(
            ["seed/saas", "series_a/bio"],
            [[1.0, 1.0], [0.0, 3.0]],
            cvar=CvarLimit(0.5, 0.1),
            stages={"series_a": WeightRange(minimum=0.25)},
        ),
        relax=True,
    )
    program = program_of(asked)
    in_order = program.in_order()

    cvar = next(in_order)
    alone = program.least(cvar.largest)
    program.bound(cvar.largest, 0.0)
    stage = next(in_order)
    after = program.least(stage.largest)

    assert alone is not None
    assert alone.least == pytest.approx(0.0, abs=1e-9)
    # A CVaR of .1 lets Risky hold .1.
    assert after is not None
    assert after.least == pytest.approx(0.15, abs=2e-9)
    assert program.needed(stage, after.weights)[stage.largest] == pytest.approx(0.15, abs=2e-9)


def test_scenario_always_loses_where_no_granted_allocation_gains() -> None:
    # Within a bucket maximum of .8, Low's 0.9 and High's 0 lose in the last six scenarios; High
    # alone pays in scenarios 266 to 279, and there .8 x 5 gains.
    asked = high_and_low(max_bucket_weight=0.8)
    program = program_of(asked)
    list(program.in_order())
    program.highest_expected_multiple({})

    assert program.always_lose([394, 399])
    assert not program.always_lose([394, 266])

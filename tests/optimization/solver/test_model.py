import pulp
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.model import (
    build_model,
    lock_expected_multiple,
    nothing_known,
)
from optimization.solver.scenario_bounds import scenario_bounds
from optimization.solver.stated.problem import AllocationProblem, CvarLimit, WeightRange
from tests.optimization.solver.problems import market_multiples, problem


def textbook(built: AllocationProblem) -> pulp.LpProblem:
    return build_model(built, bounds=nothing_known(built.scenarios)).program


def test_rows_are_named_after_the_limits_in_the_report() -> None:
    program = textbook(
        problem(
            ["seed/saas", "series_a/health care"],
            [[0.5], [1.0]],
            max_loss_probability=1.0,
            cvar=CvarLimit(0.95, 0.5),
            min_expected_winners=1.0,
            max_bucket_weight=0.6,
            stages={"seed": WeightRange(minimum=0.1)},
            sectors={"health care": WeightRange(maximum=0.9)},
        )
    )

    assert [row.name for row in program.constraints()] == [
        "budget",
        "max_bucket_weight.seed%2fsaas",
        "max_bucket_weight.series_a%2fhealth%20care",
        "stages.seed.min",
        "sectors.health%20care.max",
        "min_expected_winners",
        "loss.0",
        "max_loss_probability.0",
        "max_loss_probability",
        "cvar.0",
        "cvar",
    ]


def test_names_that_differ_only_in_special_characters_stay_apart() -> None:
    program = textbook(
        problem(["seed/a b", "seed/a-b", "seed/a_b"], [[1.0]] * 3, max_bucket_weight=0.5)
    )

    assert len(program.constraints()) == 4


def test_limits_that_are_not_stated_have_no_rows_and_no_binaries() -> None:
    program = textbook(problem(["seed/saas"], [[0.5, 2.0]]))

    assert [row.name for row in program.constraints()] == ["budget"]
    assert not program.isMIP()


@pytest.mark.parametrize("seed", range(5))
def test_what_is_known_of_scenarios_does_not_change_the_optimum(seed: int) -> None:
    built = problem(
        ["seed/a", "seed/b", "series_a/a"],
        market_multiples(seed=seed, buckets=3, scenarios=30),
        max_loss_probability=0.4,
        cvar=CvarLimit(confidence=0.9, maximum=0.9),
        max_bucket_weight=0.6,
    )
    known = scenario_bounds(multiples=built.multiples, max_bucket_weight=0.6)
    highs = BudgetedHighs(60.0)

    plain = highs.solve(textbook(built))
    shrunk = highs.solve(build_model(built, bounds=known).program)

    assert plain.status == shrunk.status
    if plain.status == "optimal":
        # Both are proved to a gap of 1e-9.
        assert shrunk.objective == pytest.approx(plain.objective, abs=1e-7)


def test_locked_model_has_no_allocation_below_the_lock() -> None:
    built = problem(["seed/a", "seed/b"], [[2.0], [1.0]])
    model = build_model(built, bounds=nothing_known(1))
    lock_expected_multiple(model, minimum=1.8)
    model.program.sense = pulp.LpMinimize

    assert BudgetedHighs(60.0).solve(model.program).objective == pytest.approx(1.8, abs=1e-9)

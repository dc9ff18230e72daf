"""Which scenarios the program that counts losing scenarios looks at."""

import numpy as np
import pytest

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.count_program import CountProgram
from optimization.solver.exact.multiple_slice import MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget
from tests.optimization.solver.problems import market_multiples, problem

KEYS = ["seed/a", "seed/b", "series_a/a", "series_a/b"]


def tightened(seed: int) -> MultipleSlice:
    built = problem(
        KEYS,
        market_multiples(seed=seed, buckets=4, scenarios=40),
        max_loss_probability=0.35,
        max_bucket_weight=0.7,
    )
    piece = MultipleSlice(
        built, minimum=1.55, cuts=(), near=range(40), budget=SearchBudget(BudgetedHighs(60.0))
    )
    piece.tighten()
    return piece


def program_of(piece: MultipleSlice, *, counted: tuple[int, ...] | None) -> CountProgram:
    return CountProgram(piece, budget=SearchBudget(BudgetedHighs(60.0)), counted=counted)


@pytest.mark.parametrize("seed", [1, 4, 6])
def test_counting_what_loses_as_it_shows_gives_the_count_of_all(seed: int) -> None:
    every = program_of(tightened(seed), counted=None)
    expected = every.solve().objective
    lazy = program_of(tightened(seed), counted=())

    outcome = lazy.solve()
    while lazy.count(lazy.lost(outcome)):
        outcome = lazy.solve()

    # Programs keep their rows to 1e-9; a count sums up to 40 of them.
    assert outcome.objective == pytest.approx(expected, abs=1e-6)
    assert len(lazy.scenarios) <= len(every.scenarios)


def test_scenarios_that_never_lose_in_the_slice_are_not_counted() -> None:
    piece = tightened(4)
    never = sorted(set(range(40)) - set(piece.free))
    program = program_of(piece, counted=())

    assert never
    assert not program.count(never)
    assert program.scenarios == []


def test_scenario_is_counted_once() -> None:
    piece = tightened(4)
    program = program_of(piece, counted=())

    assert program.count(piece.free[:2])
    assert not program.count(np.array(piece.free[:2]).tolist())
    assert program.scenarios == piece.free[:2]

"""Ordinary problems whose numbers once kept a linear program from its end."""

import json
from pathlib import Path

import pytest

from optimization.solver.allocate import allocate
from optimization.solver.rivals.limit_check import broken_limits
from optimization.solver.stated.problem import parse_problem
from optimization.solver.stated.single_limits import with_values

PROBLEMS = Path(__file__).parent / "hard_numbers"


@pytest.mark.parametrize(
    "name",
    [
        # The simplex method ends a cut's program, of 6 columns, 6e-4 outside its rows.
        "cut_without_an_end.json",
        # With an epsilon of 0 the first pass's own weights miss the lock by what rows are kept to.
        "nothing_to_give_up.json",
    ],
)
def test_problem_gets_an_allocation_within_what_was_granted(name: str) -> None:
    problem = parse_problem(json.loads((PROBLEMS / name).read_text()))

    found = allocate(problem)

    granted = {given.constraint: given.granted for given in found.relaxations}
    allowed = problem.with_limits(with_values(problem.limits, granted))
    assert found.status == "relaxed"
    assert not broken_limits(problem=allowed, weights=list(found.weights.values()))

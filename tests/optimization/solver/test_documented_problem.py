"""The example in docs/commands.md is what the command reads, and its figures are so."""

import json
from pathlib import Path

import pytest

from optimization.solver.allocate import allocate
from optimization.solver.stated.problem import parse_problem

COMMANDS = Path(__file__).resolve().parents[3] / "docs" / "commands.md"


def test_documented_problem_has_the_documented_answer() -> None:
    example = COMMANDS.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]

    allocation = allocate(parse_problem(json.loads(example)))

    # .7 * 2.375 + .3 * 1.375 = 2.075, losing in the first scenario of four. A weight w gives
    # 1.375 + w, which may fall to .999 * 2.075 = 2.072925.
    assert allocation.first_pass_expected_multiple == pytest.approx(2.075, abs=1e-9)
    assert allocation.weights["seed/saas"] == pytest.approx(0.697925, abs=1e-9)
    assert allocation.expected_multiple == pytest.approx(2.072925, abs=1e-9)
    assert allocation.loss_probability == 0.25

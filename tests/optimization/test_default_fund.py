"""The shipped fund under its own limits: solved, and held by several of them."""

from decimal import Decimal

from funds.shipped import default_fund
from optimization.request.checked_request import DEFAULT_OPTIMIZATION_SCENARIOS
from optimization.solver.allocate import allocate
from optimization.solver.stated.problem import parse_problem
from scenarios.fund_config import default_scenario_config
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample


def test_default_fund_keeps_its_limits_and_several_of_them_bind() -> None:
    fund = default_fund()
    all_in_cost_usd = {
        f"{bucket['stage']}/{bucket['sector']}": Decimal(bucket["initial_cheque_usd"])
        * (1 + Decimal(str(bucket["reserve_ratio"])))
        for bucket in fund["buckets"]
    }
    model = build_model(parse_config(default_scenario_config()))
    problem = parse_problem(
        {
            "capital_usd": fund["size_usd"],
            "buckets": [
                {
                    "key": key,
                    "stage": key.split("/")[0],
                    "sector": key.split("/")[1],
                    "all_in_cost_usd": str(all_in_cost_usd[key]),
                    "deal_win_probability": float(model.deal_win_probabilities[row]),
                    "expected_multiple": float(model.expected_multiples[row]),
                }
                for row, key in enumerate(model.bucket_keys)
            ],
            "limits": fund["default_limits"],
        },
        multiples=model.multiples(
            sample=Sample.OPTIMIZATION, first_scenario=0, count=DEFAULT_OPTIMIZATION_SCENARIOS
        ),
    )

    allocation = allocate(problem)

    assert allocation.status == "optimal"
    assert all(row.satisfied for row in allocation.constraints)
    binding = {row.type for row in allocation.constraints if row.binding}
    # A limit on risk and one on weights: neither alone would show what limits do.
    assert "cvar" in binding
    assert "bucket_maximum" in binding

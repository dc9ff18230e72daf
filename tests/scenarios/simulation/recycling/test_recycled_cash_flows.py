"""Yearly cash flows under recycling."""

from typing import Any

import numpy as np
import pytest

from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.recycling.recycled_cash_flows import years_later
from tests.scenarios.simulation.sample_config import bucket_data, config_data, sample_config

RECYCLING = {
    "utilization_fraction": 0.8,
    "cost_multiple": 2.0,
    "max_deals": 4,
    "deadline_years": 6,
}
SEVERAL = [bucket_data("seed"), bucket_data("series_b", "fintech", reference_deals=1.0)]
DRAWN: dict[str, Any] = {"sample": Sample.OPTIMIZATION, "first_scenario": 0, "count": 3000}


def model_of(**changes: Any) -> ScenarioModel:
    return build_model(sample_config(**{"seed": 3, "buckets": SEVERAL, **changes}))


T_COPULA = {
    **config_data()["dependence"],
    "variance_shares": {"macro": 0.06, "bucket": 0.1, "idiosyncratic": 0.84},
    "share_level": "deal",
    "copula": {"family": "t", "degrees_of_freedom": 4},
}
CORRELATED = {
    "variance_shares": "stress",
    "value_path_coupling": 0.25,
    "bucket_correlation": {
        "buckets": ["seed/saas", "series_b/fintech"],
        "matrix": [[1, 0.4], [0.4, 1]],
    },
}
CASES: dict[str, dict[str, Any]] = {
    "default": {"recycling": RECYCLING},
    "idle reserves": {"recycling": RECYCLING, "unspent_reserves": "idle"},
    "late deadline": {"recycling": {**RECYCLING, "deadline_years": 16}},
    "all of it": {"recycling": {**RECYCLING, "utilization_fraction": 1, "cost_multiple": 10}},
    "sobol": {"recycling": RECYCLING, "sampling": "sobol"},
    "correlated buckets": {"recycling": RECYCLING, "dependence": CORRELATED},
    "t copula": {"recycling": RECYCLING, "dependence": T_COPULA},
}


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_distributions_less_calls_are_the_multiple_less_one(changes: dict[str, Any]) -> None:
    model = model_of(**changes)
    flows = model.cash_flows(**DRAWN)
    net = (flows.distributions.astype(float) - flows.calls.astype(float)).sum(axis=0)
    gain = model.multiples(**DRAWN).astype(float) - 1
    # float32 keeps 6e-8 of each number; multiples stay below some hundred.
    np.testing.assert_allclose(net, gain, rtol=1e-6, atol=5e-6)
    assert np.all(flows.calls >= 0)
    assert np.all(flows.distributions >= 0)


def test_recycled_money_moves_in_both_directions() -> None:
    plain, recycled = (model_of(recycling=r).cash_flows(**DRAWN) for r in (None, RECYCLING))
    more_calls = (recycled.calls - plain.calls).mean(axis=2).sum(axis=1)
    more_distributions = (recycled.distributions - plain.distributions).mean(axis=2).sum(axis=1)
    # No exit after six years is invested again; then only follow-ons of the new deals are called.
    assert np.all(more_calls > 0)
    assert np.min(more_calls[:6]) > more_calls[6]
    # What the first deals distribute stays as it was; new deals add to it.
    assert np.all(more_distributions[:-1] >= 0)
    assert more_distributions.sum() > more_calls.sum()


def test_cash_flows_without_early_exits_are_those_without_recycling() -> None:
    # Nothing exits within 1e-6 years.
    hardly = {**RECYCLING, "deadline_years": 0.000001}
    plain, recycled = (model_of(recycling=r).cash_flows(**DRAWN) for r in (None, hardly))
    np.testing.assert_array_equal(recycled.calls, plain.calls, strict=True)
    np.testing.assert_array_equal(recycled.distributions, plain.distributions, strict=True)


def test_flows_come_as_many_years_after_the_recycled_money_as_after_entry() -> None:
    # .4 invested again in year 2; a dollar brings 1 in its year 3: half of it in year 5, half in 6.
    recycled, amounts = np.zeros((YEARS, 1)), np.zeros((YEARS, 1), dtype=np.float32)
    recycled[2], amounts[3] = 0.4, 1.0
    shifted = years_later(recycled, amounts)[:, 0]
    assert shifted.tolist() == [0.0] * 5 + [0.2, 0.2] + [0.0] * 9


def test_flows_after_the_last_year_belong_to_it() -> None:
    # Year 6 and year 12 after it make year 18 or 19; year 9 after it makes 15 or 16.
    recycled, amounts = np.zeros((YEARS, 1)), np.zeros((YEARS, 1), dtype=np.float32)
    recycled[6], amounts[9], amounts[12] = 0.5, 1.0, 2.0
    shifted = years_later(recycled, amounts)[:, 0]
    assert shifted.tolist() == [0.0] * 15 + [1.5]


def test_portfolio_is_the_weighted_sum_of_its_buckets() -> None:
    model = model_of(recycling=RECYCLING)
    flows = model.cash_flows(**DRAWN)
    for weights in (np.array([0.25, 0.75]), np.array([0.0, 1.0])):
        portfolio = model.portfolio_cash_flows(weights=weights, **DRAWN)
        calls = weights[0] * flows.calls[:, 0].astype(float) + weights[1] * flows.calls[:, 1]
        np.testing.assert_array_equal(portfolio.calls, calls, strict=True)


def test_any_chunk_is_the_same_columns_of_the_whole() -> None:
    model = model_of(recycling=RECYCLING)
    whole = model.cash_flows(**DRAWN)
    part = model.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=1001, count=37)
    np.testing.assert_array_equal(part.calls, whole.calls[..., 1001:1038], strict=True)
    np.testing.assert_array_equal(
        part.distributions, whole.distributions[..., 1001:1038], strict=True
    )

"""Yearly calls and distributions: what they add up to, and that they are the same scenarios."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import SCENARIOS_AT_ONCE, ScenarioModel, build_model
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.pacing.cash_flows import CashFlows
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import (
    bucket_data,
    config_data,
    sample_config,
    stage_data,
)

MODEL = build_model(sample_config())
WHOLE = MODEL.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=0, count=1000)
TWO_BUCKETS = [
    bucket_data("seed", risk_multiplier=1.1, reference_deals=1.0),
    bucket_data("series_b", "fintech", reference_deals=3.7, cheque_variation=0.2),
]


def assert_nets_to_multiple(model: ScenarioModel, *, scenarios: int) -> None:
    drawn: dict[str, Any] = {"sample": Sample.OPTIMIZATION, "first_scenario": 0, "count": scenarios}
    flows = model.cash_flows(**drawn)
    net = (flows.distributions.astype(float) - flows.calls.astype(float)).sum(axis=0)
    gain = model.multiples(**drawn).astype(float) - 1
    # float32 keeps 6e-8 of each number, and about ten are added on either side; multiples of
    # the default law stay below 100.
    np.testing.assert_allclose(net, gain, rtol=1e-6, atol=5e-6)
    assert np.all(flows.calls.astype(float).sum(axis=0) <= 1 + 1e-6)


T_COPULA = {
    **config_data()["dependence"],
    "variance_shares": {"macro": 0.06, "bucket": 0.1, "idiosyncratic": 0.84},
    "share_level": "deal",
    "copula": {"family": "t", "degrees_of_freedom": 4},
}
LAWS: dict[str, dict[str, Any]] = {
    "default": {},
    "idle reserves": {"unspent_reserves": "idle", "buckets": TWO_BUCKETS},
    "few deals": {"buckets": TWO_BUCKETS},
    "lognormal": {"exit_law": {"law": "lognormal"}, "buckets": TWO_BUCKETS},
    "pareto": {"exit_law": {"law": "pareto", "multiple_cap": 250}, "buckets": TWO_BUCKETS},
    "t copula": {"dependence": T_COPULA, "buckets": TWO_BUCKETS},
    "antithetic": {"sampling": "antithetic"},
    "sobol": {"sampling": "sobol"},
}


@pytest.mark.parametrize("changes", LAWS.values(), ids=LAWS)
def test_distributions_less_calls_are_the_multiple_less_one(changes: dict[str, Any]) -> None:
    assert_nets_to_multiple(build_model(parse_config(config_data(**changes))), scenarios=5000)


@settings(max_examples=15, deadline=None)
@given(
    reserve_ratio=st.floats(0, 5),
    reference_deals=st.floats(1, 12),
    participation=st.floats(0, 1),
    dilution=st.floats(0, 0.6),
    years=st.floats(0.01, 10),
    unspent=st.sampled_from(["returned", "idle"]),
)
def test_no_financing_or_pace_makes_or_loses_money(
    reserve_ratio: float,
    reference_deals: float,
    participation: float,
    dilution: float,
    years: float,
    unspent: str,
) -> None:
    data = config_data(
        buckets=[bucket_data("seed", reserve_ratio=reserve_ratio, reference_deals=reference_deals)],
        unspent_reserves=unspent,
        financing={
            **config_data()["financing"],
            "pro_rata_participation": participation,
            "dilution_per_round": dilution,
        },
    )
    for stage in data["stages"].values():
        stage["years_per_round"] = years
    model = build_model(parse_config(data))
    assert_nets_to_multiple(model, scenarios=500)


@settings(max_examples=25, deadline=None)
@given(first=st.integers(0, 990), count=st.integers(1, 1000))
def test_any_chunk_is_the_same_columns_of_the_whole(first: int, count: int) -> None:
    count = min(count, 1000 - first)
    chunk = MODEL.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=first, count=count)
    columns = slice(first, first + count)
    np.testing.assert_array_equal(chunk.calls, WHOLE.calls[..., columns], strict=True)
    np.testing.assert_array_equal(
        chunk.distributions, WHOLE.distributions[..., columns], strict=True
    )


def test_inner_chunks_leave_no_seam() -> None:
    first = SCENARIOS_AT_ONCE - 3
    weights = np.full(12, 1 / 12)
    across = MODEL.portfolio_cash_flows(
        weights=weights, sample=Sample.VALIDATION, first_scenario=0, count=first + 10
    )
    alone = MODEL.portfolio_cash_flows(
        weights=weights, sample=Sample.VALIDATION, first_scenario=first, count=10
    )
    np.testing.assert_array_equal(across.calls[:, first:], alone.calls, strict=True)
    np.testing.assert_array_equal(across.distributions[:, first:], alone.distributions)


def test_portfolio_is_the_weighted_sum_of_its_buckets_in_their_order() -> None:
    weights = np.linspace(0, 1, 12) / 6
    portfolio = MODEL.portfolio_cash_flows(
        weights=weights, sample=Sample.OPTIMIZATION, first_scenario=0, count=1000
    )
    calls, distributions = np.zeros((YEARS, 1000)), np.zeros((YEARS, 1000))
    for bucket, weight in enumerate(weights):
        calls += weight * WHOLE.calls[:, bucket].astype(np.float64)
        distributions += weight * WHOLE.distributions[:, bucket].astype(np.float64)
    np.testing.assert_array_equal(portfolio.calls, calls, strict=True)
    np.testing.assert_array_equal(portfolio.distributions, distributions, strict=True)


def test_order_of_buckets_in_the_request_changes_nothing() -> None:
    data = config_data()
    data["buckets"].reverse()
    reversed_model = build_model(parse_config(data))
    flows = reversed_model.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=0, count=1000)
    np.testing.assert_array_equal(flows.distributions, WHOLE.distributions, strict=True)


def test_cash_flows_have_the_promised_form() -> None:
    for flows in (WHOLE.calls, WHOLE.distributions):
        assert flows.shape == (16, 12, 1000)
        assert flows.dtype == np.float32
        assert np.all(np.isfinite(flows))
        assert np.all(flows >= 0)


def test_one_deal_returns_once_and_calls_nothing_afterwards() -> None:
    data = config_data(buckets=[bucket_data("seed", reference_deals=1.0)])
    flows = build_model(parse_config(data)).cash_flows(
        sample=Sample.OPTIMIZATION, first_scenario=0, count=5000
    )
    assert np.max(np.count_nonzero(flows.distributions[:, 0], axis=0)) == 1
    has_proceeds = np.any(flows.distributions[:, 0] > 0, axis=0)
    end = np.argmax(flows.distributions[:, 0] > 0, axis=0)[has_proceeds]
    last_call = 15 - np.argmax(flows.calls[::-1, 0] > 0, axis=0)[has_proceeds]
    assert np.all(last_call <= end)
    assert np.max(last_call) > 5


def test_cheque_is_called_in_year_0_and_reserves_by_round() -> None:
    # Seed reserves 1 per dollar of cheque: half an allocated dollar is the cheque. Round 1 costs
    # .7 * .25 * 2.2 * .96 = .3696, round 2 the .6304 that are left, both over 2.
    data = config_data(buckets=[bucket_data("seed", reference_deals=1.0)])
    flows = build_model(parse_config(data)).cash_flows(
        sample=Sample.OPTIMIZATION, first_scenario=0, count=5000
    )
    called = np.round(flows.calls[:, 0].sum(axis=0), 6)
    np.testing.assert_allclose(np.unique(called), [0.5, 0.6848, 1.0], rtol=0, atol=1e-6)
    assert np.min(flows.calls[0]) == 0.5


def test_idle_reserves_are_called_at_entry() -> None:
    data = config_data(unspent_reserves="idle", buckets=TWO_BUCKETS)
    flows = build_model(parse_config(data)).cash_flows(
        sample=Sample.OPTIMIZATION, first_scenario=0, count=100
    )
    assert np.all(flows.calls[0] == 1)
    assert np.all(flows.calls[1:] == 0)


def test_money_later_than_year_15_belongs_to_it() -> None:
    # One round of 10 years with a spread of a factor of 1.85: some take more than 16.
    stages = {"seed": stage_data(0.5, 0.0, 0.4, 2.0, 10.0, None, 10.0)}
    data = config_data(stages=stages, buckets=[bucket_data("seed", reserve_ratio=0.0)])
    model = build_model(parse_config(data))
    assert_nets_to_multiple(model, scenarios=2000)
    flows = model.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=0, count=2000)
    by_year = flows.distributions[:, 0].mean(axis=1)
    assert by_year[15] > 3 * by_year[14]


@pytest.mark.parametrize(
    "weights", [np.full(11, 1 / 11), np.full(12, np.nan), np.full(12, -0.1), np.ones((12, 1))]
)
def test_weights_that_do_not_fit_the_buckets_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match="one a bucket"):
        MODEL.portfolio_cash_flows(
            weights=weights, sample=Sample.OPTIMIZATION, first_scenario=0, count=5
        )


@pytest.mark.parametrize(("first", "count"), [(-1, 5), (0, 0), (3, -2)])
def test_impossible_ranges_of_scenarios_are_refused(first: int, count: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        MODEL.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=first, count=count)


def test_flows_of_no_scenario_are_shared_between_calls() -> None:
    again: CashFlows = MODEL.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=0, count=1000)
    assert not np.shares_memory(again.calls, WHOLE.calls)
    np.testing.assert_array_equal(again.calls, WHOLE.calls)

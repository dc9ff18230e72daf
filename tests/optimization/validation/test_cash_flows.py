"""IRR and yearly cash flows of an allocation, by hand and against the multiples."""

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from optimization.validation import cash_flows as validation_cash_flows
from optimization.validation.cash_flows import FlowSums, flow_sums, irr_figures
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.variance.variance_shares import measured_variance_shares
from tests.optimization.validation.test_metrics import (
    SCENARIOS,
    WEIGHTS,
    config,
    metrics,
    portfolio,
)

FLOAT32_FLOWS = 1e-5
"""The flows of a bucket are float32 of at most some hundred times its cost: what they sum to is
its multiple less 1 to this."""


@cache
def model() -> ScenarioModel:
    return build_model(config())


@cache
def flows() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Calls and distributions of every scenario, in one piece."""
    found = model().portfolio_cash_flows(
        weights=np.array(list(WEIGHTS.values())),
        sample=Sample.VALIDATION,
        first_scenario=0,
        count=SCENARIOS,
    )
    return found.calls, found.distributions


@cache
def found() -> dict[str, Any]:
    return metrics()


def in_year_zero_and_five(
    called: list[float], returned: list[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    calls, distributions = np.zeros((2, YEARS, len(called)))
    calls[0], distributions[5] = called, returned
    return calls, distributions


def test_irr_of_four_scenarios_by_hand() -> None:
    # Distributions of year 5 come after 5.5 years: nothing, half, all and 2^5.5 of it come back.
    calls, distributions = in_year_zero_and_five([1, 1, 1, 1], [0, 0.5, 1, 2**5.5])
    figures = irr_figures(calls=calls, distributions=distributions)
    assert figures["scenarios"] == 4
    assert (figures["share_total_loss"], figures["share_below_zero"]) == (0.25, 0.5)
    # Sorted -1, 0.5^(1/5.5) - 1 = -.118409, 0, 1. P50 lies halfway between the middle two, P75 a
    # quarter of the way from 0 to 1, P10 at .3 of the way from the first to the second.
    assert figures["quantiles"]["p50"] == pytest.approx(-0.0592045, abs=1e-6)
    assert figures["quantiles"]["p75"] == pytest.approx(0.25, abs=1e-9)
    assert figures["quantiles"]["p10"] == pytest.approx(-0.735523, abs=1e-6)
    assert list(figures["quantiles"]) == ["p5", "p10", "p25", "p50", "p75", "p90", "p95"]


def test_rate_is_below_zero_where_the_multiple_is_below_one() -> None:
    below_one = np.mean(portfolio(WEIGHTS) < 1)
    assert found()["irr"]["scenarios"] == SCENARIOS
    assert found()["irr"]["share_below_zero"] == pytest.approx(below_one, abs=1 / SCENARIOS)


def test_irr_quantiles_rise() -> None:
    quantiles = list(found()["irr"]["quantiles"].values())
    assert quantiles == sorted(quantiles)


def test_mean_flows_are_those_of_every_scenario() -> None:
    # Each flow is rounded to a unit, so a mean is within half of one.
    for name, of_scenarios in zip(("mean_calls", "mean_distributions"), flows(), strict=True):
        assert found()["cash_flows"][name] == pytest.approx(of_scenarios.mean(axis=1), abs=2**-33)


def test_mean_flows_sum_to_the_mean_multiple() -> None:
    shown = found()["cash_flows"]
    gain = sum(shown["mean_distributions"]) - sum(shown["mean_calls"])
    mean = found()["out_of_sample"]["mean_multiple"]["value"]
    assert gain == pytest.approx(mean - 1, abs=FLOAT32_FLOWS)


def test_cumulative_net_ends_at_the_quantiles_of_the_multiple() -> None:
    for name, level in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        by_year = found()["cash_flows"]["cumulative_net"][name]
        expected = np.quantile(portfolio(WEIGHTS), level) - 1
        assert len(by_year) == YEARS
        assert by_year[-1] == pytest.approx(expected, abs=FLOAT32_FLOWS)


def test_cumulative_net_of_a_year_holds_all_the_years_before() -> None:
    calls, distributions = flows()
    net = (distributions - calls)[:4].sum(axis=0)
    third = found()["cash_flows"]["cumulative_net"]["p50"][3]
    # Sums of eight terms in another order.
    assert third == pytest.approx(np.quantile(net, 0.5), abs=1e-12)


def test_years_are_counted_from_the_first() -> None:
    assert found()["cash_flows"]["years"] == list(range(16))


def test_rates_are_of_the_first_scenarios_and_means_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(validation_cash_flows, "FULL_SCENARIOS", 1000)
    few, all_of_them = metrics(), found()
    assert few["irr"]["scenarios"] == 1000
    first = irr_figures(calls=flows()[0][:, :1000], distributions=flows()[1][:, :1000])
    assert few["irr"] == first
    for name in ("mean_calls", "mean_distributions"):
        assert few["cash_flows"][name] == all_of_them["cash_flows"][name]


def test_variance_shares_are_those_of_the_allocation() -> None:
    shares = measured_variance_shares(model=model(), weights=np.array(list(WEIGHTS.values())))
    assert found()["variance_shares"] == asdict(shares)
    assert sum(found()["variance_shares"].values()) == pytest.approx(1)


def test_sums_of_two_scenarios_by_hand() -> None:
    calls, distributions = in_year_zero_and_five([0.5, 1.0], [0.0, 3.25])
    sums = flow_sums(calls=calls, distributions=distributions)
    # 1.5 and 3.25 times 2^32.
    assert sums.calls == (6442450944, *[0] * 15)
    assert sums.distributions == (*[0] * 5, 13958643712, *[0] * 10)


FLOWS: NDArray[np.float64] = np.random.default_rng(3).lognormal(0, 2, size=(2, YEARS, 200))


@given(st.lists(st.integers(1, 199), unique=True, max_size=6).map(sorted), st.randoms())
def test_sums_are_the_same_however_they_are_cut_and_in_whatever_order(
    cuts: list[int], shuffle: Any
) -> None:
    whole = flow_sums(calls=FLOWS[0], distributions=FLOWS[1])
    parts = [
        flow_sums(calls=part[0], distributions=part[1]) for part in np.split(FLOWS, cuts, axis=2)
    ]
    shuffle.shuffle(parts)
    assert sum(parts, FlowSums()) == whole


def test_sums_of_the_largest_flows_do_not_overflow() -> None:
    # 2^14 scenarios of just below 2^16, which is rounded to 2^16 times 2^32 units.
    flows = np.full((YEARS, 2**14), np.nextafter(2.0**16, 0))
    sums = flow_sums(calls=flows, distributions=flows)
    assert sums.calls == sums.distributions == (2**62,) * YEARS
    assert (sums + sums).calls[0] == 2**63


@pytest.mark.parametrize("flow", [-1e-9, 2.0**16, float("nan"), float("inf")])
def test_flow_that_no_allocation_has_is_refused(flow: float) -> None:
    good, bad = np.zeros((YEARS, 3)), np.zeros((YEARS, 3))
    bad[4, 1] = flow
    with pytest.raises(ValueError, match="a flow is not a number from 0 to 65536"):
        flow_sums(calls=good, distributions=bad)


@pytest.mark.parametrize("shape", [(15, 3), (16, 2**14 + 1), (16,)])
def test_flows_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="flows have the shape"):
        flow_sums(calls=np.zeros(shape), distributions=np.zeros(shape))

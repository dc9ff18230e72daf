"""Variance shares of the log multiple, by preset and in cases with a known answer.

Standard errors at 8,192 scenarios, from 30 seeds: macro .008, bucket .011, idiosyncratic .009; at
65,536, from ten seeds: .003, .005, .003.
"""

from typing import Any

import numpy as np
import pytest

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.variance.variance_shares import (
    NoVariance,
    measured_bucket_shares,
    measured_variance_shares,
)
from tests.scenarios.simulation.sample_config import bucket_data, config_data

REFERENCE_SHARES = {
    "market": (0.50, 0.25, 0.25),
    "calm": (0.40, 0.30, 0.30),
    "crisis_prone": (0.60, 0.20, 0.20),
}


def model_of(**changes: Any) -> ScenarioModel:
    return build_model(parse_config(config_data(**changes)))


def with_preset(preset: str) -> dict[str, Any]:
    return {"dependence": {**config_data()["dependence"], "variance_shares": preset}}


@pytest.mark.parametrize("preset", REFERENCE_SHARES)
def test_presets_have_their_shares_on_the_reference_portfolio(preset: str) -> None:
    # Twelve buckets, four stages by three sectors, ten deals each, equal weights.
    found = measured_variance_shares(model=model_of(**with_preset(preset)))
    expected = REFERENCE_SHARES[preset]
    np.testing.assert_allclose(
        (found.macro, found.bucket, found.idiosyncratic), expected, rtol=0, atol=0.03
    )


def test_market_preset_holds_closely_in_a_large_sample() -> None:
    # Three standard errors.
    found = measured_variance_shares(model=model_of(), scenarios=65_536)
    np.testing.assert_allclose(
        (found.macro, found.bucket, found.idiosyncratic), (0.50, 0.25, 0.25), rtol=0, atol=0.015
    )


def test_shares_sum_to_one() -> None:
    found = measured_variance_shares(model=model_of(), scenarios=100)
    assert found.macro + found.bucket + found.idiosyncratic == pytest.approx(1, abs=1e-15)


def test_more_deals_leave_less_idiosyncratic_variance() -> None:
    few, many = (
        measured_variance_shares(
            model=model_of(buckets=[bucket_data("seed", reference_deals=deals)])
        ).idiosyncratic
        for deals in (2.0, 100.0)
    )
    assert few > 0.5
    assert many < 0.25


def test_more_buckets_leave_less_bucket_variance() -> None:
    one = measured_variance_shares(model=model_of(buckets=[bucket_data("seed")]))
    twelve = measured_variance_shares(model=model_of())
    assert one.bucket / one.macro > twelve.bucket / twelve.macro


def test_weights_choose_the_portfolio() -> None:
    model = model_of()
    only_first = np.zeros(12)
    only_first[0] = 1.0
    alone = measured_variance_shares(model=model, weights=only_first)
    together = measured_variance_shares(model=model)
    assert alone.idiosyncratic > together.idiosyncratic + 0.1


def test_equal_weights_are_the_default() -> None:
    model = model_of()
    stated = measured_variance_shares(model=model, weights=np.full(12, 1 / 12), scenarios=500)
    assert stated == measured_variance_shares(model=model, scenarios=500)


@pytest.mark.parametrize(
    "weights", [np.ones(3), np.full(12, np.nan), np.full(12, -1.0)], ids=["few", "nan", "negative"]
)
def test_weights_that_do_not_fit_are_refused(weights: Any) -> None:
    with pytest.raises(ValueError, match="12 finite numbers"):
        measured_variance_shares(model=model_of(), weights=weights)


def test_portfolio_of_nothing_has_no_shares() -> None:
    with pytest.raises(NoVariance, match="the same"):
        measured_variance_shares(model=model_of(), weights=np.zeros(12), scenarios=50)


def test_shares_of_a_bucket_are_those_of_a_portfolio_of_it_alone() -> None:
    model = model_of()
    buckets = measured_bucket_shares(model=model, scenarios=500)
    assert len(buckets) == 12
    for row, shares in enumerate(buckets):
        alone = measured_variance_shares(model=model, weights=np.eye(12)[row], scenarios=500)
        # Weights of 0 and 1 only change the order of exact additions.
        assert shares.macro == pytest.approx(alone.macro, abs=1e-12)
        assert shares.bucket == pytest.approx(alone.bucket, abs=1e-12)
        assert shares.idiosyncratic == pytest.approx(alone.idiosyncratic, abs=1e-12)

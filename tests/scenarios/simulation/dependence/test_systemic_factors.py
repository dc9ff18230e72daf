"""How the shared scores of buckets move together."""

from dataclasses import replace

import numpy as np
import pytest

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.dependence.variance_presets import Loadings
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.stream import Stream
from tests.scenarios.simulation.plain_law import SQUARED_LOADINGS
from tests.scenarios.simulation.sample_config import bucket_data, config_data

SCENARIOS = 50_000
BUCKETS = [("seed", "saas"), ("seed", "fintech"), ("series_a", "saas"), ("series_a", "fintech")]


@pytest.mark.parametrize("preset", SQUARED_LOADINGS)
def test_covariances_are_those_of_the_shared_factors(preset: str) -> None:
    data = config_data(buckets=[bucket_data(stage, sector) for stage, sector in BUCKETS])
    data["dependence"]["variance_shares"] = preset
    model = build_model(parse_config(data))
    stream = Stream(
        macro_purpose=1, factor_purpose=1, deal_purpose=1, first_scenario=0, count=SCENARIOS
    )
    scores = np.array(list(model.systemic.scores(buckets=model.buckets, stream=stream)))
    macro, common = SQUARED_LOADINGS[preset]
    # Sector .5, stage .2, bucket .3 of the common part.
    expected = [
        [
            macro
            + common
            * (
                0.5 * (one.sector == other.sector)
                + 0.2 * (one.stage == other.stage)
                + 0.3 * (one.key == other.key)
            )
            for other in model.buckets
        ]
        for one in model.buckets
    ]
    # A covariance of variables with variance .165 has standard error .165 * 1.4 / 224 = .001.
    np.testing.assert_allclose(np.cov(scores), expected, rtol=0, atol=0.004)
    np.testing.assert_allclose(scores.mean(axis=1), 0, rtol=0, atol=0.008)


def test_a_factor_redrawn_alone_leaves_the_others_as_they_were() -> None:
    config = parse_config(config_data(buckets=[bucket_data()]))
    systemic = build_model(config).systemic

    def scores(macro_purpose: int, factor_purpose: int) -> FloatArray:
        stream = Stream(
            macro_purpose=macro_purpose,
            factor_purpose=factor_purpose,
            deal_purpose=1,
            first_scenario=0,
            count=20,
        )
        return next(systemic.scores(buckets=config.buckets, stream=stream))

    both_old, new_factor, new_macro, both_new = (
        scores(1, 1),
        scores(1, 2),
        scores(2, 1),
        scores(2, 2),
    )
    # The score is a sum of a macro and a factor part: changes add up.
    np.testing.assert_allclose(both_new - new_macro, new_factor - both_old, rtol=0, atol=1e-15)
    assert np.all(new_factor != both_old)
    assert np.all(new_macro != both_old)


def test_every_bucket_has_its_own_loadings() -> None:
    data = config_data(buckets=[bucket_data("seed"), bucket_data("series_b")])
    model = build_model(parse_config(data))
    pairs = (
        Loadings(macro_squared=0.3, bucket_squared=0.1),
        Loadings(macro_squared=0.2, bucket_squared=0.4),
    )
    systemic = replace(model.systemic, loadings=pairs)
    stream = Stream(
        macro_purpose=1, factor_purpose=1, deal_purpose=1, first_scenario=0, count=SCENARIOS
    )
    scores = np.array(list(systemic.scores(buckets=model.buckets, stream=stream)))
    # Two stages of one sector share sqrt(.3 * .2) of the macro and half of sqrt(.1 * .4).
    across = np.sqrt(0.3 * 0.2) + 0.5 * np.sqrt(0.1 * 0.4)
    # A covariance of variables with variances up to .6 has standard error .6 * 1.4 / 224 = .004.
    np.testing.assert_allclose(
        np.cov(scores), [[0.4, across], [across, 0.6]], rtol=0, atol=4 * 0.004
    )


def test_model_tells_the_loadings_of_each_bucket() -> None:
    macro, bucket = SQUARED_LOADINGS["market"]
    model = build_model(parse_config(config_data()))
    assert model.loadings == (Loadings(macro_squared=macro, bucket_squared=bucket),) * 12

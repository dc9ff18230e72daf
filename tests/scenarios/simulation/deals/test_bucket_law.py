"""Expected calls on reserves and expected years of a bucket."""

import pytest

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.deals.bucket_law import BucketLaw, bucket_law
from tests.scenarios.simulation.plain_law import histories, shares_and_spending
from tests.scenarios.simulation.sample_config import (
    ENTRY_STAGES,
    bucket_data,
    config_data,
    stage_data,
)


def law_of(data: dict[str, object]) -> BucketLaw:
    config = parse_config(data)
    return bucket_law(config=config, bucket=config.buckets[0])


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_expected_calls_and_years_agree_with_every_single_history(stage: str) -> None:
    bucket = bucket_data(stage, risk_multiplier=1.2)
    data = config_data(buckets=[bucket])
    called = years = 0.0
    for ending in histories(data, bucket):
        _, spent = shares_and_spending(data, bucket, ending.graduations)
        called += ending.probability * spent
        years += ending.probability * ending.years
    law = law_of(data)
    assert law.reserve_call_fraction == pytest.approx(called / bucket["reserve_ratio"], rel=1e-12)
    assert law.mean_years == pytest.approx(years, rel=1e-12)


def test_calls_worked_by_hand() -> None:
    # Half graduate once and end there; the round at price 2 * .96 = 1.92 asks for
    # .7 * .25 * 1.92 = .336 of a reserve of .8: .5 * .336 / .8 = .21. Years .5 * 1 + .5 * 3 = 2.
    stages = {
        "series_a": stage_data(0.2, 0.5, 0.3, 2.0, 10.0, 2.0, 1.0),
        "series_b": stage_data(0.5, 0.0, 0.5, None, None, None, 2.0),
    }
    law = law_of(config_data(stages=stages, buckets=[bucket_data("series_a")]))
    assert law.reserve_call_fraction == pytest.approx(0.21)
    assert law.mean_years == pytest.approx(2.0)


def test_without_reserves_nothing_is_called() -> None:
    law = law_of(config_data(buckets=[bucket_data(reserve_ratio=0.0)]))
    assert law.reserve_call_fraction == 0.0


def test_most_reserves_stay_uncalled_by_default() -> None:
    # Published for the default parameters: 61 to 81 % uncalled.
    uncalled = [
        1 - law_of(config_data(buckets=[bucket_data(stage)])).reserve_call_fraction
        for stage in ENTRY_STAGES
    ]
    assert min(uncalled) == pytest.approx(0.61, abs=0.005)
    assert max(uncalled) == pytest.approx(0.81, abs=0.005)

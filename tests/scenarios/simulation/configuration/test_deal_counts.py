"""Another number of deals is all that differs: the law and its random numbers stay."""

import numpy as np
import pytest

from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.canonical_key import matrix_key, random_key_of
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.configuration.deal_counts import (
    simulated_deals,
    with_reference_deals,
)
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import bucket_data, config_data

SEED, SERIES_A = "seed/saas", "series_a/saas"


def small_config(**fields: object) -> ScenarioConfig:
    return parse_config(
        {**config_data(buckets=[bucket_data("seed"), bucket_data("series_a")]), **fields}
    )


def reference_deals_of(config: ScenarioConfig) -> dict[str, float]:
    return {bucket.key: bucket.reference_deals for bucket in config.buckets}


def multiples(config: ScenarioConfig) -> np.ndarray:
    return build_model(config).multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=500)


def test_named_buckets_get_their_numbers_and_the_others_keep_theirs() -> None:
    config = small_config()
    before = reference_deals_of(config)
    changed = with_reference_deals(config, {SEED: 3.25})
    assert reference_deals_of(changed) == {**before, SEED: 3.25}


@pytest.mark.parametrize("fields", [{}, {"seed": "7"}])
def test_bucket_whose_number_stays_has_the_same_multiples_in_every_scenario(
    fields: dict[str, object],
) -> None:
    config = small_config(**fields)
    changed = with_reference_deals(config, {SEED: 3.0})
    assert random_key_of(changed) == random_key_of(config)
    before, after = multiples(config), multiples(changed)
    assert np.array_equal(after[1], before[1])
    assert not np.array_equal(after[0], before[0])


def test_random_numbers_are_those_of_the_first_law_however_often_numbers_change() -> None:
    config = small_config()
    again = with_reference_deals(with_reference_deals(config, {SEED: 3.0}), {SERIES_A: 5.0})
    assert random_key_of(again) == random_key_of(config)


def test_equal_numbers_give_the_configuration_itself() -> None:
    config = small_config()
    assert with_reference_deals(config, reference_deals_of(config)) is config


def test_other_numbers_are_another_matrix() -> None:
    config = small_config(seed="7")
    changed = with_reference_deals(config, {SEED: 3.0})
    keys = {
        matrix_key(config=one, scenarios=64, sample=Sample.OPTIMIZATION)
        for one in (config, changed)
    }
    assert len(keys) == 2


def test_result_is_a_configuration_as_it_is_stored() -> None:
    changed = with_reference_deals(small_config(), {SEED: 3.0})
    assert parse_config(changed.canonical_json()) == changed


def test_numbers_that_cannot_be_simulated_are_refused() -> None:
    with pytest.raises(InvalidInput, match="reference_deals"):
        with_reference_deals(small_config(), {SEED: 0.5})


def test_seed_and_random_numbers_of_a_law_exclude_one_another() -> None:
    with pytest.raises(InvalidInput, match="beside a seed"):
        small_config(seed="7", random_numbers_of="0" * 64)


@pytest.mark.parametrize(
    ("bought", "simulated"), [(0.0, 1.0), (0.4, 1.0), (3.1234567, 3.123457), (2500.0, 1000.0)]
)
def test_number_simulated_is_the_nearest_that_can_be(bought: float, simulated: float) -> None:
    assert simulated_deals(bought) == simulated

"""The same scenarios whatever the chunk, the count, and the bucket order."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import SCENARIOS_AT_ONCE, build_model
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import (
    bucket_data,
    config_data,
    sample_config,
)

MODEL = build_model(sample_config())
WHOLE = MODEL.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=1000)


@settings(max_examples=25, deadline=None)
@given(first=st.integers(0, 990), count=st.integers(1, 1000))
def test_any_chunk_is_the_same_columns_of_the_whole(first: int, count: int) -> None:
    count = min(count, 1000 - first)
    chunk = MODEL.multiples(sample=Sample.OPTIMIZATION, first_scenario=first, count=count)
    np.testing.assert_array_equal(chunk, WHOLE[:, first : first + count], strict=True)


def test_shorter_samples_are_prefixes_of_longer_ones() -> None:
    for count in (1, 2, 3, 5, 400):
        drawn = MODEL.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=count)
        np.testing.assert_array_equal(drawn, WHOLE[:, :count], strict=True)


def test_inner_chunks_leave_no_seam() -> None:
    first = SCENARIOS_AT_ONCE - 3
    across = MODEL.multiples(sample=Sample.VALIDATION, first_scenario=0, count=first + 10)
    alone = MODEL.multiples(sample=Sample.VALIDATION, first_scenario=first, count=10)
    np.testing.assert_array_equal(across[:, first:], alone, strict=True)


def test_samples_of_one_law_share_no_numbers() -> None:
    drawn = {
        sample: MODEL.multiples(sample=sample, first_scenario=0, count=1000) for sample in Sample
    }
    for one, other in (
        (Sample.OPTIMIZATION, Sample.VALIDATION),
        (Sample.OPTIMIZATION, Sample.PILOT),
        (Sample.VALIDATION, Sample.PILOT),
    ):
        # 12 x 12 correlations of 1,000 independent scenarios: standard error .032 each.
        across = np.corrcoef(np.log(drawn[one]), np.log(drawn[other]))[:12, 12:]
        assert np.max(np.abs(across)) < 5 * 0.032


def test_order_of_buckets_in_the_request_changes_nothing() -> None:
    data = config_data()
    random.Random(4).shuffle(data["buckets"])  # noqa: S311 - not for secrets
    shuffled = build_model(parse_config(data))
    assert shuffled.bucket_keys == MODEL.bucket_keys == tuple(sorted(MODEL.bucket_keys))
    drawn = shuffled.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=1000)
    np.testing.assert_array_equal(drawn, WHOLE, strict=True)


def test_with_a_seed_a_bucket_is_the_same_whatever_others_are_there() -> None:
    every = build_model(sample_config(seed=7))
    some = build_model(
        sample_config(seed=7, buckets=[bucket_data("series_b"), bucket_data("seed")])
    )
    all_rows = every.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=200)
    some_rows = some.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=200)
    for row, key in enumerate(some.bucket_keys):
        np.testing.assert_array_equal(some_rows[row], all_rows[every.bucket_keys.index(key)])


def test_seeds_and_laws_without_a_seed_have_their_own_numbers() -> None:
    drawn = [
        build_model(sample_config(seed=seed, buckets=[bucket_data()]))
        .multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=50)
        .tobytes()
        for seed in (None, 0, 1)
    ]
    assert len(set(drawn)) == 3


def test_matrix_has_the_promised_form() -> None:
    assert WHOLE.shape == (12, 1000)
    assert WHOLE.dtype == np.float32
    assert WHOLE.flags.c_contiguous
    assert np.all(np.isfinite(WHOLE))
    assert np.all(WHOLE >= 0)


@pytest.mark.parametrize(("first", "count"), [(-1, 5), (0, 0), (3, -2)])
def test_impossible_ranges_of_scenarios_are_refused(first: int, count: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        MODEL.multiples(sample=Sample.OPTIMIZATION, first_scenario=first, count=count)

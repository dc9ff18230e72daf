"""The table from which deals are drawn against the exact law."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.normal_tables import DEAL_NORMAL_BITS, SLOTS
from tests.scenarios.simulation.cell_probabilities import (
    cell_probabilities,
    integers_behind_entries,
)
from tests.scenarios.simulation.plain_law import (
    deal_distribution,
    ending_probabilities,
    win_probability,
)
from tests.scenarios.simulation.sample_config import ENTRY_STAGES, bucket_data, config_data

Floats = NDArray[np.float64]


def table_and_probabilities(data: dict[str, Any]) -> tuple[Floats, Floats]:
    model = build_model(parse_config(data))
    table = model.pooled[0].table.multiples.astype(float).reshape(-1, SLOTS)
    return table, cell_probabilities(model, data)


def test_every_integer_is_behind_exactly_one_entry() -> None:
    assert integers_behind_entries().sum() == 2**DEAL_NORMAL_BITS


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_drawn_deals_have_the_exact_mean_and_win_probability(stage: str) -> None:
    bucket = bucket_data(stage)
    data = config_data(buckets=[bucket])
    table, probabilities = table_and_probabilities(data)
    values, weights = deal_distribution(data, bucket)
    # Sixteen places a cell resolve paths to 1/16 of a cell: 5e-5 of the mean, far below the
    # standard error of 9e-4 that even ten million drawn deals have.
    assert probabilities @ table.mean(axis=1) == pytest.approx(float(values @ weights), rel=5e-5)
    winning = probabilities @ (table >= 10).mean(axis=1)
    assert winning == pytest.approx(win_probability(data, bucket, hurdle=10), rel=1e-3)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_drawn_deals_fail_with_the_exact_probability(stage: str) -> None:
    # Failures return nothing here and exits something.
    bucket = bucket_data(stage, reserve_ratio=0.0)
    data = config_data(buckets=[bucket], failure_recovery={"threshold": 0.5, "maximum": 0.0})
    table, probabilities = table_and_probabilities(data)
    # Three or four of the 2,048 entries per octave fall on one lattice cell there.
    failing = sum(ending_probabilities(data, bucket, exited=False).values())
    assert probabilities @ (table == 0).mean(axis=1) == pytest.approx(failing, abs=1e-5)


def test_drawn_deals_follow_the_quantiles_of_the_law() -> None:
    bucket = bucket_data("seed")
    data = config_data(buckets=[bucket])
    table, probabilities = table_and_probabilities(data)
    places = np.repeat(probabilities / SLOTS, SLOTS)
    order = np.argsort(table, axis=None)
    reached = np.cumsum(places[order])
    values, weights = deal_distribution(data, bucket)
    exact_order = np.argsort(values)
    exact_reached = np.cumsum(weights[exact_order])
    for level in (0.3, 0.5, 0.7, 0.9, 0.99, 0.999):
        drawn = table.ravel()[order][np.searchsorted(reached, level)]
        exact = values[exact_order][np.searchsorted(exact_reached, level)]
        assert drawn == pytest.approx(exact, rel=1e-3), level


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_drawn_deals_take_each_path_with_its_probability(stage: str) -> None:
    # Every exit multiple is 1 to six digits and nothing is recovered, so the value of a deal
    # gives its path away: (shares + reserves left) / 2 on an exit, reserves left / 2 on a failure.
    stages = config_data()["stages"]
    stages[stage] |= {"exit_multiple_median": 1.0, "exit_multiple_p90": 1.000001}
    bucket = bucket_data(stage, reserve_ratio=1.0)
    data = config_data(
        buckets=[bucket],
        stages=stages,
        exit_law={"law": "lognormal", "tail_index": None, "multiple_cap": None},
        failure_recovery={"threshold": 0.5, "maximum": 0.0},
        financing={**config_data()["financing"], "pro_rata_participation": 0.1},
    )
    table, probabilities = table_and_probabilities(data)
    place_probability = np.repeat(probabilities / SLOTS, SLOTS)
    values, totals = value_probabilities(table.ravel(), place_probability)
    expected_values, expected_totals = value_probabilities(*deal_distribution(data, bucket))
    np.testing.assert_array_equal(values, expected_values)
    # Sixteen path quantiles a cell, turned from cell to cell.
    np.testing.assert_allclose(totals, expected_totals, rtol=0, atol=5e-4)


def value_probabilities(values: Floats, probabilities: Floats) -> tuple[Floats, Floats]:
    distinct, index = np.unique(np.round(values, 4), return_inverse=True)
    return distinct, np.bincount(index, probabilities).astype(np.float64)

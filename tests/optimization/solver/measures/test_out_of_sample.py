import json

import numpy as np
import pytest

from optimization.solver.measures.out_of_sample import (
    NotEnoughScenarios,
    OutOfSample,
    out_of_sample,
)
from optimization.solver.measures.outcomes import outcomes


def figures(multiples: list[float], confidence: float = 0.75) -> OutOfSample:
    """Of one bucket that holds everything."""
    return out_of_sample(
        outcomes=outcomes(
            weights=np.array([1.0]), multiples=np.array([multiples]), first_scenario=0
        ),
        cvar_confidence=confidence,
    )


def test_figures_of_eight_scenarios_by_hand() -> None:
    # Losses .8 .5 in the tail of two: CVaR .65. Mean 17.1 / 8. Sorted: .2 .5 1 1.3 2 3 3.1 6.
    found = figures([2.0, 0.2, 6.0, 1.3, 0.5, 3.0, 1.0, 3.1])

    assert found.scenarios == 8
    assert found.loss_probability.value == 0.25
    assert found.cvar.value == pytest.approx(0.65)
    assert found.mean_multiple.value == pytest.approx(17.1 / 8)
    assert found.median_multiple == pytest.approx(1.65)
    # Linear between order statistics: P25 at position 1.75 is .5 + .75 * .5.
    assert found.quantiles[0.25] == pytest.approx(0.875)
    assert found.share_at_least_2x == 0.5
    assert found.share_at_least_3x == 3 / 8
    assert found.overflow_share == 1 / 8


def test_histogram_bins_are_a_tenth_wide_and_closed_below() -> None:
    found = figures([0.0, 0.05, 0.1, 0.3, 0.7, 4.95, 5.0, 300.0])

    counted = {index: count for index, count in enumerate(found.histogram) if count}
    assert len(found.histogram) == 50
    assert counted == {0: 2, 1: 1, 3: 1, 7: 1, 49: 1}
    assert found.overflow_share == 0.25


def test_buckets_alone_lose_in_their_own_scenarios() -> None:
    found = out_of_sample(
        outcomes=outcomes(
            weights=np.array([0.5, 0.5]),
            multiples=np.array([[0.5, 2.0, 0.0, 2.0], [3.0, 3.0, 0.2, 3.0]]),
            first_scenario=0,
        ),
        cvar_confidence=0.95,
    )

    assert found.bucket_loss_probabilities == (0.5, 0.25)
    assert found.loss_probability.value == 0.25


def test_json_has_only_plain_values() -> None:
    text = json.dumps(figures([0.5, 1.5, 2.5]).as_json(), allow_nan=False)

    assert set(json.loads(text)["quantiles"]) == {"p5", "p10", "p25", "p75", "p90", "p95"}


def test_fewer_than_two_scenarios_are_refused() -> None:
    with pytest.raises(NotEnoughScenarios):
        figures([1.0])
    with pytest.raises(NotEnoughScenarios):
        figures([])


def test_scenario_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        figures([1.0, float("nan"), 2.0])

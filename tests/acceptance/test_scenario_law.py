"""What the scenario law promises, through its public calls and under the shipped calibration.

Shown elsewhere, close to the code that does it (tests/scenarios/simulation unless said otherwise):

* variance shares of presets, own shares and entries of 3 to 100 deals, measured on streams of their
  own: test_variance_shares, test_share_calibration; unattainable shares: test_share_calibration
* the whole distribution of a deal against an independent simulation with scipy: test_marginals
* exact means and win probabilities against quadrature: test_deal_expectations
* weights of pooled deals sum to 1 and their squares to 1 / n: test_reference_deals; the mean does
  not depend on n: test_deal_expectations
* words, uniforms and normals stay inside their range: test_random_words, test_normal_tables
* calls and distributions by year, worked by hand and against every single history: test_cash_flows,
  test_cash_flow_table
* recycling conserves money, keeps to its bounds and does nothing at zero: test_recycling
* pinned digests, and the same with every optional processor feature off: test_golden_digests,
  test_cash_flow_digests
* the table of competing risks worked by hand, raw frequencies without censoring:
  tests/funds/calibration/test_aalen_johansen
* tails of the t copula and shares it cannot hold: test_t_copula
* every fault by its name: test_config_faults, test_config_shares, test_correlated_buckets
"""

from typing import Any

import numpy as np
import pytest

from scenarios.simulation.randomness.sample import Sample
from tests.acceptance.shipped_law import (
    ENTRY_STAGES,
    OPTIONS,
    WAYS_TO_HANG_TOGETHER,
    bucket,
    drawn,
    law,
    lone_deal,
    model_of,
)
from tests.scenarios.simulation.plain_law import ending_probabilities

DEALS = 2_000_000
SCENARIOS = 200_000


@pytest.mark.parametrize("dependence", WAYS_TO_HANG_TOGETHER.values(), ids=WAYS_TO_HANG_TOGETHER)
@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_median_p90_and_failures_are_those_given_whatever_ties_deals_together(
    stage: str, dependence: dict[str, Any]
) -> None:
    data = law(
        buckets=[lone_deal(stage)],
        dependence=attainable(dependence, deals=1),
        failure_recovery={"threshold": 0.5, "maximum": 0.0},
    )
    deals = drawn(data, scenarios=DEALS)[0]
    exits = deals[deals > 0.0]
    given = data["stages"][stage]
    # 690,000 exits at least: standard errors of 0.2 % of the median, 0.3 % of P90.
    assert np.quantile(exits, 0.5) == pytest.approx(given["exit_multiple_median"], rel=0.015)
    assert np.quantile(exits, 0.9) == pytest.approx(given["exit_multiple_p90"], rel=0.015)
    failing = sum(ending_probabilities(data, data["buckets"][0], exited=False).values())
    standard_error = np.sqrt(failing * (1 - failing) / DEALS)
    assert np.mean(deals == 0.0) == pytest.approx(failing, abs=3 * standard_error)


def attainable(dependence: dict[str, Any], *, deals: int) -> dict[str, Any]:
    """A single deal is mostly its own: an entry of one cannot have the shares of ten."""
    if dependence.get("share_level") == "entry" and deals == 1:
        shares = {"macro": 0.15, "bucket": 0.10, "idiosyncratic": 0.75}
        return {**dependence, "variance_shares": shares}
    return dependence


def test_shipped_calibration_reproduces_the_published_table_of_financing_outcomes() -> None:
    # 21,640 US financings with exits 2004-2013 by multiple, per cent: Correlation Ventures, in
    # S. Levine, "Venture Outcomes are Even More Skewed Than You Think", August 2014 (64.8 below
    # 1x, 25.3, 5.9), with 2.5 from 10x to 20x and 0.4 from 50x on quoted from the same data.
    published = [64.8, 25.3, 5.9, 2.5, 1.1, 0.4]
    mix = {"seed": 0.30, "series_a": 0.30, "series_b": 0.22, "series_c": 0.18}
    deals = drawn(law(buckets=[lone_deal(stage) for stage in mix]), scenarios=DEALS)
    rows = [f"{stage}/saas" for stage in sorted(mix)]
    blend = np.zeros(6)
    for key, row in zip(rows, deals, strict=True):
        counts, _ = np.histogram(row, bins=[0, 1, 5, 10, 20, 50, np.inf])
        blend += 100 * mix[key.removesuffix("/saas")] * counts / DEALS
    # Within one percentage point, and the tail within a fifth of itself. Deals of one scenario
    # share their fate: 0.05 points is the largest standard error of a share.
    np.testing.assert_allclose(blend, published, rtol=0, atol=1.0)
    np.testing.assert_allclose(blend[3:], published[3:], rtol=0.2, atol=0)


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_mean_of_every_bucket_is_the_expected_one(changes: dict[str, Any]) -> None:
    model = model_of(law(**changes))
    sample = Sample.OPTIMIZATION if "sampling" in changes else Sample.VALIDATION
    matrix = model.multiples(sample=sample, first_scenario=0, count=SCENARIOS).astype(np.float64)
    # What recycled money earns is itself a mean over scenarios, with an error of its own.
    errors = np.hypot(
        matrix.std(axis=1) / np.sqrt(SCENARIOS), model.expected_multiple_standard_errors
    )
    assert np.all(np.abs(matrix.mean(axis=1) - model.expected_multiples) < 4 * errors)


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_any_part_of_a_sample_has_the_bytes_of_the_whole(changes: dict[str, Any]) -> None:
    model = model_of(law(**changes))
    for sample in (Sample.OPTIMIZATION, Sample.VALIDATION):
        whole = model.multiples(sample=sample, first_scenario=0, count=1_500)
        for first, count in ((0, 400), (0, 1), (1, 7), (399, 1_101)):
            part = model.multiples(sample=sample, first_scenario=first, count=count)
            assert part.tobytes() == whole[:, first : first + count].tobytes()


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_order_of_buckets_in_a_request_changes_no_byte(changes: dict[str, Any]) -> None:
    data = law(**changes)
    reversed_data = {**data, "buckets": data["buckets"][::-1]}
    drawn_matrices = {
        drawn(one, scenarios=100, sample=Sample.OPTIMIZATION).tobytes()
        for one in (data, reversed_data)
    }
    assert len(drawn_matrices) == 1


def test_with_a_seed_a_bucket_has_its_row_in_any_company() -> None:
    together = model_of(law(seed=3))
    alone = model_of(law(seed=3, buckets=[bucket("series_b", "fintech")]))
    row = together.bucket_keys.index("series_b/fintech")
    every, one = (
        model.multiples(sample=Sample.VALIDATION, first_scenario=0, count=500)
        for model in (together, alone)
    )
    assert every[row].tobytes() == one[0].tobytes()


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_optimization_and_validation_have_no_scenario_in_common(changes: dict[str, Any]) -> None:
    model = model_of(law(**changes))
    columns = [
        {
            column.tobytes()
            for column in model.multiples(sample=sample, first_scenario=0, count=2_000).T
        }
        for sample in (Sample.OPTIMIZATION, Sample.VALIDATION)
    ]
    assert [len(found) for found in columns] == [2_000, 2_000]
    assert not columns[0] & columns[1]


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS)
def test_yearly_flows_add_up_to_the_multiple(changes: dict[str, Any]) -> None:
    model = model_of(law(**changes))
    scenarios = 3_000
    for sample in (Sample.OPTIMIZATION, Sample.VALIDATION):
        flows = model.cash_flows(sample=sample, first_scenario=0, count=scenarios)
        matrix = model.multiples(sample=sample, first_scenario=0, count=scenarios)
        net = (flows.distributions.astype(np.float64) - flows.calls).sum(axis=0)
        # Yearly sums are stored in float32: a part in 10^7 of the money that moves.
        allowed = 1e-5 * np.maximum(1.0, matrix)
        assert np.all(np.abs(net - (matrix.astype(np.float64) - 1.0)) <= allowed)
        assert min(flows.calls.min(), flows.distributions.min()) >= 0.0

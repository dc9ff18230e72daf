"""Times and yearly cash flows of one deal against an independent transcription of the law."""

import numpy as np
import pytest
from scipy import stats

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.deals import deal_expectations
from scenarios.simulation.deals.deal_outcomes import deal_outcomes
from scenarios.simulation.deals.outcome_paths import Path
from scenarios.simulation.deals.path_slots import time_normals
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.pacing.cash_flow_table import CashFlowTable
from scenarios.simulation.pacing.cash_flow_years import YEARS, booked_years
from scenarios.simulation.pacing.deal_times import path_times
from scenarios.simulation.randomness.normal_tables import SLOTS
from tests.scenarios.simulation.cell_probabilities import Floats, cell_probabilities
from tests.scenarios.simulation.plain_cash_flows import (
    expected_cash_flows,
    expected_proceeds,
    time_law,
)
from tests.scenarios.simulation.sample_config import ENTRY_STAGES, bucket_data, config_data


def one_bucket(stage: str) -> tuple[ScenarioModel, CashFlowTable, Floats]:
    """The model, the table of its bucket and the sampler's probability of every place."""
    data = config_data(buckets=[bucket_data(stage)])
    model = build_model(parse_config(data))
    (flows,) = model.pooled_flows
    table = flows.tables.of(law=flows.law, latent=flows.latent)
    return model, table, np.repeat(cell_probabilities(model, data) / SLOTS, SLOTS)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_expected_flows_of_each_year_are_those_of_the_law(stage: str) -> None:
    _, table, probabilities = one_bucket(stage)
    calls = np.zeros(YEARS + 1)
    calls[0] = table.entry_call
    for follow_on in table.follow_ons:
        calls += follow_on.call * np.bincount(follow_on.year, probabilities, minlength=YEARS + 1)
    distributions = np.bincount(table.final_year, probabilities * table.proceeds, minlength=YEARS)
    exact = expected_cash_flows(config_data(), bucket_data(stage))
    # Sixteen places a cell resolve score, path and time to about a thousandth of the money.
    np.testing.assert_allclose(calls[:YEARS], exact[0], rtol=0, atol=5e-4)
    np.testing.assert_allclose(distributions, exact[1], rtol=0, atol=2e-3)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_follow_ons_call_the_expected_part_of_the_reserves(stage: str) -> None:
    model, table, probabilities = one_bucket(stage)
    called = sum(
        follow_on.call * float(probabilities @ (follow_on.year < YEARS))
        for follow_on in table.follow_ons
    )
    reserve = ENTRY_STAGES[stage]
    expected = model.expected_reserve_call_fractions[0] * reserve / (1 + reserve)
    # Path probabilities of drawn deals are off by up to 4e-4.
    assert called == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_mean_time_of_drawn_deals_is_the_expected_one(stage: str) -> None:
    model, _, probabilities = one_bucket(stage)
    (flows,) = model.pooled_flows
    outcomes = deal_outcomes(law=flows.law, latent=flows.latent)
    normals = time_normals(outcomes.lattice.cells)
    parts = np.split(normals, [outcomes.lattice.failure_cells])
    years = [
        path_times(part.paths).years(path=part.path, normal=normal)
        for part, normal in zip(outcomes.by_cell(), parts, strict=True)
    ]
    mean = probabilities @ np.concatenate(years).ravel()
    # Path probabilities of drawn deals are off by up to 4e-4, paths some years apart.
    assert mean == pytest.approx(model.expected_years[0], rel=4e-4)


@pytest.mark.parametrize("stage", ENTRY_STAGES)
def test_late_part_of_the_proceeds_is_that_of_the_law(stage: str) -> None:
    data, bucket = config_data(), bucket_data(stage)
    late, total = 0.0, 0.0
    for exited in (True, False):
        for graduations, value in expected_proceeds(data, bucket, exited=exited).items():
            law = time_law(data, bucket, exited=exited, graduations=graduations)
            late += value * float(law.sf(16))
            total += value
    model = build_model(parse_config(config_data(buckets=[bucket])))
    # The plain integral over ranks takes 40,000 steps.
    assert model.late_value_fractions[0] == pytest.approx(late / total, rel=1e-5)


def test_expected_proceeds_and_reserves_are_the_expected_multiple() -> None:
    # Series C reserves .4 per dollar of cheque.
    model, _, _ = one_bucket("series_c")
    (flows,) = model.pooled_flows
    proceeds = deal_expectations.expected_proceeds(flows.law)
    reserves_left = 0.4 * (1 - model.expected_reserve_call_fractions[0])
    total = sum(proceeds.exits) + sum(proceeds.failures) + reserves_left
    # The expected multiple integrates the reserves over ranks too, which costs 1e-9.
    assert total / 1.4 == pytest.approx(model.expected_multiples[0], rel=1e-8)


def test_time_of_a_path_keeps_its_mean_and_varies_less_over_more_rounds() -> None:
    # Squared coefficients of variation .46 / 1 and .46 / 4 = .115.
    paths = [
        Path(probability=0.5, graduations=0, mean_years=2.0, mean_rounds=1.0),
        Path(probability=0.5, graduations=3, mean_years=9.0, mean_rounds=4.0),
    ]
    normal = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    times = path_times(paths)
    for index, (mean, squared_variation) in enumerate([(2.0, 0.46), (9.0, 0.115)]):
        years = times.years(path=np.full(normal.shape, index), normal=normal)
        # The grid leaves out tails of 2.5e-6.
        assert years.mean() == pytest.approx(mean, rel=1e-4)
        assert years.var() / mean**2 == pytest.approx(squared_variation, rel=1e-2)


def test_round_durations_are_weibull_with_shape_1_5() -> None:
    weibull = stats.weibull_min(1.5)
    assert weibull.var() / weibull.mean() ** 2 == pytest.approx(0.46, abs=0.001)


def test_plain_times_have_the_mean_of_the_histories() -> None:
    law = time_law(config_data(), bucket_data("series_c"), exited=True, graduations=1)
    # A company that leaves Series C once takes at least two rounds of 2.2 years.
    assert 4.4 < law.mean() < 5.5


def test_times_are_booked_in_the_year_they_fall_in_and_late_ones_in_the_last() -> None:
    years = np.array([0.0, 0.999, 1.0, 14.999, 15.0, 15.999, 16.0, 400.0])
    assert booked_years(years).tolist() == [0, 0, 1, 14, 15, 15, 15, 15]

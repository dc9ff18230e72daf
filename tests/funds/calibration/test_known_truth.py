"""Rounds simulated from known rates, a quarter of them cut off: the truth comes back."""

import math
from datetime import date, timedelta

import numpy as np
import pytest

from funds.calibration.benchmark import benchmark_from
from funds.calibration.calibrate import calibrate
from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import read_rounds
from funds.calibration.spells import Outcome
from funds.calibration.transition_rates import EstimatedRates, StageRates
from funds.shipped import benchmark_calibration
from tests.funds.calibration.worked_example import csv_of

AS_OF = date(2024, 12, 31)
COMPANIES = 4_000

SHARES = {"exit": 0.12, "graduate": 0.48, "fail": 0.40}
MEAN_YEARS = {"exit": 4.0, "graduate": 1.4, "fail": 2.2}


def simulated_lines() -> list[str]:
    """Companies that entered Seed evenly over 7.75 years before the cut."""
    generator = np.random.default_rng(11)
    fates = generator.choice(list(SHARES), size=COMPANIES, p=list(SHARES.values()))
    lines = []
    for number, fate in enumerate(fates):
        entered = AS_OF - timedelta(days=int(generator.integers(0, 2831)))
        ended = entered + timedelta(days=round(generator.exponential(MEAN_YEARS[fate]) * 365.25))
        if fate == "graduate":
            lines += [f"c{number},seed,{entered},,", f"c{number},series_a,{ended},,"]
        else:
            proceeds = 1_000_000 if fate == "exit" else 0
            lines.append(f"c{number},seed,{entered},{ended},{proceeds}")
    return lines


@pytest.fixture(scope="module")
def seed() -> StageRates:
    calibration = calibrate(
        read_rounds(csv_of(simulated_lines())),
        options=CalibrationOptions(as_of=AS_OF),
        benchmark=benchmark_from(benchmark_calibration()),
    )
    return calibration.stages[0]


def deviations(rates: EstimatedRates | None) -> dict[str, float]:
    """How many standard errors each rate is from its true value at the horizon."""
    assert rates is not None
    found = {}
    for fate, share in SHARES.items():
        rate = getattr(rates, fate)
        truth = share * (1 - math.exp(-rates.horizon_years / MEAN_YEARS[fate]))
        found[fate] = (rate.rate - truth) / rate.standard_error
    return found


def test_a_quarter_of_the_spells_is_censored(seed: StageRates) -> None:
    # After a uniform time up to L = 7.75 years the share of a fate still open is
    # m / L x (1 - e^(-L / m)) with its mean m: .12 x .4418 + .48 x .1799 + .40 x .2755 = .2496.
    # Three standard errors of a share of 4,000 are .0205.
    assert 1 - seed.event_count / COMPANIES == pytest.approx(0.2496, abs=0.0205)


def test_rates_of_a_round_are_within_three_standard_errors(seed: StageRates) -> None:
    assert all(abs(deviation) < 3 for deviation in deviations(seed.per_round).values())


def test_long_run_rates_are_within_three_standard_errors(seed: StageRates) -> None:
    assert all(abs(deviation) < 3 for deviation in deviations(seed.eventual).values())


def test_shares_of_what_has_ended_are_not(seed: StageRates) -> None:
    """Slow exits are cut off most, so plain shares miss them by many standard errors."""
    exits = seed.events[Outcome.EXIT] / seed.event_count
    standard_error = math.sqrt(exits * (1 - exits) / seed.event_count)

    assert exits - SHARES["exit"] < -4 * standard_error


def test_large_record_hardly_feels_the_benchmark(seed: StageRates) -> None:
    assert seed.per_round is not None
    assert seed.shrunk is not None

    # 20 events of the benchmark against 3,000: rates move by less than 1 % of their distance.
    assert seed.shrunk.graduate == pytest.approx(seed.per_round.graduate.rate, abs=0.01)

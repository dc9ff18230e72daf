"""The whole calibration: what enters its version and its parameters, and what cannot matter."""

import json
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.calibration.benchmark import Benchmark, benchmark_from
from funds.calibration.calibrate import FundCalibration, calibrate
from funds.calibration.calibration_json import as_json
from funds.calibration.fund_parameters import fund_parameters
from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import read_rounds
from funds.calibration.stage_order import STAGES
from funds.shipped import benchmark_calibration, default_fund, taxonomy
from scenarios.fund_config import scenario_config
from scenarios.simulation.configuration import parameters as simulated
from scenarios.simulation.configuration.config import parse_config
from tests.funds.calibration.worked_example import AS_OF, HEADER, LINES, csv_of

BENCHMARK = benchmark_from(benchmark_calibration())
INVESTED_HEADER = HEADER + ",invested_usd"


def calibrated(
    lines: list[str], *, header: str = HEADER, benchmark: Benchmark = BENCHMARK, **options: Any
) -> FundCalibration:
    return calibrate(
        read_rounds(csv_of(lines, header=header)),
        options=CalibrationOptions(**{"as_of": AS_OF, **options}),
        benchmark=benchmark,
    )


def exits(count: int) -> list[str]:
    """Seed companies sold after three years for 1x, 2x, 3x ... of their cheque."""
    return [
        f"e{number},seed,2020-01-01,2023-01-01,{number}000,1000" for number in range(1, count + 1)
    ]


def test_stages_are_those_of_the_simulation_and_the_taxonomy() -> None:
    assert simulated.STAGES == STAGES
    assert tuple(stage["key"] for stage in taxonomy()["stages"]) == STAGES


def test_calibration_needs_no_framework() -> None:
    """In a fresh process, since this one has Django already."""
    program = "import sys, funds.calibration.fund_parameters; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_rows_are_accounted_for() -> None:
    calibration = calibrated(LINES, as_of=date(2021, 7, 1), entered_until=date(2020, 12, 31))

    # Later are series A of c05, series B of c06, and c08 to c10.
    assert calibration.rounds.in_file == 15
    assert calibration.rounds.after_as_of == 5
    # c07 entered in 2021; the bridge of c05 is the only one.
    assert calibration.rounds.outside_cohort == 1
    assert calibration.rounds.bridges == 1
    assert calibration.companies == 6
    assert calibration.first_round_on == date(2018, 1, 1)


def test_late_record_leaves_out_spells_that_were_over() -> None:
    # Over by 2021: c02's and c03's, and c04's on the last day of 2020.
    assert calibrated(LINES, observed_from=date(2021, 1, 1)).spells_before_watching == 3


# Version.


@settings(max_examples=30, deadline=None)
@given(st.permutations(LINES))
def test_order_of_rows_does_not_matter(lines: list[str]) -> None:
    assert as_json(calibrated(lines)) == as_json(calibrated(LINES))


def test_names_of_companies_do_not_matter() -> None:
    renamed = [line.replace("c0", "Company ").replace("c10", "Acme") for line in LINES]

    assert as_json(calibrated(renamed)) == as_json(calibrated(LINES))


@pytest.mark.parametrize(
    "options",
    [
        {"as_of": date(2025, 12, 30)},
        {"zombie_years": 50.0},
        {"observed_from": date(2000, 1, 1)},
        {"entered_from": date(2000, 1, 1)},
        {"entered_until": date(2025, 1, 1)},
    ],
)
def test_other_choices_make_another_version(options: dict[str, Any]) -> None:
    assert calibrated(LINES, **options).version != calibrated(LINES).version


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("c08,seed,2024-07-02,,", "c08,seed,2024-07-03,,"),
        ("c08,seed,2024-07-02,,", "c08,series_a,2024-07-02,,"),
        ("c03,seed,2018-01-01,2020-07-02,0", "c03,seed,2018-01-01,2020-07-02,1"),
        ("c03,seed,2018-01-01,2020-07-02,0", "c03,seed,2018-01-01,2020-07-03,0"),
    ],
)
def test_other_evidence_makes_another_version(line: str, changed: str) -> None:
    lines = [changed if line == original else original for original in LINES]
    assert lines != LINES

    assert calibrated(lines).version != calibrated(LINES).version


def test_other_benchmark_makes_another_version() -> None:
    other = benchmark_from({**benchmark_calibration(), "version": "other"})

    assert calibrated(LINES, benchmark=other).version != calibrated(LINES).version


def test_other_multiple_makes_another_version() -> None:
    lines = exits(1)
    dearer = [lines[0].replace(",1000,1000", ",1000,2000")]

    one, other = (calibrated(rows, header=INVESTED_HEADER) for rows in (lines, dearer))
    assert one.version != other.version


def test_version_is_a_sha_256() -> None:
    version = calibrated(LINES).version

    assert len(version) == 64
    assert set(version) <= set("0123456789abcdef")


# Exit multiples.


def test_file_without_invested_amounts_gives_no_multiples() -> None:
    multiples = calibrated(LINES).exit_multiples["seed"]

    assert (multiples.exits, multiples.median) == (None, None)
    assert multiples.unknown_because == "the file has no column invested_usd"


def test_ten_exits_give_the_multiples_of_their_stage_alone() -> None:
    multiples = calibrated(exits(10), header=INVESTED_HEADER).exit_multiples

    assert (multiples["seed"].median, multiples["seed"].p90) == (5.0, 9.0)
    assert (multiples["series_a"].exits, multiples["series_a"].median) == (0, None)


def test_late_record_gives_no_multiples() -> None:
    multiples = calibrated(
        exits(10), header=INVESTED_HEADER, observed_from=date(2019, 1, 1)
    ).exit_multiples["seed"]

    assert (multiples.exits, multiples.median) == (10, None)


# Parameters.


def config_of(calibration: FundCalibration) -> dict[str, Any]:
    config = scenario_config(
        calibration=fund_parameters(calibration), buckets=default_fund()["buckets"]
    )
    return parse_config(config).canonical_json()


def test_parameters_are_accepted_and_simulated_as_they_are() -> None:
    calibration = calibrated(exits(200), header=INVESTED_HEADER)
    parameters = fund_parameters(calibration)

    config = config_of(calibration)
    assert {name: config[name] for name in parameters} == parameters
    assert set(config) - set(parameters) == {"buckets", "seed"}


def test_stage_takes_shrunk_rates_and_own_multiples() -> None:
    # Ten spells, all exits, after 3 years: within 2.1 years all stay. (10 x 1 + 20 x .08) / 30.
    stage = fund_parameters(calibrated(exits(10), header=INVESTED_HEADER))["stages"]["seed"]

    assert stage == {
        **BENCHMARK.parameters["stages"]["seed"],
        "exit_probability": 0.06,
        "graduate_probability": 0.306667,
        "fail_probability": 0.246667,
        "exit_multiple_median": 5.0,
        "exit_multiple_p90": 9.0,
    }


def test_everything_else_is_the_benchmarks() -> None:
    before = json.dumps(BENCHMARK.parameters)
    parameters = fund_parameters(calibrated(exits(10), header=INVESTED_HEADER))

    parameters["stages"]["seed"] = BENCHMARK.parameters["stages"]["seed"]
    assert parameters == BENCHMARK.parameters
    assert json.dumps(BENCHMARK.parameters) == before


def test_stage_that_the_benchmark_lacks_is_left_out() -> None:
    calibration = calibrated(["acme,pre_seed,2015-01-01,,", "acme,seed,2016-01-01,,"])

    assert calibration.stages[0].stage == "pre_seed"
    assert "pre_seed" not in fund_parameters(calibration)["stages"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(STAGES),
            st.dates(min_value=date(2015, 1, 1), max_value=date(2019, 12, 31)),
            st.none() | st.dates(min_value=date(2020, 1, 1), max_value=AS_OF),
            st.integers(min_value=0, max_value=1),
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(min_value=1, max_value=50),
)
def test_any_record_gives_parameters_that_can_be_simulated(
    drawn: list[tuple[str, date, date | None, int]], copies: int
) -> None:
    lines = [
        f"c{number}-{copy},{stage},{day},{end or ''},{'' if end is None else proceeds}"
        for number, (stage, day, end, proceeds) in enumerate(drawn)
        for copy in range(copies)
    ]

    config_of(calibrated(lines))


# JSON.


def test_json_has_the_promised_fields() -> None:
    printed = as_json(calibrated(LINES))

    assert set(printed) == {
        "version", "options", "benchmark", "estimator", "interval", "prior_events", "companies",
        "first_round_on", "rounds", "spells_before_watching", "stages",
    }  # fmt: skip
    assert set(printed["stages"][0]) == {
        "stage", "spells", "open_spells", "events", "per_round", "eventual", "mean_spell",
        "unknown_because", "years_per_round", "benchmark", "shrunk", "exit_multiples",
    }  # fmt: skip
    assert json.loads(json.dumps(printed, allow_nan=False)) == printed


def test_json_says_where_exit_multiples_come_from() -> None:
    lines = [*exits(10), "old,pre_seed,2015-01-01,,,5"]
    stages = {
        stage["stage"]: stage["exit_multiples"]
        for stage in as_json(calibrated(lines, header=INVESTED_HEADER))["stages"]
    }

    assert stages["seed"] == {
        "source": "fund", "median": 5.0, "p90": 9.0, "exits": 10, "unknown_because": None,
    }  # fmt: skip
    assert stages["series_a"] == {
        "source": "benchmark", "median": 2.0, "p90": 10.0, "exits": 0,
        "unknown_because": "0 exits are too few, 10 are needed",
    }  # fmt: skip
    assert stages["pre_seed"]["source"] == "none"

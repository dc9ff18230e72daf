"""A fund's calibration in the database: what the row states, and that it is there once."""

import io
import uuid
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction

from funds.models import CalibrationSnapshot, Fund
from funds.shipped import benchmark_calibration, default_fund
from scenarios.fund_config import scenario_config
from scenarios.simulation.configuration.config import parse_config
from tests.funds.calibration.worked_example import LINES, csv_of
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import FundFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def rounds(tmp_path: Path) -> Path:
    path = tmp_path / "rounds.csv"
    path.write_bytes(csv_of(LINES))
    return path


def store(rounds: Path, fund_id: object, *options: str, as_of: str = "2025-12-31") -> str:
    """What the command says on stderr."""
    errors = io.StringIO()
    call_command(
        "calibrate_transitions",
        str(rounds),
        *("--as-of", as_of, "--fund", str(fund_id), "--store", *options),
        stdout=io.StringIO(),
        stderr=errors,
    )
    return errors.getvalue()


def refusal(rounds: Path, fund_id: object) -> list[str]:
    output, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(
            "calibrate_transitions",
            str(rounds),
            *("--as-of", "2025-12-31", "--fund", str(fund_id), "--store"),
            stdout=output,
            stderr=errors,
        )
    assert stopped.value.code == 2
    assert output.getvalue() == ""
    return errors.getvalue().splitlines()


def snapshots() -> list[CalibrationSnapshot]:
    return list(CalibrationSnapshot.objects.filter(kind="fund").order_by("created_at"))


def test_snapshot_states_its_fund_sample_and_window(rounds: Path) -> None:
    fund = FundFactory.create(buckets=False)

    said = store(rounds, fund.pk)

    (snapshot,) = snapshots()
    assert said == f"Stored calibration {snapshot.version} for {fund}.\n"
    assert snapshot.fund == fund
    assert snapshot.label == "Own rounds of 10 companies as of 2025-12-31"
    assert snapshot.sample_size == 10
    assert (snapshot.window_start, snapshot.window_end) == (date(2018, 1, 1), date(2025, 12, 31))
    assert snapshot.content_sha256 == snapshot.computed_content_sha256()
    snapshot.full_clean()


def test_method_names_the_own_rates_and_the_benchmark(rounds: Path) -> None:
    store(rounds, FundFactory.create(buckets=False).pk, "--zombie-years", "9")

    (snapshot,) = snapshots()
    # Of three companies at series A one has exited and two were followed for over 2.2 years. The
    # one at series B has no event, so its rates are the benchmark's.
    assert "for the stages seed (events: 7), series_a (events: 1); each is" in snapshot.method
    assert "All else is v2025_industry_benchmark's." in snapshot.method
    assert "without a round for 9 years count as failed" in snapshot.method


def test_own_record_is_cited_before_what_the_benchmark_rests_on(rounds: Path) -> None:
    store(rounds, FundFactory.create(buckets=False).pk)

    (snapshot,) = snapshots()
    assert snapshot.citations[0]["source"] == "The fund's own rounds of 10 companies"
    assert snapshot.citations[1:] == benchmark_calibration()["citations"]


def test_stored_parameters_can_be_simulated(rounds: Path) -> None:
    store(rounds, FundFactory.create(buckets=False).pk)

    (snapshot,) = snapshots()
    config = parse_config(
        scenario_config(calibration=snapshot.parameters, buckets=default_fund()["buckets"])
    )
    # (7 x 13/54 + 20 x .46) / 27 on the grid of six decimals.
    assert config.stages["seed"].graduate_probability == pytest.approx(10.885185 / 27, abs=1e-6)


def test_storing_twice_gives_one_row(rounds: Path) -> None:
    fund = FundFactory.create(buckets=False)

    assert store(rounds, fund.pk) == store(rounds, fund.pk)
    assert len(snapshots()) == 1


def test_another_cut_is_another_calibration(rounds: Path) -> None:
    fund = FundFactory.create(buckets=False)
    store(rounds, fund.pk)
    store(rounds, fund.pk, as_of="2024-12-31")

    assert len({snapshot.version for snapshot in snapshots()}) == 2


def test_two_funds_may_rest_on_the_same_rounds(rounds: Path) -> None:
    one, other = (FundFactory.create(buckets=False) for _ in range(2))
    store(rounds, one.pk)
    store(rounds, other.pk)

    assert [snapshot.fund for snapshot in snapshots()] == [one, other]


def test_fund_may_choose_its_own_calibration(rounds: Path) -> None:
    fund = FundFactory.create(buckets=False)
    store(rounds, fund.pk)

    fund.default_calibration = snapshots()[0]
    fund.full_clean()


@pytest.mark.parametrize("fund_id", [uuid.uuid4(), "growth", ""])
def test_fund_that_does_not_exist_is_refused(rounds: Path, fund_id: object) -> None:
    assert refusal(rounds, fund_id) == [f"--fund: is {str(fund_id)!r}, which is no fund"]
    assert snapshots() == []


def test_record_that_tells_nothing_is_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "rounds.csv"
    path.write_bytes(csv_of(["acme,seed,2025-06-30,,"]))
    fund: Fund = FundFactory.create(buckets=False)

    assert refusal(path, fund.pk) == [
        "--store: the rounds give no rate or exit multiple of their own: use the benchmark"
        " v2025_industry_benchmark"
    ]
    assert snapshots() == []


def test_stored_version_keeps_its_content(rounds: Path) -> None:
    fund = FundFactory.create(buckets=False)
    with transaction.atomic():
        store(rounds, fund.pk)
        version = snapshots()[0].version
        transaction.set_rollback(True)
    fund_calibration(fund, version=version)

    (line,) = refusal(rounds, fund.pk)
    assert line.startswith(f"--store: Calibration {version} is in the database with other content")

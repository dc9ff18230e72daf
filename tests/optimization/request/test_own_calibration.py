"""From a fund's rounds to a result that says it rests on them: file, calibration, request, result.

The rounds are those of the worked example; its Seed rates are known by hand.
"""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from funds.models import CalibrationSnapshot, Fund, User
from optimization.models import OptimizationSession
from optimization.results.session_results import session_result
from scenarios.models import ScenarioMatrix
from tests.funds.calibration.worked_example import LINES, csv_of
from tests.funds.factories import FundFactory, MembershipFactory
from tests.optimization.completed import SMALL, complete

pytestmark = pytest.mark.django_db

API = "/api/v1/optimizations"
NEW = reverse("optimization:new")


@pytest.fixture
def own(fund: Fund, tmp_path: Path) -> CalibrationSnapshot:
    return imported(fund, tmp_path)


@pytest.fixture
def analyst(fund: Fund) -> User:
    user: User = MembershipFactory.create(organisation=fund.organisation).user
    return user


def imported(fund: Fund, folder: Path) -> CalibrationSnapshot:
    rounds = folder / f"{fund.pk}.csv"
    rounds.write_bytes(csv_of(LINES))
    call_command(
        "calibrate_transitions",
        *(str(rounds), "--as-of", "2025-12-31", "--store", "--fund", str(fund.pk)),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
    )
    return CalibrationSnapshot.objects.get(fund=fund)


def through_the_api(user: User, fund: Fund, version: str) -> Any:
    client = Client(headers={"authorization": f"Bearer {AuthToken.objects.create(user)[1]}"})
    body = {"fund": str(fund.pk), "name": "Ours", "calibration": version, **SMALL}
    return client.post(API, data=body, content_type="application/json")


def through_the_form(user: User, fund: Fund, version: str) -> Any:
    client = Client()
    client.force_login(user)
    typed = {name: str(number) for name, number in SMALL.items()}
    fields = {"name": "Ours", "capital_usd": "100", "calibration": version, **typed}
    return client.post(f"{NEW}?fund={fund.pk}", fields)


@pytest.mark.parametrize("request_through", [through_the_api, through_the_form])
def test_result_says_which_calibration_it_rests_on(
    fund: Fund, analyst: User, own: CalibrationSnapshot, request_through: Any
) -> None:
    request_through(analyst, fund, own.version)

    session = OptimizationSession.objects.get()
    complete(session)
    session.refresh_from_db()
    assert session_result(session)["calibration"] == {
        "version": own.version,
        "label": "Own rounds of 10 companies as of 2025-12-31",
        "kind": "fund",
        "sample_size": 10,
    }


def test_scenarios_are_drawn_under_the_funds_own_rates(
    fund: Fund, analyst: User, own: CalibrationSnapshot
) -> None:
    through_the_api(analyst, fund, own.version)

    seed = ScenarioMatrix.objects.get().config["stages"]["seed"]
    # (7 x 13/54 + 20 x .46) / 27: seven events of its own against twenty of the benchmark.
    assert seed["graduate_probability"] == pytest.approx(10.885185 / 27, abs=1e-6)


def test_page_of_the_result_names_the_calibration(
    fund: Fund, analyst: User, own: CalibrationSnapshot
) -> None:
    through_the_form(analyst, fund, own.version)
    session = OptimizationSession.objects.get()
    complete(session)
    client = Client()
    client.force_login(analyst)

    page = client.get(reverse("optimization:session", args=[session.pk])).content.decode()

    assert own.label in page


@pytest.mark.parametrize("request_through", [through_the_api, through_the_form])
def test_calibration_of_another_fund_is_refused_like_one_that_does_not_exist(
    fund: Fund, analyst: User, tmp_path: Path, request_through: Any
) -> None:
    foreign = imported(FundFactory.create(), tmp_path).version
    unknown = f"fund_{'0' * (len(foreign) - len('fund_'))}"

    of_other_fund, of_nobody = (
        request_through(analyst, fund, version).content.decode() for version in (foreign, unknown)
    )

    assert without_chance(of_other_fund) == without_chance(of_nobody)
    assert "v2025_industry_benchmark" in of_other_fund
    assert not OptimizationSession.objects.exists()


def without_chance(answer: str) -> str:
    """The answer without the version that was asked for and what is never the same twice."""
    answer = re.sub(r"fund_[0-9a-f]+\.*", "VERSION", answer)
    return re.sub(
        r'("request_id": |name="(csrfmiddlewaretoken|form_token)" value=)"[^"]+"', "", answer
    )


def test_calibration_of_a_sister_fund_is_refused_too(
    fund: Fund, analyst: User, tmp_path: Path
) -> None:
    sister = FundFactory.create(organisation=fund.organisation, taxonomy=fund.taxonomy)
    version = imported(sister, tmp_path).version

    response = through_the_api(analyst, fund, version)

    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/calibration", "NOT_A_CHOICE")

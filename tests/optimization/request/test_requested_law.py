"""A request that states every part of the law goes all the way to its result."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from funds.models import Fund
from optimization.results.session_results import session_result
from scenarios.fund_config import LAW_PATHS
from scenarios.models import ScenarioMatrix
from tests.funds.factories import MembershipFactory
from tests.optimization.completed import completed_session

pytestmark = pytest.mark.django_db

KEYS = ["seed/fintech", "seed/saas", "series_a/fintech", "series_a/saas"]
LAW: dict[str, Any] = {
    "exit_law": {"law": "pareto", "multiple_cap": 500},
    "variance_shares": {"macro": 0.2, "bucket": 0.2, "idiosyncratic": 0.6},
    "share_level": "deal",
    "copula": {"family": "t", "degrees_of_freedom": 8},
    "bucket_correlation": {
        "buckets": KEYS,
        "matrix": [[1.0 if row == column else 0.3 for column in KEYS] for row in KEYS],
    },
    "value_path_coupling": 0.5,
    "failure_recovery": {"threshold": 0.6, "maximum": 0.5},
    "unspent_reserves": "idle",
    "recycling": {
        "utilization_fraction": 0.5,
        "cost_multiple": 1,
        "max_deals": 3,
        "deadline_years": 6,
    },
    "sampling": "sobol",
}


def test_request_states_every_member_but_the_one_that_another_excludes() -> None:
    assert set(LAW) == set(LAW_PATHS) - {"factor_shares"}


def test_whole_law_is_simulated_as_requested_and_told_on_the_page(fund: Fund) -> None:
    session = completed_session(fund=fund, scenario_law=LAW)

    config = ScenarioMatrix.objects.get(sessions=session).config
    for member, path in LAW_PATHS.items():
        simulated: Any = config
        for name in path.split("."):
            simulated = simulated[name]
        stated = LAW.get(member)
        if isinstance(stated, dict):
            assert {name: simulated[name] for name in stated} == stated
        else:
            assert simulated == stated
    result = session_result(session)
    assert result["request"]["scenario_law"] == LAW
    shares = result["matrix"]["variance_shares"]
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-9)  # They are measured as parts of 1.

    client = Client()
    client.force_login(MembershipFactory.create(organisation=fund.organisation).user)
    page = client.get(reverse("optimization:session", args=[session.pk]))
    assert page.status_code == 200
    assert "t with 8 degrees of freedom" in page.content.decode()


def test_law_moves_the_result_and_leaves_no_other_session_touched(fund: Fund) -> None:
    calibrated = session_result(completed_session(fund=fund))
    idle = session_result(completed_session(fund=fund, scenario_law={"unspent_reserves": "idle"}))
    again = session_result(completed_session(fund=fund))

    # Reserves that are lost instead of returned cost part of every dollar set aside.
    assert (
        idle["risk"]["expected_multiple"]["exact"]
        < calibrated["risk"]["expected_multiple"]["exact"]
    )
    assert again["matrix"]["key"] == calibrated["matrix"]["key"] != idle["matrix"]["key"]

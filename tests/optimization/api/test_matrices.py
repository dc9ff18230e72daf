"""GET /scenario-matrices/{key}: what a matrix was made from, within the caller's own funds."""

import pytest
from django.db.models.functions import Now
from django.test import Client

from funds.models import Fund
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.models import ScenarioMatrix
from tests.funds.factories import FundFactory
from tests.optimization.completed import completed_session
from tests.optimization.factories import requested_session
from tests.optimization.measured import BUCKET_FACTS, BUCKET_SHARES, LOADINGS


def matrix_of(fund: Fund) -> ScenarioMatrix:
    """The matrix of a new request; equal funds give equal keys."""
    matrix = requested_session(fund=fund).matrix
    assert matrix is not None
    return matrix


def complete(matrix: ScenarioMatrix) -> None:
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(
        status="complete",
        payload=b"numbers",
        codec="zlib",
        layout="float32-le-row-major",
        sha256="ab" * 32,
        buckets=[
            {
                "key": "seed/saas",
                "expected_multiple": 1.5,
                "deal_win_probability": 0.02,
                "expected_reserve_call_fraction": 0.4,
            }
        ],
        variance_shares={"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25},
        generation_seconds=0.5,
        completed_at=Now(),
    )


def address(matrix: ScenarioMatrix) -> str:
    return f"/api/v1/scenario-matrices/{matrix.matrix_key}"


def test_matrix_that_is_being_made_shows_what_it_will_be_made_from(
    analyst: Client, fund: Fund
) -> None:
    matrix = matrix_of(fund)

    shown = analyst.get(address(matrix)).json()

    assert shown["key"] == matrix.matrix_key
    assert shown["status"] == "generating"
    assert shown["fund"] == {"id": str(fund.pk), "name": fund.name, "is_sample": False}
    assert shown["config"] == matrix.config
    assert shown["sha256"] is None
    assert shown["completed_at"] is None


def test_complete_matrix_shows_the_digest_of_what_was_stored(analyst: Client, fund: Fund) -> None:
    matrix = matrix_of(fund)
    complete(matrix)

    shown = analyst.get(address(matrix)).json()

    assert shown["status"] == "complete"
    assert shown["sha256"] == "ab" * 32
    assert shown["buckets"][0]["expected_multiple"] == 1.5
    assert shown["completed_at"].endswith("Z")


def test_answer_holds_no_numbers_of_the_matrix(analyst: Client, fund: Fund) -> None:
    matrix = matrix_of(fund)
    complete(matrix)

    assert b"payload" not in analyst.get(address(matrix)).content


def test_each_caller_gets_the_matrix_of_their_own_fund(
    analyst: Client, stranger: Client, fund: Fund
) -> None:
    foreign_fund = Fund.objects.exclude(pk=fund.pk).get()
    own, foreign = matrix_of(fund), matrix_of(foreign_fund)
    assert own.matrix_key == foreign.matrix_key

    assert analyst.get(address(own)).json()["fund"]["id"] == str(fund.pk)
    assert stranger.get(address(own)).json()["fund"]["id"] == str(foreign_fund.pk)


def test_foreign_matrix_is_not_found_by_its_fund_either(
    analyst: Client, stranger: Client, fund: Fund
) -> None:
    matrix = matrix_of(fund)

    assert stranger.get(f"{address(matrix)}?fund={fund.pk}").status_code == 404


def test_of_several_own_matrices_a_complete_one_is_shown(analyst: Client, fund: Fund) -> None:
    unfinished = matrix_of(fund)
    sibling = FundFactory.create(organisation=fund.organisation)
    complete(matrix_of(sibling))

    assert analyst.get(address(unfinished)).json()["fund"]["id"] == str(sibling.pk)


def test_fund_in_the_query_chooses_among_own_matrices(analyst: Client, fund: Fund) -> None:
    unfinished = matrix_of(fund)
    complete(matrix_of(FundFactory.create(organisation=fund.organisation)))

    shown = analyst.get(f"{address(unfinished)}?fund={fund.pk}").json()

    assert shown["fund"]["id"] == str(fund.pk)


@pytest.mark.parametrize("key", ["x", "0" * 63, "0" * 65, "A" * 64, "%00" * 64, "0" * 64 + "%0A"])
def test_what_is_no_key_is_not_found(analyst: Client, key: str) -> None:
    assert analyst.get(f"/api/v1/scenario-matrices/{key}").status_code == 404


def test_query_that_breaks_a_rule_is_refused(analyst: Client, fund: Fund) -> None:
    assert analyst.get(f"{address(matrix_of(fund))}?funds={fund.pk}").status_code == 400


def test_bucket_of_a_matrix_shows_what_moves_it(analyst: Client, fund: Fund) -> None:
    session = completed_session(fund=fund, bucket_facts=BUCKET_FACTS)
    assert session.matrix is not None

    shown = analyst.get(address(session.matrix)).json()

    for bucket in shown["buckets"]:
        assert bucket["variance_shares"] == BUCKET_SHARES
        assert bucket["loadings"] == LOADINGS


def test_what_an_earlier_matrix_does_not_say_of_its_buckets_is_null(
    analyst: Client, fund: Fund
) -> None:
    matrix = matrix_of(fund)
    complete(matrix)

    (bucket,) = analyst.get(address(matrix)).json()["buckets"]

    assert (bucket["variance_shares"], bucket["loadings"]) == (None, None)
    assert bucket["late_value_fraction"] is None


def test_complete_matrix_shows_the_digest_of_its_cash_flows(analyst: Client, fund: Fund) -> None:
    matrix = completed_session(fund=fund).matrix
    assert matrix is not None

    flows = analyst.get(address(matrix)).json()["cash_flows"]

    assert flows["sha256"] == MatrixCashFlows.objects.get(matrix=matrix).sha256
    assert (flows["years"], flows["buckets"], flows["scenarios"]) == (16, 4, 64)


def test_matrix_without_cash_flows_says_so(analyst: Client, fund: Fund) -> None:
    shown = analyst.get(address(matrix_of(fund))).json()

    assert (shown["cash_flows"], shown["warnings"]) == (None, [])

"""Asking for the same again makes another session, under the fund's policy of today."""

from typing import Any

import pytest

from funds.models import BucketPolicy, Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from scenarios.simulation.checked_input import InvalidInput
from tests.funds.factories import MembershipFactory
from tests.optimization.completed import SMALL
from tests.optimization.factories import requested_session
from tests.optimization.rows import Status, columns
from tests.optimization.work import fail, matrix_of

pytestmark = pytest.mark.django_db

ASKED: dict[str, Any] = {
    **SMALL,
    "seed": "2026",
    "capital_usd": "12345678.90",
    "scenario_law": {"sampling": "sobol", "exit_law": {"law": "lognormal"}},
    "limits": {"sectors": {"saas": {"min": 0.3}}, "max_bucket_weight": 0.5},
}


@pytest.fixture
def failed(fund: Fund) -> OptimizationSession:
    session = requested_session(fund=fund, **ASKED)
    fail(matrix_of(session), reason="Out of paper.")
    session.refresh_from_db()
    return session


def test_retry_asks_for_exactly_the_same(failed: OptimizationSession) -> None:
    again = lifecycle.retry_session(session=failed, user=failed.requested_by)
    assert again.pk != failed.pk
    assert again.request == failed.request
    assert matrix_of(again) == matrix_of(failed)
    assert again.status == Status.MATRIX_GENERATING


def test_retry_leaves_the_session_that_ended_as_it_is(failed: OptimizationSession) -> None:
    before = columns(failed)
    lifecycle.retry_session(session=failed, user=failed.requested_by)
    assert columns(failed) == before


def test_retry_belongs_to_the_one_who_asked_for_it(failed: OptimizationSession) -> None:
    colleague = MembershipFactory.create(organisation=failed.fund.organisation).user
    assert lifecycle.retry_session(session=failed, user=colleague).requested_by == colleague


def test_retry_uses_the_policy_of_today(failed: OptimizationSession, fund: Fund) -> None:
    BucketPolicy.objects.filter(fund=fund).update(reference_deals=7)
    again = lifecycle.retry_session(session=failed, user=failed.requested_by)
    assert {bucket["reference_deals"] for bucket in again.buckets} == {7.0}
    assert matrix_of(again) != matrix_of(failed)


def test_retry_that_no_longer_fits_the_fund_is_refused(
    failed: OptimizationSession, fund: Fund
) -> None:
    BucketPolicy.objects.filter(fund=fund, sector__key="saas").update(is_active=False)
    with pytest.raises(InvalidInput) as refusal:
        lifecycle.retry_session(session=failed, user=failed.requested_by)
    assert [fault.path for fault in refusal.value.faults] == ["limits.sectors.saas"]
    assert OptimizationSession.objects.count() == 1

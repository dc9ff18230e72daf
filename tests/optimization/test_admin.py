"""Staff can open every list of the pipeline's rows and change none of them."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from funds.models import Fund
from tests.funds.factories import UserFactory
from tests.optimization.work import fail, matrix_of, waiting

MODELS = [
    "optimization/optimizationsession",
    "optimization/sessionevent",
    "optimization/idempotentresponse",
    "optimization/validationchunk",
    "optimization/askedranges",
    "scenarios/scenariomatrix",
]


@pytest.fixture
def staff_client(client: Client, db: Any) -> Client:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", MODELS)
def test_staff_can_list_the_rows(staff_client: Client, model: str) -> None:
    assert staff_client.get(f"/admin/{model}/").status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_staff_cannot_add_a_row_by_hand(staff_client: Client, model: str) -> None:
    assert staff_client.get(f"/admin/{model}/add/").status_code == 403


def test_staff_read_why_a_session_failed_and_its_traceback(
    staff_client: Client, fund: Fund
) -> None:
    session = waiting(fund)
    fail(matrix_of(session), reason="There is no paper. Buy some.")
    session.refresh_from_db()

    page = staff_client.get(f"/admin/optimization/optimizationsession/{session.pk}/change/")

    assertContains(page, "There is no paper. Buy some.")
    assert session.failure_traceback
    assertContains(page, session.failure_traceback.splitlines()[0])

"""POST /attainable-ranges and GET /attainable-ranges/{id}."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from funds.models import Fund
from optimization.ranges.models import AskedRanges
from tests.optimization.work import do, fail

ADDRESS = "/api/v1/attainable-ranges"


def ask(client: Client, fund: Fund, **fields: Any) -> Any:
    body = {"fund": str(fund.pk), "optimization_scenarios": 64, **fields}
    return client.post(ADDRESS, data=body, content_type="application/json")


def answer_all() -> None:
    for asked in AskedRanges.objects.unfinished():
        if asked.status == AskedRanges.Status.WAITING:
            do(asked.matrix)
        do(asked)


def test_first_question_is_accepted_and_can_be_followed(analyst: Client, fund: Fund) -> None:
    response = ask(analyst, fund)

    assert response.status_code == 202
    assert response.headers["Retry-After"] == "1"
    followed = analyst.get(response.headers["Location"])
    assert followed.json() == response.json()
    assert followed.headers["Retry-After"] == "1"
    assert response.json()["status"] == "waiting"
    assert response.json()["ranges"] is None


def test_answer_is_read_where_it_was_asked_for(analyst: Client, fund: Fund) -> None:
    location = ask(analyst, fund).headers["Location"]
    answer_all()

    response = analyst.get(location)

    assert "Retry-After" not in response.headers
    assert response.json()["status"] == "complete"
    ranges = response.json()["ranges"]
    assert ranges["scenarios"] == 64
    assert ranges["cvar"]["confidence"] == 0.95
    assert ranges["loss_probability"]["certified"] <= ranges["loss_probability"]["found"]


def test_asking_again_gets_the_answer_at_once(analyst: Client, fund: Fund) -> None:
    first: HttpResponse = ask(analyst, fund)
    answer_all()

    again = ask(analyst, fund, name="Ignored", limits={"max_loss_probability": 0.01})

    assert again.status_code == 200
    assert again.headers["Location"] == first.headers["Location"]
    assert again.json()["status"] == "complete"


def test_question_that_failed_says_why(analyst: Client, fund: Fund) -> None:
    location = ask(analyst, fund).headers["Location"]
    fail(AskedRanges.objects.get().matrix, reason="There is no paper.")

    shown = analyst.get(location).json()

    assert (shown["status"], shown["is_finished"]) == ("failed", True)
    assert shown["failure_reason"] == "There is no paper."


def test_faults_name_their_fields_and_nothing_is_stored(analyst: Client, fund: Fund) -> None:
    response = ask(analyst, fund, limits={"max_bucket_weight": 2}, colour="red")

    assert response.status_code == 400
    pointers = {error["pointer"] for error in response.json()["errors"]}
    assert pointers == {"/limits/max_bucket_weight", "/colour"}
    assert not AskedRanges.objects.exists()


@pytest.mark.parametrize("body", [{}, {"fund": "none"}, []])
def test_question_without_a_fund_is_refused(analyst: Client, body: object) -> None:
    response = analyst.post(ADDRESS, data=body, content_type="application/json")

    assert response.status_code == 400


def test_nobody_else_has_a_question_stored(viewer: Client, stranger: Client, fund: Fund) -> None:
    assert ask(viewer, fund).status_code == 403
    assert ask(stranger, fund).status_code == 404
    assert not AskedRanges.objects.exists()

"""Every way a request can go wrong before or beside a view, and that each answer is a problem."""

import json
import re
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory
from knox.models import AuthToken
from rest_framework.exceptions import Throttled

from funds.models import Fund, User
from optimization.api import problem_responses
from optimization.api.api_view import ApiView
from optimization.api.problems import TITLE_OF_CODE, problem

ADDRESS = "/api/v1/optimizations"


class View(ApiView):
    """A view that anybody may call and that ends with the exception it is made with."""

    authentication_classes = []
    permission_classes = []
    error: Exception = Http404()

    def get(self, request: Any) -> Any:
        raise self.error


def answer_to(error: Exception) -> Any:
    return View.as_view(error=error)(RequestFactory().get("/api/v1/things"))


def check_problem(response: Any, *, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    shown: dict[str, Any] = json.loads(response.content)
    assert set(shown) == {
        "type", "title", "status", "detail", "instance", "code", "errors", "request_id",
    }  # fmt: skip
    assert shown["status"] == status
    assert shown["code"] == code
    assert shown["title"]
    assert shown["detail"]
    assert response.headers["X-Request-Id"] == shown["request_id"]
    return shown


def test_problem_of_a_plain_status_has_no_type_of_its_own() -> None:
    shown = check_problem(answer_to(Http404()), status=404, code="not-found")

    assert shown["type"] == "about:blank"
    assert shown["title"] == "Not Found"
    assert shown["instance"] == "/api/v1/things"
    assert shown["errors"] == []


@pytest.mark.parametrize("code", TITLE_OF_CODE)
def test_problem_with_a_meaning_has_a_type_and_a_title(code: str) -> None:
    shown = check_problem(answer_to(problem(409, code, detail="Why.")), status=409, code=code)

    assert shown["type"] == f"urn:keel:problem:{code}"
    assert shown["title"] == TITLE_OF_CODE[code]


def test_caller_that_asks_too_often_is_told_when_to_come_back() -> None:
    response = answer_to(Throttled(wait=12.3))

    check_problem(response, status=429, code="too-many-requests")
    # Rounded up: at 12 seconds it would still be too early.
    assert response.headers["Retry-After"] == "13"


def test_database_that_does_not_answer_is_a_passing_fault() -> None:
    response = answer_to(OperationalError("canceling statement due to lock timeout"))

    shown = check_problem(response, status=503, code="temporarily-unavailable")
    assert response.headers["Retry-After"] == "5"
    assert "canceling" not in shown["detail"]


def test_suspicious_request_is_refused() -> None:
    check_problem(answer_to(SuspiciousOperation("secret")), status=400, code="malformed-request")


def test_fault_of_the_server_is_recorded_and_shows_nothing_of_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shown = check_problem(
        answer_to(ValueError("the password is 1234")), status=500, code="internal-error"
    )

    assert "1234" not in str(shown)
    (record,) = [r for r in caplog.records if r.name == problem_responses.logger.name]
    assert shown["request_id"] in record.getMessage()
    assert record.exc_info is not None
    assert "1234" in str(record.exc_info[1])


def test_fault_of_the_server_reaches_whoever_listens_for_it() -> None:
    """As every fault in Django does; the test client listens, and so may a reporter of errors."""
    heard = []

    def listen(request: HttpRequest, **_ignored: object) -> None:
        heard.append(request.path)

    got_request_exception.connect(listen)
    try:
        answer_to(ValueError())
    finally:
        got_request_exception.disconnect(listen)

    assert heard == ["/api/v1/things"]


def test_anonymous_caller_is_told_how_to_log_in(anonymous: Client) -> None:
    response = anonymous.get(ADDRESS)

    check_problem(response, status=401, code="not-authenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a b",
        "Bearer \x00",
        "Bearer ÿ",
        "Bearer " + "x" * 9999,
        "Basic dTpw",
        "Token x",
    ],
)
def test_header_that_is_no_known_token_is_refused(anonymous: Client, header: str) -> None:
    response = anonymous.get(ADDRESS, headers={"authorization": header})

    check_problem(response, status=401, code="not-authenticated")


def test_token_of_a_person_who_left_is_refused(analyst: Client, analyst_user: User) -> None:
    User.objects.filter(pk=analyst_user.pk).update(is_active=False)

    check_problem(analyst.get(ADDRESS), status=401, code="not-authenticated")


def test_revoked_token_is_refused(analyst: Client, analyst_user: User) -> None:
    AuthToken.objects.filter(user=analyst_user).delete()

    check_problem(analyst.get(ADDRESS), status=401, code="not-authenticated")


def test_session_of_the_site_may_read(anonymous: Client, analyst_user: User) -> None:
    anonymous.force_login(analyst_user)

    assert anonymous.get(ADDRESS).status_code == 200


def test_session_of_the_site_may_not_post_without_its_csrf_token(
    analyst_user: User, fund: Fund
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst_user)

    response = client.post(
        ADDRESS, data={"fund": str(fund.pk), "name": "x"}, content_type="application/json"
    )

    check_problem(response, status=403, code="permission-denied")


def test_session_of_the_site_may_post_with_its_csrf_token(analyst_user: User, fund: Fund) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst_user)
    client.cookies["keel_csrf"] = "a" * 32

    response = client.post(
        ADDRESS,
        data={"fund": str(fund.pk), "name": "x"},
        content_type="application/json",
        headers={"x-csrftoken": "a" * 32},
    )

    assert response.status_code == 202


def test_token_needs_no_csrf_token(analyst_user: User, fund: Fund) -> None:
    _, token = AuthToken.objects.create(analyst_user)
    client = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token}"})

    response = client.post(
        ADDRESS, data={"fund": str(fund.pk), "name": "x"}, content_type="application/json"
    )

    assert response.status_code == 202


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_method_that_an_address_does_not_know_is_refused(analyst: Client, method: str) -> None:
    response = getattr(analyst, method)(ADDRESS)

    check_problem(response, status=405, code="method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_post_to_what_can_only_be_read_is_refused(analyst: Client) -> None:
    check_problem(
        analyst.post("/api/v1/funds", data="{}", content_type="application/json"),
        status=405,
        code="method-not-allowed",
    )


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*;q=1"])
def test_client_that_takes_no_json_is_told_so(analyst: Client, accept: str) -> None:
    response = analyst.get(ADDRESS, headers={"accept": accept})

    check_problem(response, status=406, code="not-acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/html, */*"])
def test_client_that_takes_json_gets_it(analyst: Client, accept: str) -> None:
    assert analyst.get(ADDRESS, headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/optimizations/",
        "/api/v1/optimizations/1/result/",
        "/api/v1/funds/",
        "/api/v1/scenario-matrices/" + "g" * 64,
        "/api/v1/%00",
        "/api/v1/a%0Ab",
    ],
)
def test_address_of_nothing_is_not_found_and_never_redirected(
    analyst: Client, method: str, address: str
) -> None:
    response = getattr(analyst, method)(address)

    if "scenario-matrices" in address and method != "get":
        check_problem(response, status=405, code="method-not-allowed")
    else:
        check_problem(response, status=404, code="not-found")


def test_callers_request_id_comes_back(analyst: Client) -> None:
    response = analyst.get(ADDRESS, headers={"x-request-id": "run-7.b_2"})

    assert response.headers["X-Request-Id"] == "run-7.b_2"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\nb", "é", "{}"])
def test_request_id_that_could_disturb_a_log_is_replaced(analyst: Client, given: str) -> None:
    response = analyst.get(ADDRESS, headers={"x-request-id": given})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-Id"])


def test_answers_differ_by_caller_for_every_cache(analyst: Client) -> None:
    response = analyst.get(ADDRESS)

    assert {"Authorization", "Cookie"} <= set(response.headers["Vary"].split(", "))
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/api/other", "application/problem+json"), ("/elsewhere", "text/html")],
)
def test_handlers_of_the_site_answer_problems_below_the_api_alone(
    path: str, media_type: str
) -> None:
    request = RequestFactory().get(path)
    error = SuspiciousOperation()

    answers = {
        400: problem_responses.bad_request(request, error),
        403: problem_responses.permission_denied(request, error),
        404: problem_responses.page_not_found(request, error),
        500: problem_responses.server_error(request),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {
        status: status for status in answers
    }
    assert all(a.headers["Content-Type"].startswith(media_type) for a in answers.values())

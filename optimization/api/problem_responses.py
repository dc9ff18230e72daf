"""Turns whatever ended a request early into a problem response; nothing else answers errors.

`exception_handler` serves the API's views. The other functions are Django's error handlers, for
what goes wrong before a view is reached; outside /api/ they show Django's own pages.
"""

import json
import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from optimization.api.problems import (
    MEDIA_TYPE,
    Problem,
    ProblemRaised,
    plain_problem,
    refused_json,
)
from optimization.api.request_id import HEADER as REQUEST_ID_HEADER
from optimization.api.request_id import request_id
from optimization.api.strict_json import LARGEST_BODY_BYTES, MalformedJson, RefusedJson

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"
NOT_FOUND = "There is nothing here that you may see."
NO_SUCH_ADDRESS = "There is nothing at this address. Addresses do not end in a slash."
FORBIDDEN = "You may not do this."
FAILED = "The server failed on this request; it has been recorded under the request_id."
UNAVAILABLE = "The database did not answer in time. Nothing was done; try again."
TOO_LARGE = f"A body may have at most {LARGEST_BODY_BYTES} bytes."
RETRY_AFTER_SECONDS = 5


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    content = problem.as_json(instance=request.path, request_id=request_id(request))
    response = HttpResponse(json.dumps(content), status=problem.status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers[REQUEST_ID_HEADER] = request_id(request)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Answers every exception that leaves a view of the API."""
    request: HttpRequest = context["request"]._request
    problem = _expected_problem(error)
    if problem is None:
        # What Django itself does with an exception that no handler expects.
        logger.error(
            "request %s: %s %s failed",
            request_id(request),
            request.method,
            request.path,
            exc_info=error,
        )
        got_request_exception.send(sender=exception_handler, request=request)
        problem = plain_problem(500, detail=FAILED)
    return problem_response(problem, request)


def _expected_problem(error: Exception) -> Problem | None:
    """The problem that an exception stands for; None for what should not have happened."""
    if isinstance(error, ProblemRaised):
        return error.problem
    if isinstance(error, RefusedJson):
        return refused_json(error).problem
    if isinstance(error, exceptions.APIException):
        return _framework_problem(error)
    if isinstance(error, OperationalError):
        logger.warning("the database did not answer: %s", error)
        return plain_problem(
            503, detail=UNAVAILABLE, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}
        )
    return _django_problem(error)


def _django_problem(error: Exception) -> Problem | None:
    if isinstance(error, Http404):
        return plain_problem(404, detail=NOT_FOUND)
    if isinstance(error, PermissionDenied):
        return plain_problem(403, detail=str(error) or FORBIDDEN)
    if isinstance(error, RequestDataTooBig):
        return plain_problem(413, detail=TOO_LARGE)
    if isinstance(error, MalformedJson):
        return plain_problem(400, detail=str(error))
    if isinstance(error, SuspiciousOperation | MultiPartParserError | UnreadablePostError):
        return plain_problem(400, detail="The request could not be read.")
    return None


def _framework_problem(error: exceptions.APIException) -> Problem:
    headers = {}
    # Set by the framework on the exception where a header tells how to authenticate.
    how_to_authenticate = getattr(error, "auth_header", None)
    if how_to_authenticate:
        headers["WWW-Authenticate"] = str(how_to_authenticate)
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, round(wait)))
    detail = error.detail if isinstance(error.detail, str) else error.default_detail
    return plain_problem(error.status_code, detail=str(detail), headers=headers)


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:
    return problem_response(plain_problem(404, detail=NO_SUCH_ADDRESS), request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """For handler400: a forbidden Host header, for example."""
    if request.path.startswith(API_PREFIX):
        problem = _django_problem(exception)
        unread = plain_problem(400, detail="The request could not be read.")
        return problem_response(problem or unread, request)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API_PREFIX):
        return problem_response(plain_problem(403, detail=FORBIDDEN), request)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API_PREFIX):
        return no_such_address(request)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if request.path.startswith(API_PREFIX):
        return problem_response(plain_problem(500, detail=FAILED), request)
    return defaults.server_error(request)

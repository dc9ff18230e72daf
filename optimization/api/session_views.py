"""Sessions: request, list, follow, read the result, cancel, request again."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from optimization import lifecycle
from optimization.api import idempotency
from optimization.api.api_view import ApiView
from optimization.api.documentation import sessions as documented
from optimization.api.entity_tags import client_has, version_tag
from optimization.api.idempotency import Answer, KeyedRequest, answer_once
from optimization.api.json_pointer import TOP_LEVEL
from optimization.api.keyset import Column, Order, utc_moment
from optimization.api.list_query import ListQuery, read_uuid
from optimization.api.listing import listing
from optimization.api.problems import body_errors, invalid_body, problem
from optimization.api.session_access import (
    refuse_viewers,
    requestable_fund,
    user_of,
    visible_sessions,
)
from optimization.frontier.results import result_of
from optimization.models import OptimizationSession
from optimization.request.checked_request import FundFacts, OptimizationRequest, parse_request
from optimization.request.fund_facts import fund_facts
from optimization.results.session_status import session_status
from scenarios.models import StatusChanged
from scenarios.simulation.checked_input import Fault, FieldReader, InvalidInput

RETRY_AFTER = {"Retry-After": "1"}
Status = OptimizationSession.Status

NEWEST_FIRST = Order(
    column=Column("requested_at", write=datetime.isoformat, read=utc_moment),
    tie_break=Column("id", write=str, read=uuid.UUID),
    descending=True,
)


class SessionList(ApiView):
    @documented.list_sessions
    def get(self, request: Request) -> Response:
        query = ListQuery(request)
        status = query.choice("status", Status.values)
        session_type = query.choice("session_type", OptimizationSession.SessionType.values)
        fund_id = query.uuid("fund")
        sessions = visible_sessions(user_of(request))
        if status is not None:
            sessions = sessions.filter(status=status)
        if session_type is not None:
            sessions = sessions.filter(session_type=session_type)
        if fund_id is not None:
            sessions = sessions.filter(fund=fund_id)
        return listing(request, sessions, query=query, order=NEWEST_FIRST, shown=session_status)

    @documented.request_session
    def post(self, request: Request) -> Response:
        user = user_of(request)
        body: Any = request.data
        fund = requestable_fund(user, _fund_id(body))
        facts = fund_facts(fund)
        # Here and not in the work: an Idempotency-Key makes that a transaction, and whether shares
        # of variance can be reached takes seconds to find out.
        wanted = _read_request(body, facts)

        def work() -> Answer:
            if isinstance(wanted, InvalidInput):
                raise invalid_body(wanted, document=body) from wanted
            return _accepted(
                lifecycle.request_session(user=user, fund=fund, request=wanted, facts=facts)
            )

        return _answer_perhaps_again(request, work=work)


class SessionDetail(ApiView):
    @documented.read_session
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        session = get_object_or_404(visible_sessions(user_of(request)), pk=session_id)
        tag = version_tag(session.version)
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if not session.is_finished:
            headers.update(RETRY_AFTER)
        if client_has(request, tag):
            return Response(status=304, headers=headers)
        return Response(session_status(session), headers=headers)


class SessionResult(ApiView):
    @documented.read_result
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        sessions = visible_sessions(user_of(request)).select_related("calibration", "matrix")
        session = get_object_or_404(sessions.defer("matrix__payload"), pk=session_id)
        if session.status == Status.FAILED:
            raise problem(409, "session-failed", detail=session.failure_reason)
        if session.status == Status.CANCELLED:
            raise problem(409, "session-cancelled", detail="A cancelled session has no result.")
        if session.status != Status.COMPLETED:
            detail = f"The session is at: {session.get_status_display()}. Ask again later."
            raise problem(409, "not-ready", detail=detail, headers=RETRY_AFTER)
        return Response(result_of(session))


class SessionCancel(ApiView):
    @documented.cancel_session
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        session = _session_to_act_on(request, session_id)
        try:
            lifecycle.cancel_session(session)
        except StatusChanged as error:
            session.refresh_from_db(fields=["status"])
            if session.status != Status.CANCELLED:
                label = session.get_status_display()
                detail = f"The session ended before as: {label}. It cannot be cancelled."
                raise problem(409, "session-ended", detail=detail) from error
        changed = get_object_or_404(visible_sessions(user_of(request)), pk=session_id)
        return Response(session_status(changed))


class SessionRetry(ApiView):
    @documented.retry_session
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        session = _session_to_act_on(request, session_id)
        if not session.is_finished:
            detail = "Only a session that has ended can be requested again."
            raise problem(409, "session-unfinished", detail=detail)

        def work() -> Answer:
            try:
                again = lifecycle.retry_session(session=session, user=user_of(request))
            except InvalidInput as error:
                raise problem(
                    409,
                    "request-outdated",
                    detail="The fund has changed so that this request breaks a rule.",
                    errors=body_errors(error, document=session.request),
                ) from error
            return _accepted(again)

        return _answer_perhaps_again(request, work=work)


def _fund_id(body: object) -> uuid.UUID:
    reader = FieldReader(body)
    fund_id = read_uuid(reader, "fund")
    if fund_id is None:
        raise invalid_body(InvalidInput(reader.faults), document=body)
    return fund_id


def _read_request(body: Mapping[str, Any], facts: FundFacts) -> OptimizationRequest | InvalidInput:
    """The request, or what is wrong with it, which a repeated request does not ask."""
    fields = {name: value for name, value in body.items() if name != "fund"}
    try:
        return parse_request(fields, fund=facts)
    except InvalidInput as error:
        return error


def _session_to_act_on(request: Request, session_id: uuid.UUID) -> OptimizationSession:
    user = user_of(request)
    session = get_object_or_404(visible_sessions(user), pk=session_id)
    refuse_viewers(user, session.fund)
    if request.data:
        fault = Fault(TOP_LEVEL, "NO_BODY", "must be empty or {}")
        raise invalid_body(InvalidInput([fault]), document=request.data)
    return session


def _accepted(session: OptimizationSession) -> Answer:
    location = reverse("api:optimization-detail", args=[session.pk])
    return Answer(status=202, location=location, body=session_status(session))


def _answer_perhaps_again(request: Request, *, work: Callable[[], Answer]) -> Response:
    """Do the work; under an Idempotency-Key, at most once."""
    key = request.headers.get(idempotency.HEADER)
    if key is None:
        return _response(work(), RETRY_AFTER)
    keyed = KeyedRequest.read(
        user=user_of(request),
        key=key,
        target=f"{request.method} {request.path}",
        body=request.data,
    )
    answer = answer_once(keyed, work=work)
    replayed = {idempotency.REPLAYED_HEADER: "true"} if answer.is_replay else {}
    return _response(answer, {**RETRY_AFTER, **replayed})


def _response(answer: Answer, headers: Mapping[str, str]) -> Response:
    all_headers: dict[str, Any] = {"Location": answer.location, **headers}
    return Response(answer.body, status=answer.status, headers=all_headers)

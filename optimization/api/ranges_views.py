"""Attainable ranges: ask which limits can be met at all, and read the answer."""

import uuid
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from optimization.api.api_view import ApiView
from optimization.api.documentation import ranges as documented
from optimization.api.list_query import read_uuid
from optimization.api.problems import invalid_body
from optimization.api.session_access import requestable_fund, user_of
from optimization.ranges import asking
from optimization.ranges.models import AskedRanges
from optimization.ranges.question import RangesQuestion, parse_relevant, question_of
from optimization.ranges.shown import shown
from optimization.request.checked_request import FundFacts
from optimization.request.fund_facts import fund_facts
from scenarios.simulation.checked_input import FieldReader, InvalidInput

RETRY_AFTER = {"Retry-After": "1"}


class RangesList(ApiView):
    @documented.ask_for_ranges
    def post(self, request: Request) -> Response:
        body: Any = request.data
        reader = FieldReader(body)
        fund_id = read_uuid(reader, "fund")
        if fund_id is None:
            raise invalid_body(InvalidInput(reader.faults), document=body)
        fund = requestable_fund(user_of(request), fund_id)
        asked = asking.ask(fund=fund, question=_question(body, fund_facts(fund)))
        address = {"Location": reverse("api:attainable-ranges", args=[asked.pk])}
        if asked.is_finished:
            return Response(shown(asked), headers=address)
        return Response(shown(asked), status=202, headers=address | RETRY_AFTER)


class RangesDetail(ApiView):
    @documented.read_ranges
    def get(self, request: Request, ranges_id: uuid.UUID) -> Response:
        visible = AskedRanges.objects.for_user(user_of(request)).loaded()
        asked = get_object_or_404(visible, pk=ranges_id)
        return Response(shown(asked), headers={} if asked.is_finished else RETRY_AFTER)


def _question(body: dict[str, Any], facts: FundFacts) -> RangesQuestion:
    fields = {name: value for name, value in body.items() if name != "fund"}
    try:
        return question_of(parse_relevant(fields, fund=facts), fund=facts)
    except InvalidInput as error:
        raise invalid_body(error, document=body) from error

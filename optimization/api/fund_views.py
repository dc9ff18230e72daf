"""The caller's funds: what a request can be made for, and what it is checked against."""

import uuid
from typing import Any

from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from funds.models import CalibrationSnapshot, Fund, User
from funds.models.fund import FundQuerySet
from optimization.api.api_view import ApiView
from optimization.api.documentation import funds as documented
from optimization.api.keyset import Column, Order
from optimization.api.list_query import ListQuery
from optimization.api.listing import listing
from optimization.api.session_access import user_of
from optimization.request.fund_facts import fund_facts

BY_NAME = Order(
    column=Column("name", write=str, read=str),
    tie_break=Column("id", write=str, read=uuid.UUID),
    descending=False,
)


class FundList(ApiView):
    @documented.list_funds
    def get(self, request: Request) -> Response:
        return listing(
            request,
            _visible_funds(user_of(request)),
            query=ListQuery(request),
            order=BY_NAME,
            shown=_summary,
        )


class FundDetail(ApiView):
    @documented.read_fund
    def get(self, request: Request, fund_id: uuid.UUID) -> Response:
        fund = get_object_or_404(_visible_funds(user_of(request)), pk=fund_id)
        return Response(_detail(fund))


def _visible_funds(user: User) -> FundQuerySet:
    requestable = Fund.objects.requestable_by(user).filter(pk=OuterRef("pk"))
    return (
        Fund.objects.for_user(user)
        .select_related("organisation", "taxonomy", "default_calibration")
        .annotate(may_request=Exists(requestable))
    )


def _summary(fund: Any) -> dict[str, Any]:
    """``fund`` is a Fund of `_visible_funds`, with its annotation."""
    calibration = fund.default_calibration
    return {
        "id": str(fund.pk),
        "name": fund.name,
        "organisation": {"id": str(fund.organisation_id), "name": fund.organisation.name},
        "is_sample": fund.is_sample,
        "size_usd": str(fund.size_usd),
        "taxonomy": fund.taxonomy.version,
        "default_calibration": calibration.version if calibration else None,
        "may_request": fund.may_request,
    }


def _detail(fund: Any) -> dict[str, Any]:
    """What `parse_request` checks a request against is shown from the very same facts."""
    facts = fund_facts(fund)
    labels = CalibrationSnapshot.objects.filter(version__in=facts.calibrations)
    return {
        **_summary(fund),
        "calibrations": [
            _calibration(snapshot)
            for snapshot in labels.defer("parameters", "citations").order_by("version")
        ],
        "stages": list(facts.stages),
        "sectors": list(facts.sectors),
        "buckets": list(facts.buckets),
        "default_limits": fund.default_limits,
    }


def _calibration(snapshot: CalibrationSnapshot) -> dict[str, Any]:
    return {
        "version": snapshot.version,
        "label": snapshot.label,
        "kind": snapshot.kind,
        "sample_size": snapshot.sample_size,
        "window_start": snapshot.window_start.isoformat(),
        "window_end": snapshot.window_end.isoformat(),
    }

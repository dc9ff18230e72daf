"""Addresses below /api/v1/. None ends in a slash, except the schema, which answers at both."""

from django.urls import path, re_path

from optimization.api.fund_views import FundDetail, FundList
from optimization.api.matrix_views import ScenarioMatrixDetail
from optimization.api.problem_responses import no_such_address
from optimization.api.ranges_views import RangesDetail, RangesList
from optimization.api.schema_view import Schema
from optimization.api.session_views import (
    SessionCancel,
    SessionDetail,
    SessionList,
    SessionResult,
    SessionRetry,
)

app_name = "api"

SESSION = "optimizations/<uuid:session_id>"

urlpatterns = [
    path("optimizations", SessionList.as_view(), name="optimization-list"),
    path(SESSION, SessionDetail.as_view(), name="optimization-detail"),
    path(f"{SESSION}/result", SessionResult.as_view(), name="optimization-result"),
    path(f"{SESSION}/cancel", SessionCancel.as_view(), name="optimization-cancel"),
    path(f"{SESSION}/retry", SessionRetry.as_view(), name="optimization-retry"),
    path("attainable-ranges", RangesList.as_view(), name="attainable-ranges-list"),
    path("attainable-ranges/<uuid:ranges_id>", RangesDetail.as_view(), name="attainable-ranges"),
    path("funds", FundList.as_view(), name="fund-list"),
    path("funds/<uuid:fund_id>", FundDetail.as_view(), name="fund-detail"),
    path(
        "scenario-matrices/<str:matrix_key>",
        ScenarioMatrixDetail.as_view(),
        name="scenario-matrix",
    ),
    path("schema/", Schema.as_view(), name="schema"),
    path("schema", Schema.as_view(), name="schema-without-slash"),
    # Also keeps Django from redirecting to an address with a slash.
    re_path("", no_such_address, name="no-such-address"),
]

"""Scenario matrices: what was simulated, and the proof of what was stored; never the numbers."""

import re
from datetime import datetime
from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from optimization.api.api_view import ApiView
from optimization.api.documentation import matrices as documented
from optimization.api.list_query import ListQuery
from optimization.api.session_access import user_of
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.models import ScenarioMatrix, ScenarioMatrixQuerySet

_KEY = re.compile("[0-9a-f]{64}")
# Of a bucket, in matrices made before Keel measured it, or could simulate recycling.
_OF_EARLIER_RELEASES = {
    "expected_multiple_standard_error": 0.0,
    "late_value_fraction": None,
    "variance_shares": None,
    "loadings": None,
}


class ScenarioMatrixDetail(ApiView):
    @documented.read_matrix
    def get(self, request: Request, matrix_key: str) -> Response:
        if not _KEY.fullmatch(matrix_key):
            raise Http404
        query = ListQuery(request)
        fund_id = query.uuid("fund")
        query.checked()
        matrices = _visible_matrices(request).filter(matrix_key=matrix_key)
        if fund_id is not None:
            matrices = matrices.filter(fund=fund_id)
        matrix = _most_complete(matrices)
        if matrix is None:
            raise Http404
        return Response(_shown(matrix))


def _visible_matrices(request: Request) -> ScenarioMatrixQuerySet:
    visible = ScenarioMatrix.objects.for_user(user_of(request)).without_payload()
    return visible.select_related("fund")


def _most_complete(matrices: ScenarioMatrixQuerySet) -> ScenarioMatrix | None:
    """Equal keys mean equal numbers, so of several funds' rows the first complete one will do."""
    complete_first = Case(
        When(status=ScenarioMatrix.Status.COMPLETE, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    return matrices.order_by(complete_first, "created_at", "pk").first()


def _shown(matrix: ScenarioMatrix) -> dict[str, Any]:
    return {
        "key": matrix.matrix_key,
        "fund": {
            "id": str(matrix.fund_id),
            "name": matrix.fund.name,
            "is_sample": matrix.fund.is_sample,
        },
        "status": matrix.status,
        "failure_reason": matrix.failure_reason or None,
        "scenarios": matrix.scenarios,
        "kernel_version": matrix.kernel_version,
        "sha256": matrix.sha256 or None,
        "codec": matrix.codec or None,
        "layout": matrix.layout or None,
        "buckets": [_OF_EARLIER_RELEASES | bucket for bucket in matrix.buckets],
        "variance_shares": matrix.variance_shares,
        "warnings": matrix.warnings,
        "cash_flows": _cash_flows(matrix),
        "generation_seconds": matrix.generation_seconds,
        "created_at": _iso(matrix.created_at),
        "completed_at": _iso(matrix.completed_at),
        "config": matrix.config,
    }


def _cash_flows(matrix: ScenarioMatrix) -> dict[str, Any] | None:
    """The proof of the stored cash flows, without their bytes."""
    stored = MatrixCashFlows.objects.filter(matrix=matrix)
    proof = stored.values("codec", "layout", "years", "buckets", "scenarios", "sha256").first()
    return None if proof is None else dict(proof)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")

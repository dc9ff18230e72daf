"""The table that an analyst fills in with correlations and uploads with a request."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from funds.models import Fund
from optimization.request.fund_facts import fund_facts
from optimization.request_form.correlation_text import uncorrelated_table


@login_required
@require_safe
@never_cache
def correlation_table(request: HttpRequest, fund_id: UUID) -> HttpResponse:
    """CSV with a row and a column for each active bucket, uncorrelated to begin with."""
    fund = get_object_or_404(Fund.objects.for_user(request.user), pk=fund_id)
    keys = [bucket["key"] for bucket in fund_facts(fund).buckets]
    return HttpResponse(
        uncorrelated_table(keys),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="bucket-correlations.csv"'},
    )

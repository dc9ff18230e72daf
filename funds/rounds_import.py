"""The staff page on which the rounds of a fund become a calibration of its own."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from funds.forms import RoundsImportForm
from funds.fund_calibration import NothingEstimated, store_fund_calibration
from funds.loading import ContentDiffers
from funds.models import CalibrationSnapshot

PERMISSION = "funds.add_calibrationsnapshot"
MOST_FAULTS_SHOWN = 200


def import_rounds(request: HttpRequest, *, admin_context: dict[str, Any]) -> HttpResponse:
    """Stores the calibration, or lists every fault of the file by line and column."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    sent = request.method == "POST"
    form = RoundsImportForm(request.POST, request.FILES) if sent else RoundsImportForm()
    if sent and form.is_valid():
        snapshot = _store(request, form)
        if snapshot is not None:
            return redirect("admin:funds_calibrationsnapshot_change", snapshot.pk)
    context = {
        **admin_context,
        "title": "Import rounds",
        "form": form,
        "shown_faults": form.row_faults[:MOST_FAULTS_SHOWN],
        "hidden_faults": max(0, len(form.row_faults) - MOST_FAULTS_SHOWN),
    }
    return TemplateResponse(request, "admin/funds/calibrationsnapshot/import.html", context)


def _store(request: HttpRequest, form: RoundsImportForm) -> CalibrationSnapshot | None:
    """None after saying on the form why nothing was stored."""
    fund = form.cleaned_data["fund"]
    known = set(fund.calibrations.values_list("pk", flat=True))
    try:
        snapshot = store_fund_calibration(form.calibration, fund=fund)
    except (NothingEstimated, ContentDiffers) as error:
        form.add_error(None, f"Nothing has been stored: {error}.")
        return None
    if snapshot.pk in known:
        messages.info(request, f"{fund} had this calibration already.")
    else:
        messages.success(
            request, f"Stored for {fund}. Requests of the fund can choose it from now on."
        )
    return snapshot

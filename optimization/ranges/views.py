"""The fragments that a request form asks for while it is filled in: what its limits can reach."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from funds.models import Fund, User
from optimization.ranges.models import AskedRanges
from optimization.ranges.page import ReachState, ask_from, state_of
from optimization.ranges.question import parse_relevant
from optimization.request.fund_facts import fund_facts
from optimization.request_form.calibrations import calibration_choices
from optimization.request_form.form import RequestForm
from optimization.request_form.start import starting_request

TEMPLATE = "optimization/_reach_fragment.html"


class UserRequest(HttpRequest):
    user: User


@require_POST
@never_cache
def ask(request: UserRequest, fund_id: UUID) -> HttpResponse:
    """Ask what the form asks, as it is filled in now."""
    if not request.user.is_authenticated:
        return _logged_out(request)
    visible = Fund.objects.for_user(request.user).select_related("default_calibration")
    fund = get_object_or_404(visible, pk=fund_id)
    if not Fund.objects.requestable_by(request.user).filter(pk=fund_id).exists():
        raise PermissionDenied
    facts = fund_facts(fund)
    defaults = starting_request(fund, facts)
    form = RequestForm(
        request.POST,
        request.FILES,
        facts=facts,
        calibrations=calibration_choices(facts),
        defaults=defaults,
        start_from=defaults,
        parse=parse_relevant,
    )
    return render(request, TEMPLATE, {"state": ask_from(form, fund=fund, now=timezone.now())})


@require_safe
@never_cache
def follow(request: UserRequest, ranges_id: UUID) -> HttpResponse:
    """How far a question has come, asked each second while it is unfinished."""
    if not request.user.is_authenticated:
        return _logged_out(request)
    visible = AskedRanges.objects.for_user(request.user)
    asked = visible.filter(pk=ranges_id).first()
    if asked is None:
        raise Http404
    state = state_of(asked, typed=request.GET, now=timezone.now())
    if state.status == "unfinished":
        # The page says so already, and what is written again a screen reader speaks again.
        return HttpResponse(status=204)
    return render(request, TEMPLATE, {"state": state})


def _logged_out(request: HttpRequest) -> HttpResponse:
    """Words in place of the log-in page: what was typed stays on the form."""
    reason = "You are logged out. Log in again in another tab, then ask again."
    state = ReachState(status="failed", failure_reason=reason)
    return render(request, TEMPLATE, {"state": state})

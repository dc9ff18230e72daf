"""Pages: authorise, read, one call of the domain, answer. What is shown comes from `results`."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from funds.models import Fund, User
from optimization import lifecycle
from optimization.frontier import page as frontier_page
from optimization.frontier.results import result_of
from optimization.models import OptimizationSession
from optimization.pages import limits as limits_page
from optimization.pages.context import result_context
from optimization.pages.progress import current_step, step_rows
from optimization.ranges.page import SHOW_FIELD, UNASKED, ask_from, risk_rows
from optimization.ranges.question import parse_relevant
from optimization.request.checked_request import parse_request
from optimization.request.fund_facts import fund_facts
from optimization.request_form.calibrations import calibration_choices
from optimization.request_form.copied import copied_start, lost_in_copy, point_start
from optimization.request_form.form import RequestForm
from optimization.request_form.once import TOKEN_FIELD, new_token, session_once
from optimization.request_form.start import starting_request
from optimization.results.session_status import session_status
from optimization.solver.frontier.grid import grid_of_json
from scenarios.models import StatusChanged

SESSIONS_PER_PAGE = 25


class SignedInRequest(HttpRequest):
    """What `login_required` and the htmx middleware leave behind."""

    user: User
    htmx: HtmxDetails


@login_required
@require_safe
def sessions(request: SignedInRequest) -> HttpResponse:
    funds = list(Fund.objects.for_user(request.user).order_by("name", "pk"))
    chosen = _fund_named(request, funds) if "fund" in request.GET else None
    shown = _loaded_sessions(request.user).order_by("-requested_at", "-pk")
    if chosen:
        shown = shown.filter(fund=chosen)
    page = Paginator(shown, SESSIONS_PER_PAGE).get_page(request.GET.get("page"))
    requestable = Fund.objects.requestable_by(request.user)
    context = {
        "funds": funds,
        "chosen": chosen,
        "page": page,
        "rows": [_status_or_result(found) for found in page.object_list],
        "requestable": list(requestable.filter(pk=chosen.pk) if chosen else requestable),
        "is_sample": any(fund.is_sample for fund in funds),
    }
    return render(request, "optimization/sessions.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    copied = _copied_session(request)
    fund = copied.fund if copied else _fund_for_request(request)
    if fund is None:
        funds = Fund.objects.requestable_by(request.user).order_by("name", "pk")
        return render(request, "optimization/choose_fund.html", {"funds": funds})
    _require_requestable(request.user, fund)
    facts = fund_facts(fund)
    defaults = starting_request(fund, facts)
    shows_reach = SHOW_FIELD in request.POST
    form = RequestForm(
        request.POST if request.method == "POST" else None,
        request.FILES,
        facts=facts,
        calibrations=calibration_choices(facts),
        defaults=defaults,
        start_from=copied_start(_request_to_copy(request, copied), facts) if copied else defaults,
        parse=parse_relevant if shows_reach else parse_request,
    )
    reach = ask_from(form, fund=fund, now=timezone.now()) if shows_reach else UNASKED
    if not shows_reach and form.is_valid():
        session_id = session_once(
            user=request.user,
            token=request.POST.get(TOKEN_FIELD, ""),
            request=form.parsed,
            work=lambda: lifecycle.request_session(
                user=request.user, fund=fund, request=form.parsed, facts=facts
            ),
        )
        return redirect("optimization:session", pk=session_id)
    context = {
        "form": form,
        "form_token": new_token(),
        "fund": fund,
        "facts": facts,
        "copied": copied,
        "lost": lost_in_copy(copied.request, facts) if copied else [],
        "reach": reach,
        "risk_rows": risk_rows(form, reach),
        "is_sample": fund.is_sample,
    }
    return render(request, "optimization/new.html", context)


@login_required
@require_safe
@never_cache
def session(request: SignedInRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(_loaded_sessions(request.user), pk=pk)
    shown = _status_or_result(found)
    context = {
        "session": shown,
        "is_sample": found.fund.is_sample,
        "may_request": _may_request(request.user, found.fund),
        "asked": [
            *frontier_page.request_rows(found.request),
            *limits_page.request_rows(found.request, found.buckets),
        ],
        **_progress_context(shown),
    }
    if shown["status"] != OptimizationSession.Status.COMPLETED:
        return render(request, "optimization/unfinished.html", context)
    if found.is_frontier:
        shown_frontier = {**context, **frontier_page.frontier_context(shown)}
        return render(request, "optimization/frontier_result.html", shown_frontier)
    return render(request, "optimization/result.html", {**context, **result_context(shown)})


@require_safe
@never_cache
def progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The fragment the session page asks for each second, if the version it shows is old.

    What a screen reader speaks is only sent with a new step, not whenever the bar grows. Once the
    session has ended, or the log-in has, the whole page is loaded again instead.
    """
    if not request.htmx:
        return redirect("optimization:session", pk=pk)
    if not request.user.is_authenticated:
        return HttpResponseClientRefresh()
    found = get_object_or_404(_loaded_sessions(request.user), pk=pk)
    if found.is_finished:
        return HttpResponseClientRefresh()
    if request.GET.get("version") == str(found.version):
        return HttpResponse(status=204)
    shown = session_status(found)
    is_new_step = request.GET.get("status") != found.status
    context = {"session": shown, "is_new_step": is_new_step, **_progress_context(shown)}
    return render(request, "optimization/_progress.html", context)


@login_required
@require_POST
def cancel(request: SignedInRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(_loaded_sessions(request.user), pk=pk)
    _require_requestable(request.user, found.fund)
    try:
        lifecycle.cancel_session(found)
    except StatusChanged:
        messages.warning(
            request, "Nothing was cancelled: the optimization had ended before your request came."
        )
    return redirect("optimization:session", pk=pk)


def _loaded_sessions(user: User) -> QuerySet[OptimizationSession]:
    """The user's sessions with all that the results read, without the heavy matrix."""
    return (
        OptimizationSession.objects.for_user(user)
        .select_related("fund", "requested_by", "calibration", "matrix")
        .defer("matrix__payload", "calibration__parameters")
        .prefetch_related("events")
    )


def _status_or_result(found: OptimizationSession) -> dict[str, Any]:
    if found.status == OptimizationSession.Status.COMPLETED:
        return result_of(found)
    return session_status(found)


def _progress_context(shown: dict[str, Any]) -> dict[str, Any]:
    rows = step_rows(shown, now=timezone.now())
    return {"steps": rows, "current": current_step(rows)}


def _copied_session(request: SignedInRequest) -> OptimizationSession | None:
    """The session named by ``?from=``, whose request a new one starts from."""
    if "from" not in request.GET:
        return None
    pk = _uuid_or_404(request.GET["from"])
    return get_object_or_404(_loaded_sessions(request.user), pk=pk)


def _request_to_copy(request: SignedInRequest, copied: OptimizationSession) -> dict[str, Any]:
    """Its request; with ``?limit=``, that for the allocation at this point of its frontier."""
    stored: dict[str, Any] = copied.request
    if "limit" not in request.GET:
        return stored
    limits = grid_of_json(stored["frontier"]).values() if copied.is_frontier else ()
    for limit in limits:
        if repr(limit) == request.GET["limit"]:
            return point_start(stored, limit)
    raise Http404


def _fund_for_request(request: SignedInRequest) -> Fund | None:
    """The fund named by ``?fund=``, else the only one there is; None when there are several."""
    if "fund" in request.GET:
        return _fund_named(request, list(Fund.objects.for_user(request.user)))
    funds = list(Fund.objects.requestable_by(request.user)[:2])
    if not funds:
        raise PermissionDenied
    return funds[0] if len(funds) == 1 else None


def _fund_named(request: SignedInRequest, funds: list[Fund]) -> Fund:
    pk = _uuid_or_404(request.GET["fund"])
    for fund in funds:
        if fund.pk == pk:
            return fund
    raise Http404


def _uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def _may_request(user: User, fund: Fund) -> bool:
    return Fund.objects.requestable_by(user).filter(pk=fund.pk).exists()


def _require_requestable(user: User, fund: Fund) -> None:
    if not _may_request(user, fund):
        raise PermissionDenied

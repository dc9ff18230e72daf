"""Which sessions a caller may see, and which they may act on."""

import uuid

from rest_framework.request import Request

from funds.models import Fund, User
from optimization.api.problems import ProblemError, ProblemRaised, plain_problem
from optimization.models import OptimizationSession, OptimizationSessionQuerySet


def user_of(request: Request) -> User:
    """The caller, behind IsAuthenticated."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("an anonymous request went past the permission check")
    return user


def visible_sessions(user: User) -> OptimizationSessionQuerySet:
    """The sessions the user may see, with all that `session_status` reads."""
    return (
        OptimizationSession.objects.for_user(user)
        .select_related("fund", "requested_by")
        .prefetch_related("events")
    )


def requestable_fund(user: User, fund_id: uuid.UUID) -> Fund:
    """
    :raises ProblemRaised: 404 when the user may not see the fund, 403 when they may only see it
    """
    visible = Fund.objects.for_user(user).select_related("default_calibration")
    fund = visible.filter(pk=fund_id).first()
    if fund is None:
        detail = "There is no fund with this id that you may see."
        error = ProblemError("pointer", "/fund", "NOT_FOUND", f"fund: is '{fund_id}'. {detail}")
        raise ProblemRaised(plain_problem(404, detail=detail, errors=[error]))
    refuse_viewers(user, fund)
    return fund


def refuse_viewers(user: User, fund: Fund) -> None:
    if not Fund.objects.requestable_by(user).filter(pk=fund.pk).exists():
        detail = f"You may see {fund.name} but not request or cancel its optimizations."
        raise ProblemRaised(plain_problem(403, detail=detail))

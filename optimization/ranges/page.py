"""The state of the question that a request form asks, as its templates show it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.forms.boundfield import BoundField

from funds.models import Fund
from optimization.ranges import asking
from optimization.ranges.models import AskedRanges
from optimization.ranges.question import question_of
from optimization.ranges.tracks import CVAR, LOSS, WINNERS, Reach, reaches
from optimization.request_form.fields import RISK
from optimization.request_form.form import RequestForm
from optimization.request_form.placement import ShownFault
from optimization.request_form.units import json_value

# The button that asks for ranges without JavaScript sends this.
SHOW_FIELD = "show"
# With this many seconds behind it, a question is said to take too long.
PATIENCE_SECONDS = 180

WITH_REACH = (LOSS, CVAR, WINNERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachState:
    """``asked`` is the question that is followed while it is unfinished."""

    status: Literal["unasked", "faulty", "unfinished", "overdue", "failed", "complete"]
    asked: UUID | None = None
    elapsed_seconds: int = 0
    failure_reason: str = ""
    faults: Sequence[ShownFault] = ()
    by_path: Mapping[str, Reach] = field(default_factory=dict)

    @property
    def rows(self) -> Iterator[tuple[str, Reach | None]]:
        """The name of each field with a track, and the track if there is one."""
        for risk_field in RISK:
            if risk_field.path in WITH_REACH:
                yield risk_field.name, self.by_path.get(risk_field.path)


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A field of the section on risk; ``name`` is that of its track, empty without one."""

    field: BoundField
    name: str
    reach: Reach | None


UNASKED = ReachState(status="unasked")


def ask_from(form: RequestForm, *, fund: Fund, now: datetime) -> ReachState:
    """Ask what the form asks, whose rules are those of `question.parse_relevant`."""
    if not form.is_valid():
        return ReachState(status="faulty", faults=form.shown_faults)
    asked = asking.ask(fund=fund, question=question_of(form.parsed, fund=form.facts))
    return state_of(asked, typed=form.data, now=now)


def state_of(asked: AskedRanges, *, typed: Mapping[str, str], now: datetime) -> ReachState:
    """``typed`` holds the text of the limits on risk by the names of their fields."""
    if asked.ranges is not None:
        limits = {risk.path: json_value(typed.get(risk.name, ""), risk.unit) for risk in RISK}
        return ReachState(status="complete", by_path=reaches(asked.ranges, limits))
    if asked.is_finished:
        return ReachState(status="failed", failure_reason=asked.failure_reason)
    seconds = max(0, int((now - asked.status_since).total_seconds()))
    if seconds > PATIENCE_SECONDS:
        return ReachState(status="overdue")
    return ReachState(status="unfinished", asked=asked.pk, elapsed_seconds=seconds)


def risk_rows(form: RequestForm, state: ReachState) -> list[RiskRow]:
    names = dict(state.rows)
    return [
        RiskRow(bound, bound.name if bound.name in names else "", names.get(bound.name))
        for bound in form.risk_rows
    ]

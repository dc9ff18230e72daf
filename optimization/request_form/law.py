"""What the form's section on the scenario law says in the request's JSON, and back.

Two fields are not a value each: own variance shares are three numbers in place of a name, and
correlations are a text. All else is put into the request as it is typed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from optimization.request_form.correlation_text import (
    UnreadableCorrelation,
    correlation_of_text,
    text_of_correlation,
)
from optimization.request_form.fields import RequestField
from optimization.request_form.law_fields import (
    CORRELATION_PATH,
    LAW,
    LAW_GROUPS,
    OWN_SHARES,
    SHARES,
    SHARES_PATH,
    LawGroup,
)
from optimization.request_form.paths import put_at, value_at
from optimization.request_form.units import typed_text
from scenarios.fund_config import LAW_PATHS
from scenarios.simulation.checked_input import Fault

UNREADABLE = "CORRELATION_UNREADABLE"
SHARES_WITHOUT_CHOICE = "SHARES_NOT_CHOSEN"
_SPECIAL = {CORRELATION_PATH, SHARES_PATH, *(field.path for field in SHARES)}


# What a calibration that says nothing about it has.
_UNSAID = {
    "scenario_law.copula.family": "gaussian",
    "scenario_law.sampling": "iid",
    "scenario_law.share_level": "reference_portfolio",
}


def calibrated_groups(parameters: Mapping[str, Any]) -> tuple[LawGroup, ...]:
    """The section's groups, each field saying what a calibration of these parameters has."""
    law = {name: value_at(parameters, path) for name, path in LAW_PATHS.items()}
    values = law_start({"scenario_law": law})
    return tuple(
        replace(
            group,
            fields=tuple(_calibrated(field, values[field.path]) for field in group.fields),
        )
        for group in LAW_GROUPS
    )


def put_law(request: dict[str, Any], stated: Mapping[str, object]) -> list[Fault]:
    """Put what the fields state, by path, into ``request``; returns what cannot be put there.

    ``stated`` holds None for fields left blank.
    """
    for field in LAW:
        if stated[field.path] is not None and field.path not in _SPECIAL:
            put_at(request, field.path, stated[field.path])
    return [*_put_shares(request, stated), *_put_correlation(request, stated)]


def law_start(start_from: Mapping[str, Any]) -> dict[str, object]:
    """What each field of the law starts from, by path; None where the request states nothing."""
    values = {field.path: value_at(start_from, field.path) for field in LAW}
    if isinstance(values[SHARES_PATH], Mapping):
        values[SHARES_PATH] = OWN_SHARES
    correlation = values[CORRELATION_PATH]
    if isinstance(correlation, Mapping):
        values[CORRELATION_PATH] = text_of_correlation(correlation)
    return values


def _calibrated(field: RequestField, value: object) -> RequestField:
    value = _UNSAID.get(field.path) if value is None else value
    if value is None or field.is_long_text:
        return field
    if not field.choices:
        return replace(field, hint=f"Calibrated: {typed_text(value, field.unit)}{field.unit.sign}")
    (blank, words), *others = field.choices
    label = dict(others)[str(value)]
    return replace(field, choices=((blank, f"{words}: {label[0].lower()}{label[1:]}"), *others))


def _put_shares(request: dict[str, Any], stated: Mapping[str, object]) -> Iterator[Fault]:
    chosen = stated[SHARES_PATH]
    own = {field: stated[field.path] for field in SHARES if stated[field.path] is not None}
    if chosen == OWN_SHARES:
        put_at(request, SHARES_PATH, {})
        for field, value in own.items():
            put_at(request, field.path, value)
        return
    if chosen is not None:
        put_at(request, SHARES_PATH, chosen)
    for field in own:
        yield Fault(
            field.path, SHARES_WITHOUT_CHOICE, "counts only with own shares as sources of variance"
        )


def _put_correlation(request: dict[str, Any], stated: Mapping[str, object]) -> Iterator[Fault]:
    text = stated[CORRELATION_PATH]
    if text is None:
        return
    try:
        put_at(request, CORRELATION_PATH, correlation_of_text(str(text)))
    except UnreadableCorrelation as error:
        for message in error.messages:
            yield Fault(CORRELATION_PATH, UNREADABLE, message)

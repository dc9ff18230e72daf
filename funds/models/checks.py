"""Builders of the check constraints that several tables share."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Length, Trim
from django.db.models.lookups import Exact, GreaterThan


def not_blank(field: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"%(app_label)s_%(class)s_{field}_not_blank",
        condition=GreaterThan(Length(Trim(F(field))), Value(0)),
        violation_error_message=f"{_in_words(field)} must not be blank.",
    )


def in_range(
    field: str,
    *,
    least: Decimal | int | None = None,
    above: Decimal | int | None = None,
    most: Decimal | int,
) -> models.CheckConstraint:
    """``most`` is required because numeric columns hold NaN, which PostgreSQL sorts above all."""
    low = Q(**{f"{field}__gte": least}) if above is None else Q(**{f"{field}__gt": above})
    low_in_words = f"at least {least}" if above is None else f"above {above}"
    return models.CheckConstraint(
        name=f"%(app_label)s_%(class)s_{field}_range",
        condition=low & Q(**{f"{field}__lte": most}),
        violation_error_message=(f"{_in_words(field)} must be {low_in_words} and at most {most}."),
    )


def json_type(field: str, expected: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"%(app_label)s_%(class)s_{field}_{expected}",
        condition=Exact(
            Func(F(field), function="jsonb_typeof", output_field=models.TextField()),
            Value(expected),
        ),
        violation_error_message=f"{_in_words(field)} must be a JSON {expected}.",
    )


def _in_words(field: str) -> str:
    return field.replace("_", " ").capitalize()

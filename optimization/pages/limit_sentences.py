"""What binding limits cost, and which were relaxed, in whole sentences. Pure."""

from collections.abc import Mapping
from typing import Any

from optimization.pages.limit_values import (
    costliest_limit,
    gain_in_words,
    is_known,
    limit_values,
    open_gap,
    step_in_words,
)
from optimization.pages.limits import (
    amount,
    group_labels,
    least_relaxation,
    limit_in_words,
    limit_names,
)

Result = Mapping[str, Any]
Row = Mapping[str, Any]

ONE_POINT = "1.0 pt"


def worth_sentences(result: Result) -> list[str]:
    """One for every limit whose value is known: "One more point of CVaR is worth +0.006x."."""
    return [_worth(result, value) for value in limit_values(result).values() if is_known(value)]


def highest_worth_sentence(result: Result) -> str | None:
    """That of the limit whose next step is worth most, if any is worth something."""
    value = costliest_limit(result)
    return None if value is None else _worth(result, value)


def relaxation_sentences(result: Result) -> list[str]:
    """One for every relaxed limit: "CVaR: at most 35.0% instead of 30.0%, provably the least."."""
    rows = {row["id"]: row for row in result["allocation"]["constraints"]}
    relaxations = result["allocation"]["relaxations"]
    names = limit_names([one["constraint"] for one in relaxations], result["buckets"])
    return [
        f"{name.split(',')[0]}: {_relaxed(rows[one['constraint']], one)}"
        for name, one in zip(names, relaxations, strict=True)
    ]


def _relaxed(row: Row, relaxation: Mapping[str, Any]) -> str:
    granted = limit_in_words(row, row["granted"])
    requested = amount(row, row["requested"])
    return f"{granted} instead of {requested}, {least_relaxation(row, relaxation)}."


def _worth(result: Result, value: Mapping[str, Any]) -> str:
    rows = {row["id"]: row for row in result["allocation"]["constraints"]}
    row = rows[value["constraint"]]
    step = _step(row, value, group_labels(result["buckets"]))
    verb = "are" if row["type"] == "expected_winners" else "is"
    return f"{step} {verb} worth {gain_in_words(value, open_gap=open_gap(result))}."


def _step(row: Row, value: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    if row["type"] == "expected_winners":
        return f"{step_in_words(value, is_deals=True)} fewer expected winners"
    points = step_in_words(value, is_deals=False)
    fewer = row["type"].endswith("_minimum")
    if points == ONE_POINT:
        words = "One point less" if fewer else "One more point"
    else:
        words = f"{points} {'less' if fewer else 'more'}"
    return f"{words} {_of_what(row, labels)}"


def _of_what(row: Row, labels: Mapping[str, str]) -> str:
    named = {
        "loss_probability": "of loss probability",
        "cvar": "of CVaR",
        "bucket_maximum": "in the largest bucket",
    }
    return named.get(row["type"]) or f"in {labels[row['id'].rpartition('.')[0]]}"

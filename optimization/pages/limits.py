"""The table of limits of a session's page, and limits in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimization.pages.law import law_rows
from optimization.pages.limit_values import (
    gain_in_words,
    is_known,
    limit_values,
    open_gap,
    step_in_words,
)
from optimization.templatetags.figures import number, percent, plain_share, share, usd_millions

RISK_LABELS = {
    "loss_probability": "Loss probability",
    "cvar": "CVaR",
    "expected_winners": "Expected winners",
    "bucket_maximum": "Largest bucket",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """A limit as the table shows it; values carry their unit, slack is in points or deals.

    ``range`` says where the least relaxation lies, ``worth`` what a ``step`` more would add; they
    are empty where there is nothing to say.
    """

    label: str
    requested: str
    granted: str
    actual: str
    slack: str
    state: str
    tone: str
    icon: str
    range: str
    worth: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitGroup:
    label: str
    rows: Sequence[LimitRow]


def limit_groups(result: Mapping[str, Any]) -> list[LimitGroup]:
    """Limits on the fund, then on stages, then on sectors, each kind in the fund's order."""
    labels = group_labels(result["buckets"])
    constraints = result["allocation"]["constraints"]
    groups = (
        ("Fund", [row for row in constraints if row["type"] in RISK_LABELS]),
        ("Stage weight", _in_order(constraints, "stage_", labels)),
        ("Sector weight", _in_order(constraints, "sector_", labels)),
    )
    return [
        LimitGroup(label=label, rows=[_limit_row(row, labels, result) for row in rows])
        for label, rows in groups
        if rows
    ]


def group_labels(buckets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The labels of ``stages.seed`` and ``sectors.saas``, as ids of limits begin, stages first."""
    stages = {f"stages.{bucket['stage']}": bucket["stage_label"] for bucket in buckets}
    sectors = {f"sectors.{bucket['sector']}": bucket["sector_label"] for bucket in buckets}
    return stages | sectors


def limit_names(ids: Sequence[str], buckets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Limits as an enumeration names them: "CVaR", "Seed, at least"."""
    labels = group_labels(buckets)
    names = {
        "max_loss_probability": "Loss probability",
        "cvar": "CVaR",
        "min_expected_winners": "Expected winners",
        "max_bucket_weight": "Largest bucket",
        "budget": "All the capital placed",
        "weights": "No weight below 0",
    }
    sides = {"min": "at least", "max": "at most"}
    for group, label in labels.items():
        for side, words in sides.items():
            names[f"{group}.{side}"] = f"{label}, {words}"
    return [names.get(limit, limit) for limit in ids]


def meets_every_limit(allocation: Mapping[str, Any]) -> str:
    """In a word; limits that gave way are met only as they were granted."""
    if not all(row["satisfied"] for row in allocation["constraints"]):
        return "no"
    return "as granted" if allocation["relaxations"] else "yes"


def request_rows(
    request: Mapping[str, Any], buckets: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """What was asked, as (label, words); limits that were left out are not listed."""
    limits = request["limits"]
    rows = [
        ("Capital", usd_millions(request["capital_usd"])),
        ("Optimization scenarios", number(request["optimization_scenarios"], 0)),
        ("Validation scenarios", number(request["validation_scenarios"], 0)),
    ]
    if "max_loss_probability" in limits:
        rows.append(("Loss probability", f"at most {percent(limits['max_loss_probability'])}"))
    if "cvar" in limits:
        cvar = limits["cvar"]
        rows.append((f"CVaR {plain_share(cvar['confidence'])}", f"at most {percent(cvar['max'])}"))
    if "min_expected_winners" in limits:
        rows.append(("Expected winners", f"at least {number(limits['min_expected_winners'], 2)}"))
    if "max_bucket_weight" in limits:
        rows.append(("Largest bucket", f"at most {percent(limits['max_bucket_weight'])}"))
    ranges = _range_rows(limits, group_labels(buckets))
    # Requests of earlier releases could not be relaxed, and no frontier is.
    if request.get("relax") is not None and request.get("frontier") is None:
        words = "the least protected give way" if request["relax"] else "no allocation"
        rows.append(("If limits cannot all be kept", words))
    return [*rows, *ranges, *law_rows(request.get("scenario_law"))]


def _range_rows(limits: Mapping[str, Any], labels: Mapping[str, str]) -> list[tuple[str, str]]:
    rows = []
    for group, label in labels.items():
        kind, key = group.split(".")
        weights = limits.get(kind, {}).get(key, {})
        words = [
            f"{side} {percent(weights[name])}"
            for name, side in (("min", "at least"), ("max", "at most"))
            if name in weights
        ]
        if words:
            rows.append((label, ", ".join(words)))
    return rows


def _in_order(
    constraints: Sequence[Mapping[str, Any]], prefix: str, labels: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """The minimum and the maximum of each group side by side, groups in the fund's order."""
    order = list(labels)
    rows = [row for row in constraints if row["type"].startswith(prefix)]
    return sorted(
        rows,
        key=lambda row: (
            order.index(row["id"].rpartition(".")[0]),
            row["type"].endswith("maximum"),
        ),
    )


def limit_in_words(row: Mapping[str, Any], value: float) -> str:
    """A value of a constraint with its side: "at most 30.0%", "at least 0.90"."""
    return f"{'at least' if _is_minimum(row) else 'at most'} {amount(row, value)}"


def amount(row: Mapping[str, Any], value: float) -> str:
    """A value in the unit of a constraint."""
    return number(value, 2) if row["type"] == "expected_winners" else percent(value)


def least_relaxation(row: Mapping[str, Any], relaxation: Mapping[str, Any]) -> str:
    """Whether less would have done: "provably the least", or the range that holds the best."""
    if relaxation["is_minimal"]:
        return "provably the least"
    ends = sorted([relaxation["tightest_possible"], relaxation["granted"]])
    low, high = (amount(row, end) for end in ends)
    return f"the best possible is between {low} and {high}"


def _is_minimum(row: Mapping[str, Any]) -> bool:
    kind: str = row["type"]
    return kind == "expected_winners" or kind.endswith("_minimum")


def _limit_row(
    row: Mapping[str, Any], labels: Mapping[str, str], result: Mapping[str, Any]
) -> LimitRow:
    is_deals = row["type"] == "expected_winners"
    value = limit_values(result).get(row["id"])
    relaxations = {one["constraint"]: one for one in result["allocation"]["relaxations"]}
    relaxation = relaxations.get(row["id"])
    state, tone, icon = _state(row, is_deals=is_deals)
    return LimitRow(
        label=RISK_LABELS.get(row["type"]) or labels[row["id"].rpartition(".")[0]],
        requested=limit_in_words(row, row["requested"]),
        granted=limit_in_words(row, row["granted"]),
        actual=amount(row, row["actual"]),
        slack=number(row["slack"], 2) if is_deals else f"{share(row['slack'])} pt",
        state=state,
        tone=tone,
        icon=icon,
        range=least_relaxation(row, relaxation) if relaxation else "",
        worth=gain_in_words(value, open_gap=open_gap(result)) if value else "",
        step=step_in_words(value, is_deals=is_deals) if value and is_known(value) else "",
    )


def _state(row: Mapping[str, Any], *, is_deals: bool) -> tuple[str, str, str]:
    """Words, colour and icon; what must not be overlooked comes first."""
    if not row["satisfied"]:
        return "Not met", "bad", "bad"
    if row["relaxed"]:
        moved = abs(row["granted"] - row["requested"])
        by = number(moved, 2) if is_deals else f"{share(moved)} pt"
        return f"Relaxed by {by}", "relaxed", "warning"
    if row["binding"]:
        return "Binding", "binding", "binding"
    return "Met", "", "met"

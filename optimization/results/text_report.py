"""A result as text for a terminal: allocation, limits, risk in and out of sample, timings."""

from collections.abc import Iterator
from typing import Any

from optimization.pages.cash_flows import (
    irr_finding,
    irr_losses,
    pace_finding,
    payback_finding,
)
from optimization.pages.limit_sentences import worth_sentences
from optimization.pages.limits import limit_names
from optimization.pages.result import bucket_labels, proved_within
from optimization.pages.scenarios import calibration_words, source_words
from optimization.templatetags.figures import MINUS

# What may be said of the tie-break, by how its search ended; None: there was none.
EVENNESS = {
    "optimal": (
        "The weights are the most even of all allocations at most {given_up:g}% below the best."
    ),
    "iteration_limit": "The weights were evened out; still more even ones may exist.",
    # Of sessions that earlier releases solved.
    "node_limit": "The weights were evened out; still more even ones may exist.",
    "time_limit": "The weights were evened out; still more even ones may exist.",
    None: "The weights were not evened out, because the search ran out of time.",
}


def text_report(result: dict[str, Any]) -> str:
    parts = (
        _headline,
        _notes,
        _allocation,
        _contributions,
        _limits,
        _risk,
        _cash_flows,
        _proof,
        _scenarios,
    )
    told = ("\n".join(part(result)) for part in parts)
    report = "\n\n".join(filter(None, told)) + "\n"
    # Pages write a true minus sign, which not every terminal can.
    return report.replace(MINUS, "-")


def _headline(result: dict[str, Any]) -> Iterator[str]:
    fund = result["fund"]
    sample = ", sample data" if fund["is_sample"] else ""
    yield f"{fund['name']}{sample}: {result['name']}"
    yield f"Session {result['id']} {result['status']}"


def _notes(result: dict[str, Any]) -> Iterator[str]:
    for note in result["notes"]:
        mark = "!" if note["level"] == "warning" else "-"
        yield f"{mark} {note['title']} {note['text']}"


def _allocation(result: dict[str, Any]) -> Iterator[str]:
    labels = list(bucket_labels(result).values())
    width = max(map(len, labels)) + 2
    yield (
        f"{'Allocation':<{width}}{'weight':>8}{'dollars':>18}{'deals':>8}{'multiple':>10}"
        f"{'loss alone':>12}"
    )
    for label, row in zip(labels, result["buckets"], strict=True):
        yield (
            f"{label:<{width}}{_percent(row['weight']):>8}{_dollars(row['dollars_usd']):>18}"
            f"{row['deals']:>8.1f}{row['expected_multiple']:>9.2f}x"
            f"{_percent(row['loss_probability']):>12}"
        )


def _contributions(result: dict[str, Any]) -> Iterator[str]:
    """What the buckets that are used add; nothing for allocations of earlier releases."""
    explanation = result["allocation"]["explanation"]
    if explanation is None:
        return
    labels = bucket_labels(result)
    width = max(map(len, labels.values())) + 2
    yield f"{'Contributions':<{width}}{'to multiple':>13}{'to tail loss':>14}"
    for part in explanation["contributions"]:
        if part["weight"]:
            shares = (part["expected_multiple_share"], part["tail_loss_share"])
            multiple, loss = ("none" if share is None else _percent(share) for share in shares)
            yield f"{labels[part['key']]:<{width}}{multiple:>13}{loss:>14}"


def _limits(result: dict[str, Any]) -> Iterator[str]:
    constraints = result["allocation"]["constraints"]
    if not constraints:
        yield "No limits were asked for."
        return
    labels = limit_names([row["id"] for row in constraints], result["buckets"])
    heading = "Limits, optimization scenarios"
    width = max(map(len, [heading, *labels])) + 2
    yield f"{heading:<{width}}{'requested':>10}{'actual':>10}  state"
    for label, row in zip(labels, constraints, strict=True):
        yield (
            f"{label:<{width}}{_limit_value(row, 'requested'):>10}"
            f"{_limit_value(row, 'actual'):>10}  {_state(row)}"
        )
    yield (
        "Binding: no slack, here or before the weights were evened out, or proved to hold the"
        " expected multiple down."
    )
    yield from worth_sentences(result)


def _state(row: dict[str, Any]) -> str:
    if not row["satisfied"]:
        return "NOT MET"
    if row["relaxed"]:
        return f"RELAXED to {_limit_value(row, 'granted')}"
    return "binding" if row["binding"] else "met"


def _limit_value(row: dict[str, Any], field: str) -> str:
    value = row[field]
    return f"{value:.2f}" if row["type"] == "expected_winners" else _percent(value)


def _risk(result: dict[str, Any]) -> Iterator[str]:
    scenarios = result["validation"]["scenarios"]
    yield f"{'Risk':<24}{'in sample':>10}{'out of sample':>15}  95% interval"
    risk = result["risk"]
    multiple = risk["expected_multiple"]
    yield (
        f"{'Expected multiple':<24}{multiple['in_sample']:>9.3f}x"
        f"{multiple['out_of_sample']:>14.3f}x"
        f"  {multiple['interval'][0]:.3f} to {multiple['interval'][1]:.3f}"
        f" ({_mean_of_the_law(multiple)})"
    )
    for name, label in (("loss_probability", "Loss probability"), ("cvar", "CVaR")):
        row = risk[name]
        yield (
            f"{label:<24}{_percent(row['in_sample']):>10}{_percent(row['out_of_sample']):>15}"
            f"  {_percent(row['interval'][0])} to {_percent(row['interval'][1])}"
        )
    yield f"{'Expected winners':<24}{risk['expected_winners']['exact']:>10.2f} deals (exact)"
    yield f"Out of sample: {scenarios:,} fresh scenarios of the same law."


def _proof(result: dict[str, Any]) -> Iterator[str]:
    allocation = result["allocation"]
    given_up = 100 * allocation["solver"]["settings"]["primary_lock_epsilon"]
    yield (
        f"Proof: no allocation inside the limits exceeds {allocation['best_bound']:.4f}x on these"
        f" scenarios. This one is within {_percent(proved_within(result), decimals=2)} of that."
    )
    yield EVENNESS[allocation["solver"]["second_pass"]].format(given_up=given_up)
    for check in result["validation"]["checks"]:
        yield f"{'passed' if check['passed'] else 'FAILED'}: {check['name']}. {check['detail']}"


def _mean_of_the_law(multiple: dict[str, Any]) -> str:
    if multiple["standard_error"] == 0:
        return f"exact {multiple['exact']:.3f}"
    return f"law {multiple['exact']:.3f}, standard error at most {multiple['standard_error']:.3f}"


def _cash_flows(result: dict[str, Any]) -> Iterator[str]:
    if result["irr"] is None or result["cash_flows"] is None:
        return
    yield f"{irr_finding(result['irr'])}."
    for row in irr_losses(result):
        yield f"{row.label}: {row.value} of scenarios (95% interval {row.interval})."
    yield f"{payback_finding(result)}. {pace_finding(result)}."


def _scenarios(result: dict[str, Any]) -> Iterator[str]:
    seconds = result["timings_seconds"]
    matrix = (
        f"matrix {seconds['matrix']:.2f} s"
        if seconds["matrix"] is not None
        else "matrix from cache"
    )
    yield f"Calibration: {calibration_words(result['calibration'])}"
    yield f"Scenarios: {source_words(result)}"
    yield f"Matrix {result['matrix']['key']}, kernel {result['matrix']['kernel_version']}"
    yield (
        f"Timings: {matrix}, optimization {seconds['optimization']:.2f} s,"
        f" validation {seconds['validation']:.2f} s, total {seconds['total']:.2f} s"
    )


def _percent(fraction: float, *, decimals: int = 1) -> str:
    return f"{100 * fraction:.{decimals}f}%"


def _dollars(amount: str) -> str:
    return f"${float(amount):,.2f}"

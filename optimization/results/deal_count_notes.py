"""What there is to say of the deals that an allocation buys, against those simulated. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from optimization.pages.result import bucket_labels
from optimization.results.note import Note, info, percent, warning
from optimization.rounds.deal_counts import mismatched_buckets
from optimization.rounds.rounds import MOST_REPEATS, Ending

TIMES = ("never", "once", "twice", "three times")
CODE = "DIVERSIFICATION_MISMATCH"
MISMATCH = "Some buckets buy a different number of deals than they were simulated with."
ADVICE = {
    Ending.MOST_REPEATS: (
        f"The search was repeated {MOST_REPEATS} times with the deals bought, and each time the"
        " allocation changed. Limit the largest bucket, or set the reference deals of these buckets"
        " nearer to what the fund would buy, and run again."
    ),
    Ending.TRIED_BEFORE: (
        "The search was repeated with the deals bought and came back to numbers that it had tried."
        " Limit the largest bucket, or set the reference deals of these buckets nearer to what the"
        " fund would buy, and run again."
    ),
    Ending.NEAREST: (
        "No number that can be simulated is nearer: from one deal to a thousand. Give these buckets"
        " room for a whole deal, or leave them out."
    ),
    Ending.UNATTAINABLE: (
        "The scenario law does not exist with the deals bought, so the search was not repeated:"
    ),
    Ending.NO_ALLOCATION: (
        "In scenarios with the deals that this allocation buys no other one was found, so it stands"
        " although it may break a limit there:"
    ),
    Ending.NO_SCENARIOS: "Scenarios with the deals bought could not be made:",
}
# Sessions of earlier releases were never searched again.
ADVICE_WITHOUT_ROUNDS = (
    "Set the reference deals of these buckets nearer to what the fund would buy and run again."
)


def deal_count_notes(result: Mapping[str, Any]) -> list[Note]:
    rounds = result["rounds"]
    bought = result["validation"]["deals_bought"]
    apart = _mismatched(bought["buckets"])
    labels = bucket_labels(result)
    found = [] if rounds is None else _repeated(rounds, labels)
    if apart:
        named = [labels[key] for key in apart]
        found.append(warning(MISMATCH, _mismatch(named, bought, rounds), code=CODE))
    return found


def _mismatched(buckets: list[Mapping[str, Any]]) -> tuple[str, ...]:
    by_field = {
        field: {row["key"]: row[field] for row in buckets}
        for field in ("weight", "deals", "reference_deals")
    }
    return mismatched_buckets(
        weights=by_field["weight"],
        deals=by_field["deals"],
        reference_deals=by_field["reference_deals"],
    )


def _mismatch(
    apart: Sequence[str], bought: Mapping[str, Any], rounds: Mapping[str, Any] | None
) -> str:
    loss = percent(bought["loss_probability"]["value"])
    cvar = percent(bought["cvar"]["value"])
    advice = ADVICE_WITHOUT_ROUNDS if rounds is None else _advice(rounds)
    return (
        f"{', '.join(apart)}: less than half or more than twice the number simulated. With the"
        f" deals this allocation buys, loss probability is {loss} and CVaR {cvar}. {advice}"
    )


def _advice(rounds: Mapping[str, Any]) -> str:
    advice = ADVICE[Ending(rounds["ending"])]
    return f"{advice} {rounds['reason']}" if rounds["reason"] else advice


def _repeated(rounds: Mapping[str, Any], labels: Mapping[str, str]) -> list[Note]:
    """How the search changed the deals of the fund's policy, if it did."""
    searches = [one for one in rounds["searches"] if one["expected_multiple"] is not None]
    first, last = searches[0], searches[-1]
    changed = [
        f"{labels[key]} {_deals(before)} to {_deals(last['reference_deals'][key])}"
        for key, before in first["reference_deals"].items()
        if before != last["reference_deals"][key]
    ]
    if not changed:
        return []
    times = TIMES[len(searches) - 1]
    return [
        info(
            f"The search was repeated {times} with the deals that the allocation buys.",
            f"{', '.join(changed)} deals. Under the reference deals of the fund's policy it had"
            f" found {first['expected_multiple']:.4f}x with a loss probability of"
            f" {percent(first['loss_probability'])}, and now {last['expected_multiple']:.4f}x with"
            f" {percent(last['loss_probability'])}.",
        )
    ]


def _deals(number: float) -> str:
    return f"{number:.1f}"

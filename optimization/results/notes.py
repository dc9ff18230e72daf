"""What an analyst should know before reading the tables, in plain words. Pure."""

from typing import Any

from optimization.pages.swings import swings_sentence

# A bucket simulated with much fewer or more deals than it would buy has another risk.
DEAL_COUNT_RATIO = 2.0
SMALLEST_WEIGHT = 0.01
# Titles of the warnings that came with the scenarios, by their codes.
LAW_WARNINGS = {
    "FOLLOW_ON_PRICING": "Follow-ons and first cheques of the next stage contradict each other.",
    "NO_VARIANCE": "What moves the buckets could not be measured.",
    "UNUSUAL_SHARES": "The variance shares are unusual.",
}
OTHER_LAW_WARNING = "The scenario law has a weakness."
UNSPENT_RESERVES = {
    "returned": "Reserves that are not called count as returned at 1x.",
    "idle": "Reserves that are not called count as lost.",
}


def notes(result: dict[str, Any]) -> list[dict[str, str]]:
    """Warnings first, then information; each says what is so and what to do."""
    found = [
        *_failed_checks(result),
        *_law_warnings(result),
        *_likely_over_limit(result),
        *_deal_counts(result),
        *_solver_stopped_early(result),
        *_reserves(result),
        *_swings(result),
    ]
    return sorted(found, key=lambda note: note["level"] != "warning")


def _failed_checks(result: dict[str, Any]) -> list[dict[str, str]]:
    return [
        _warning(
            "A check of this result failed: do not rely on it.",
            f"{check['name']}. {check['detail']} Tell the staff.",
        )
        for check in result["validation"]["checks"]
        if not check["passed"]
    ]


def _law_warnings(result: dict[str, Any]) -> list[dict[str, str]]:
    return [
        _warning(LAW_WARNINGS.get(warning["code"], OTHER_LAW_WARNING), warning["message"])
        for warning in result["matrix"]["warnings"]
    ]


def _likely_over_limit(result: dict[str, Any]) -> list[dict[str, str]]:
    """Limits that hold on the optimization scenarios but, at 95%, not on fresh ones."""
    scenarios = result["validation"]["scenarios"]
    found = []
    for name, words in (("loss_probability", "Loss probability"), ("cvar", "Tail loss (CVaR)")):
        risk = result["risk"][name]
        if risk["limit"] is None or risk["interval"][0] <= risk["limit"]:
            continue
        low, high = (_percent(bound) for bound in risk["interval"])
        found.append(
            _warning(
                f"{words} is likely to exceed its limit.",
                f"It was {_percent(risk['in_sample'])} on the optimization scenarios and is"
                f" {_percent(risk['out_of_sample'])} on {scenarios:,} fresh ones (95% interval"
                f" {low} to {high}). If {_percent(risk['limit'])} is firm, ask for less or use"
                " more optimization scenarios.",
            )
        )
    return found


def _deal_counts(result: dict[str, Any]) -> list[dict[str, str]]:
    """DIVERSIFICATION_MISMATCH: the deals bought differ much from those simulated."""
    bought = result["validation"]["deals_bought"]
    apart = [
        row["key"]
        for row in bought["buckets"]
        if row["weight"] > SMALLEST_WEIGHT
        and not 1 / DEAL_COUNT_RATIO <= row["deals"] / row["reference_deals"] <= DEAL_COUNT_RATIO
    ]
    if not apart:
        return []
    loss = _percent(bought["loss_probability"]["value"])
    cvar = _percent(bought["cvar"]["value"])
    return [
        _warning(
            "Some buckets buy a different number of deals than they were simulated with.",
            f"{', '.join(apart)}: less than half or more than twice the reference number. With the"
            f" deals this allocation buys, loss probability is {loss} and CVaR {cvar}. Set the"
            " reference deals of these buckets nearer to what the fund would buy and run again.",
        )
    ]


def _solver_stopped_early(result: dict[str, Any]) -> list[dict[str, str]]:
    allocation = result["allocation"]
    if allocation["status"] != "time_limit":
        return []
    return [
        _warning(
            "The search stopped at its time limit.",
            f"A better allocation may exist, but none above {allocation['best_bound']:.4f}x: the"
            f" proved gap is {_percent(allocation['mip_gap'], decimals=2)}. Allow more time to"
            " narrow it.",
        )
    ]


def _reserves(result: dict[str, Any]) -> list[dict[str, str]]:
    reserved = sum(float(row["reserves_usd"]) for row in result["buckets"])
    called = sum(float(row["expected_reserve_calls_usd"]) for row in result["buckets"])
    if reserved == 0:
        return []
    return [
        _info(
            f"Of ${reserved / 1e6:.2f}M reserved, ${called / 1e6:.2f}M is expected to be called.",
            UNSPENT_RESERVES[result["matrix"]["unspent_reserves"]],
        )
    ]


def _swings(result: dict[str, Any]) -> list[dict[str, str]]:
    return [
        _info(
            swings_sentence(result),
            "How strongly outcomes move together is an assumption of the calibration, not a"
            " finding.",
        )
    ]


def _percent(fraction: float, *, decimals: int = 1) -> str:
    return f"{100 * fraction:.{decimals}f}%"


def _warning(title: str, text: str) -> dict[str, str]:
    return {"level": "warning", "title": title, "text": text}


def _info(title: str, text: str) -> dict[str, str]:
    return {"level": "info", "title": title, "text": text}

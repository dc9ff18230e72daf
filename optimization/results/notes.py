"""What an analyst should know before reading the tables, in plain words. Pure."""

from typing import Any

from optimization.pages.result import proved_within
from optimization.pages.swings import swings_sentence
from optimization.results.deal_count_notes import deal_count_notes
from optimization.results.limit_notes import limit_notes
from optimization.results.note import Note, info, percent, warning

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

# What ended the first pass before its proof: the title of the warning, and what would help.
STOPPED_BY_COUNT = (
    "The search stopped before its proof was complete.",
    "The search's own budget of steps ended it, so more time changes nothing. Looser limits or"
    " fewer optimization scenarios are easier to prove.",
)
STOPPED_BY = {
    "time_limit": ("The search stopped at its time limit.", "Allow more time to narrow it."),
    "iteration_limit": STOPPED_BY_COUNT,
    "node_limit": STOPPED_BY_COUNT,
}
# Earlier releases did not keep what it was.
STOPPED_BY_SOMETHING = (
    "The search stopped before its proof was complete.",
    "Looser limits or fewer optimization scenarios are easier to prove.",
)


def notes(result: dict[str, Any]) -> list[Note]:
    """Warnings first, then information; each says what is so and what to do."""
    found = [
        *_failed_checks(result),
        *_law_warnings(result),
        *limit_notes(result),
        *_likely_over_limit(result),
        *deal_count_notes(result),
        *_solver_stopped_early(result),
        *_reserves(result),
        *_swings(result),
    ]
    return sorted(found, key=lambda note: note["level"] != "warning")


def _failed_checks(result: dict[str, Any]) -> list[Note]:
    return [
        warning(
            "A check of this result failed: do not rely on it.",
            f"{check['name']}. {check['detail']} Tell the staff.",
        )
        for check in result["validation"]["checks"]
        if not check["passed"]
    ]


def _law_warnings(result: dict[str, Any]) -> list[Note]:
    return [
        warning(
            LAW_WARNINGS.get(found["code"], OTHER_LAW_WARNING), found["message"], code=found["code"]
        )
        for found in result["matrix"]["warnings"]
    ]


def _likely_over_limit(result: dict[str, Any]) -> list[Note]:
    """Limits that hold on the optimization scenarios but, at 95%, not on fresh ones."""
    scenarios = result["validation"]["scenarios"]
    found = []
    for name, words in (("loss_probability", "Loss probability"), ("cvar", "Tail loss (CVaR)")):
        risk = result["risk"][name]
        granted = risk["granted"]
        if granted is None or risk["interval"][0] <= granted:
            continue
        its_limit = "its limit" if granted == risk["limit"] else "even its relaxed limit"
        low, high = (percent(bound) for bound in risk["interval"])
        found.append(
            warning(
                f"{words} is likely to exceed {its_limit}.",
                f"It was {percent(risk['in_sample'])} on the optimization scenarios and is"
                f" {percent(risk['out_of_sample'])} on {scenarios:,} fresh ones (95% interval"
                f" {low} to {high}). If {percent(granted)} is firm, ask for less or use"
                " more optimization scenarios.",
            )
        )
    return found


def _solver_stopped_early(result: dict[str, Any]) -> list[Note]:
    """Only a longer time limit helps a search that time ended; counts do not rise with it."""
    allocation = result["allocation"]
    ended = allocation["solver"]["first_pass"]
    if "optimal" in (allocation["status"], ended):
        return []
    proved = (
        f"A better allocation may exist, but none above {allocation['best_bound']:.4f}x: the"
        f" proved gap is {percent(proved_within(result), decimals=2)}."
    )
    title, advice = STOPPED_BY.get(ended, STOPPED_BY_SOMETHING)
    return [warning(title, f"{proved} {advice}")]


def _reserves(result: dict[str, Any]) -> list[Note]:
    reserved = sum(float(row["reserves_usd"]) for row in result["buckets"])
    called = sum(float(row["expected_reserve_calls_usd"]) for row in result["buckets"])
    if reserved == 0:
        return []
    return [
        info(
            f"Of ${reserved / 1e6:.2f}M reserved, ${called / 1e6:.2f}M is expected to be called.",
            UNSPENT_RESERVES[result["matrix"]["unspent_reserves"]],
        )
    ]


def _swings(result: dict[str, Any]) -> list[Note]:
    return [
        info(
            swings_sentence(result),
            "How strongly outcomes move together is an assumption of the calibration, not a"
            " finding.",
        )
    ]

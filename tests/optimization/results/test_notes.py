"""Each note appears when what it says is so, and only then."""

import copy
from typing import Any

import pytest

from optimization.results.notes import notes

LOSS = "Loss probability is likely to exceed its limit."
CVAR = "Tail loss (CVaR) is likely to exceed its limit."
DEALS = "Some buckets buy a different number of deals than they were simulated with."
STOPPED = "The search stopped at its time limit."
STOPPED_BEFORE_PROOF = "The search stopped before its proof was complete."
FAILED_CHECK = "A check of this result failed: do not rely on it."


def bucket(sector: str, **fields: str) -> dict[str, str]:
    key = f"seed/{sector.lower()}"
    names = {"key": key, "stage": "seed", "stage_label": "Seed"}
    return {**names, "sector": sector.lower(), "sector_label": sector, **fields}


# Nothing to warn of: every risk is inside its limit, the deals are those simulated.
QUIET: dict[str, Any] = {
    "risk": {
        "loss_probability": {
            "in_sample": 0.24,
            "out_of_sample": 0.25,
            "interval": [0.24, 0.26],
            "limit": 0.25,
            "granted": 0.25,
        },
        "cvar": {
            "in_sample": 0.39,
            "out_of_sample": 0.40,
            "interval": [0.39, 0.41],
            "limit": 0.40,
            "granted": 0.40,
        },
    },
    "validation": {
        "scenarios": 100_000,
        "checks": [{"name": "Every limit", "passed": True, "detail": "All hold."}],
        "deals_bought": {
            "buckets": [
                {"key": "seed/saas", "weight": 0.6, "deals": 10.0, "reference_deals": 10.0},
                {"key": "seed/fintech", "weight": 0.4, "deals": 8.0, "reference_deals": 10.0},
            ],
            "loss_probability": {"value": 0.271},
            "cvar": {"value": 0.433},
        },
    },
    "request": {"mip_gap": 0.0001},
    "allocation": {
        "status": "optimal",
        "first_pass_expected_multiple": 2.5,
        "expected_multiple": 2.5,
        "best_bound": 2.5,
        "mip_gap": 0.0001,
        "relaxations": [],
        "constraints": [],
        "explanation": None,
        "infeasibility": None,
        "solver": {"first_pass": "optimal"},
    },
    "buckets": [
        bucket("SaaS", reserves_usd="30000000.00", expected_reserve_calls_usd="9000000.00"),
        bucket("Fintech", reserves_usd="10000000.00", expected_reserve_calls_usd="3000000.00"),
    ],
    "matrix": {
        "variance_shares": {"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25},
        "allocation_variance_shares": None,
        "unspent_reserves": "returned",
        "warnings": [],
    },
    "rounds": None,
}


def result(**changes: object) -> dict[str, Any]:
    """The quiet result with values replaced: ``risk__cvar__limit=0.1`` goes down the names."""
    changed = copy.deepcopy(QUIET)
    for path, value in changes.items():
        *names, last = path.split("__")
        part: Any = changed
        for name in names:
            part = part[name]
        part[last] = value
    return changed


def warnings(shown: dict[str, Any]) -> list[str]:
    return [str(note["title"]) for note in notes(shown) if note["level"] == "warning"]


def text_of(shown: dict[str, Any], title: str) -> str:
    (text,) = [note["text"] for note in notes(shown) if note["title"] == title]
    return str(text)


def bought(deals: float, *, weight: float = 0.6) -> dict[str, Any]:
    row = {"key": "seed/saas", "weight": weight, "deals": deals, "reference_deals": 10.0}
    return result(validation__deals_bought__buckets=[row])


def test_quiet_result_has_no_warning() -> None:
    assert warnings(QUIET) == []


def test_notes_do_not_change_the_result() -> None:
    before = copy.deepcopy(QUIET)
    notes(QUIET)
    assert before == QUIET


@pytest.mark.parametrize(("name", "title"), [("loss_probability", LOSS), ("cvar", CVAR)])
def test_risk_that_exceeds_its_limit_beyond_chance_is_warned_of(name: str, title: str) -> None:
    assert warnings(result(**{f"risk__{name}__interval": [0.45, 0.47]})) == [title]


@pytest.mark.parametrize("name", ["loss_probability", "cvar"])
def test_risk_whose_interval_reaches_its_limit_is_not_warned_of(name: str) -> None:
    limit = QUIET["risk"][name]["limit"]
    assert warnings(result(**{f"risk__{name}__interval": [limit, 0.9]})) == []


@pytest.mark.parametrize("name", ["loss_probability", "cvar"])
def test_risk_without_a_limit_is_not_warned_of(name: str) -> None:
    shown = result(**{f"risk__{name}__interval": [0.8, 0.9], f"risk__{name}__granted": None})
    assert warnings(shown) == []


@pytest.mark.parametrize("name", ["loss_probability", "cvar"])
def test_risk_is_held_against_the_limit_that_was_granted(name: str) -> None:
    granted = {f"risk__{name}__granted": 0.5}

    assert warnings(result(**granted, **{f"risk__{name}__interval": [0.45, 0.47]})) == []
    (title,) = warnings(result(**granted, **{f"risk__{name}__interval": [0.51, 0.53]}))
    assert title.endswith("is likely to exceed even its relaxed limit.")


def test_warning_of_a_risk_shows_both_samples_and_the_limit() -> None:
    shown = result(
        risk__loss_probability__in_sample=0.25,
        risk__loss_probability__out_of_sample=0.282,
        risk__loss_probability__interval=[0.279, 0.285],
    )
    text = text_of(shown, LOSS)
    for figure in ("25.0%", "28.2%", "27.9% to 28.5%", "100,000"):
        assert figure in text


# Half as many and twice as many as the 10 simulated are the ends of what is let pass.
@pytest.mark.parametrize("deals", [5.0, 10.0, 20.0])
def test_deals_near_those_simulated_are_not_warned_of(deals: float) -> None:
    assert warnings(bought(deals)) == []


@pytest.mark.parametrize("deals", [0.5, 4.9, 20.1, 200.0])
def test_deals_far_from_those_simulated_are_warned_of(deals: float) -> None:
    assert warnings(bought(deals)) == [DEALS]


def test_bucket_that_hardly_counts_is_not_warned_of() -> None:
    assert warnings(bought(0.5, weight=0.01)) == []
    assert warnings(bought(0.5, weight=0.011)) == [DEALS]


def test_warning_of_deals_names_the_buckets_and_the_risk_as_bought() -> None:
    text = text_of(bought(50.0), DEALS)
    for words in ("Seed / SaaS", "27.1%", "43.3%"):
        assert words in text
    assert "Fintech" not in text


def test_search_that_stopped_early_is_warned_of_with_what_it_proved() -> None:
    shown = result(
        allocation__status="time_limit",
        allocation__solver={"first_pass": "time_limit"},
        allocation__best_bound=2.61234,
    )
    assert warnings(shown) == [STOPPED]
    assert "2.6123x" in text_of(shown, STOPPED)
    # .11234 of 2.5 is 4.4936 %, rounded up as everywhere on the page.
    assert "4.50%" in text_of(shown, STOPPED)


def test_search_that_ended_is_not_warned_of() -> None:
    assert STOPPED not in warnings(result(allocation__status="optimal"))


def test_search_that_stopped_early_under_relaxed_limits_is_warned_of() -> None:
    relaxed = {"allocation__status": "relaxed"}

    assert STOPPED not in warnings(result(**relaxed))
    stopped = result(**relaxed, allocation__solver={"first_pass": "time_limit"})
    assert STOPPED in warnings(stopped)


@pytest.mark.parametrize("status", ["relaxed", "time_limit"])
@pytest.mark.parametrize("ended", ["node_limit", "iteration_limit"])
def test_search_that_a_count_ended_is_not_told_to_take_more_time(status: str, ended: str) -> None:
    stopped = result(allocation__status=status, allocation__solver={"first_pass": ended})

    assert warnings(stopped) == [STOPPED_BEFORE_PROOF]
    assert "more time changes nothing" in text_of(stopped, STOPPED_BEFORE_PROOF)


def test_search_of_an_earlier_release_is_not_said_to_have_been_ended_by_anything() -> None:
    stopped = result(allocation__status="time_limit", allocation__solver={"first_pass": None})

    assert warnings(stopped) == [STOPPED_BEFORE_PROOF]
    assert "time" not in text_of(stopped, STOPPED_BEFORE_PROOF)


def test_reserves_and_what_is_expected_to_be_called_are_told() -> None:
    # 30 + 10 million reserved, 9 + 3 million called.
    assert "Of $40.00M reserved, $12.00M is expected to be called." in [
        note["title"] for note in notes(QUIET)
    ]


def test_fund_without_reserves_is_told_nothing_of_them() -> None:
    row = bucket("SaaS", reserves_usd="0.00", expected_reserve_calls_usd="0.00")
    assert not [note for note in notes(result(buckets=[row])) if "reserved" in str(note["title"])]


@pytest.mark.parametrize(
    ("law", "words"),
    [
        ("returned", "Reserves that are not called count as returned at 1x."),
        ("idle", "Reserves that are not called count as lost."),
    ],
)
def test_what_becomes_of_reserves_that_are_not_called_is_told(law: str, words: str) -> None:
    shown = result(matrix__unspent_reserves=law)
    title = "Of $40.00M reserved, $12.00M is expected to be called."
    assert text_of(shown, title) == words


def test_what_moves_the_multiple_is_told_of_equal_weights_if_of_nothing_else() -> None:
    titles = [note["title"] for note in notes(QUIET)]
    assert (
        "Half of the swings of an equally weighted portfolio come from the economy, a quarter"
        " from stages and sectors and a quarter from single deals."
    ) in titles


def test_what_moves_the_multiple_is_told_of_the_allocation_where_it_was_measured() -> None:
    own = {"macro": 0.4, "bucket": 0.26, "idiosyncratic": 0.34}
    titles = [note["title"] for note in notes(result(matrix__allocation_variance_shares=own))]
    assert (
        "40% of the swings of this allocation come from the economy, about a quarter from stages"
        " and sectors and about a third from single deals."
    ) in titles


def test_warnings_stand_before_what_is_only_told() -> None:
    shown = result(
        risk__cvar__interval=[0.8, 0.9],
        allocation__status="time_limit",
        allocation__solver={"first_pass": "time_limit"},
    )
    levels = [str(note["level"]) for note in notes(shown)]
    assert levels == sorted(levels, reverse=True)
    assert set(levels) == {"warning", "info"}


def test_every_note_has_a_title_and_says_more() -> None:
    shown = result(
        risk__cvar__interval=[0.8, 0.9],
        allocation__status="time_limit",
        allocation__solver={"first_pass": "time_limit"},
    )
    for note in notes(shown):
        assert set(note) == {"level", "code", "title", "text"}
        assert str(note["title"]).endswith(".")
        assert str(note["text"]).endswith(".")


def test_failed_check_is_the_first_warning() -> None:
    shown = result(
        validation__checks=[
            {"name": "Every limit", "passed": True, "detail": "All hold."},
            {"name": "Greedy", "passed": False, "detail": "It found more."},
        ],
        risk__cvar__interval=[0.45, 0.47],
    )
    assert warnings(shown) == [FAILED_CHECK, CVAR]
    assert text_of(shown, FAILED_CHECK) == "Greedy. It found more. Tell the staff."


@pytest.mark.parametrize(
    ("code", "title"),
    [
        (
            "FOLLOW_ON_PRICING",
            "Follow-ons and first cheques of the next stage contradict each other.",
        ),
        ("NO_VARIANCE", "What moves the buckets could not be measured."),
        ("UNUSUAL_SHARES", "The variance shares are unusual."),
        ("TOO_LATE", "The scenario law has a weakness."),
    ],
)
def test_warning_that_came_with_the_scenarios_is_told(code: str, title: str) -> None:
    shown = result(matrix__warnings=[{"code": code, "message": "It is so."}])
    assert warnings(shown) == [title]
    assert text_of(shown, title) == "It is so."

"""What a result says of searches that were repeated with the deals bought."""

from typing import Any

import pytest

from optimization.results.deal_count_notes import CODE, MISMATCH, deal_count_notes
from optimization.rounds.rounds import Ending

REASON = "Ask the economist."
BUCKETS = [
    {"key": f"seed/{sector.lower()}", "stage_label": "Seed", "sector_label": sector}
    for sector in ("SaaS", "Bio")
]


def search(deals: float, multiple: float | None, loss: float | None) -> dict[str, Any]:
    return {
        "reference_deals": {"seed/saas": deals, "seed/bio": 4.0},
        "expected_multiple": multiple,
        "loss_probability": loss,
    }


def result(
    *searches: dict[str, Any], ending: str = "settled", reason: str | None = None, deals: float = 2
) -> dict[str, Any]:
    """Of a session whose first bucket buys ``deals`` and was last simulated with 2."""
    row = {"key": "seed/saas", "weight": 0.3, "deals": deals, "reference_deals": 2.0}
    return {
        "buckets": BUCKETS,
        "rounds": {"ending": ending, "reason": reason, "searches": list(searches)},
        "validation": {
            "deals_bought": {
                "buckets": [row],
                "loss_probability": {"value": 0.271},
                "cvar": {"value": 0.433},
            }
        },
    }


def test_search_that_was_not_repeated_needs_no_note() -> None:
    assert deal_count_notes(result(search(5, 1.9, 0.25))) == []


def test_repeated_search_says_what_changed_from_first_to_last() -> None:
    shown = result(search(5, 1.9, 0.25), search(3, 1.8, 0.24), search(2, 1.85, 0.235))
    (note,) = deal_count_notes(shown)
    assert (note["level"], note["code"]) == ("info", None)
    assert "repeated twice" in str(note["title"])
    assert note["text"] == (
        "Seed / SaaS 5.0 to 2.0 deals. Under the reference deals of the fund's policy it had"
        " found 1.9000x with a loss probability of 25.0%, and now 1.8500x with 23.5%."
    )


def test_search_that_found_nothing_changed_nothing() -> None:
    shown = result(search(5, 1.9, 0.25), search(2, None, None), ending="no_allocation")
    assert deal_count_notes(shown) == []


@pytest.mark.parametrize("ending", [one for one in Ending if one is not Ending.SETTLED])
def test_mismatch_that_is_left_is_warned_of_by_its_code_with_the_reason(ending: str) -> None:
    shown = result(search(2, 1.9, 0.25), ending=ending, reason=REASON, deals=9)
    (note,) = deal_count_notes(shown)
    assert (note["level"], note["code"], note["title"]) == ("warning", CODE, MISMATCH)
    assert REASON in str(note["text"])
    for words in ("Seed / SaaS", "27.1%", "43.3%"):
        assert words in str(note["text"])

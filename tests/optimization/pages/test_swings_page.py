"""What moves the multiples, in words and rows."""

from typing import Any

import pytest

from optimization.pages.swings import share_in_words, swing_rows, swings_sentence

EQUAL = {"macro": 0.32, "bucket": 0.17, "idiosyncratic": 0.51}
OWN = {"macro": 0.5, "bucket": 0.2, "idiosyncratic": 0.3}
ALONE = {"macro": 0.25, "bucket": 0.15, "idiosyncratic": 0.6}


def result(*, own: Any = OWN, alone: Any = ALONE) -> dict[str, Any]:
    return {
        "matrix": {"variance_shares": EQUAL, "allocation_variance_shares": own},
        "buckets": [
            {"stage_label": "Seed", "sector_label": "Fintech", "variance_shares": alone},
            {"stage_label": "Seed", "sector_label": "Health", "variance_shares": alone},
        ],
    }


def test_allocation_comes_first_then_equal_weights_then_each_bucket() -> None:
    rows = swing_rows(result())

    assert [(row.label, row.shares) for row in rows] == [
        ("This allocation", OWN),
        ("Equal weights", EQUAL),
        ("Seed / Fintech", ALONE),
        ("Seed / Health", ALONE),
    ]


def test_what_was_not_measured_has_no_row() -> None:
    assert [row.label for row in swing_rows(result(own=None, alone=None))] == ["Equal weights"]


def test_parts_of_a_bar_follow_on_one_another_and_fill_it() -> None:
    economy, common, deals = swing_rows(result())[0].parts

    assert (economy.start, economy.length) == (0.0, 50.0)
    assert (common.start, common.length) == (50.0, 20.0)
    assert (deals.start, deals.length) == (70.0, 30.0)


def test_share_estimated_below_zero_is_told_and_drawn_as_nothing() -> None:
    # 0.8 and 0.201 of what is drawn, 1.001.
    below = {"macro": -0.001, "bucket": 0.8, "idiosyncratic": 0.201}
    (row,) = swing_rows({**result(own=below), "buckets": []})[:1]

    assert share_in_words(row.shares["macro"]) == "0%"
    assert [part.length for part in row.parts] == pytest.approx([0.0, 79.92008, 20.07992], abs=1e-5)


def test_sentence_is_about_the_allocation() -> None:
    assert swings_sentence(result()) == (
        "Half of the swings of this allocation come from the economy, a fifth from stages and"
        " sectors and 30% from single deals."
    )


def test_sentence_is_about_equal_weights_where_nothing_else_was_measured() -> None:
    assert swings_sentence(result(own=None)) == (
        "About a third of the swings of an equally weighted portfolio come from the economy,"
        " 17% from stages and sectors and about half from single deals."
    )


@pytest.mark.parametrize(
    ("fraction", "words"),
    [
        (0.5, "half"),
        (0.5049, "half"),
        (0.515, "about half"),
        (0.53, "53%"),
        (0.333, "a third"),
        (0.26, "about a quarter"),
        (0.225, "22%"),
        (0.02, "2%"),
        (0.0, "0%"),
        (1.0, "100%"),
    ],
)
def test_share_is_called_a_fraction_only_when_it_is_nearly_one(fraction: float, words: str) -> None:
    assert share_in_words(fraction) == words

"""What limits cost, what became of relaxed ones, and what buckets add, in the page's words."""

from typing import Any

import pytest

from optimization.pages.limit_sentences import (
    highest_worth_sentence,
    relaxation_sentences,
    worth_sentences,
)
from optimization.pages.limit_values import gain_in_words
from optimization.pages.limits import limit_groups
from optimization.pages.result import fund_total, stages, tiles
from tests.optimization.pages.test_page_arithmetic import constraint, result


def value(id_: str, gain: float | None, **changes: Any) -> dict[str, Any]:
    known = {"loosened_to": 0.31, "step": 0.01, "dual": None, "method": "re-solve"}
    return {
        "constraint": id_,
        "multiple_gain": gain,
        "gain_at_most": gain,
        **known,
        **changes,
    }


def relaxation(id_: str, **changes: Any) -> dict[str, Any]:
    minimal = {"requested": 0.3, "granted": 0.36, "is_minimal": True, "tightest_possible": 0.36}
    return {"constraint": id_, **minimal, **changes}


def explained(
    constraints: list[dict[str, Any]],
    *,
    values: list[dict[str, Any]] | None = None,
    relaxations: list[dict[str, Any]] | None = None,
    contributions: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    shown = result(*constraints)
    shown["allocation"]["relaxations"] = relaxations or []
    shown["allocation"]["explanation"] = {
        "limit_values": values or [],
        "contributions": contributions or parts((0.5, 0.6), (0.25, 0.3), (0.25, 0.1)),
    }
    return shown


def parts(*shares: tuple[float, float | None]) -> list[dict[str, Any]]:
    """Contributions of the buckets of `result`, by their shares of multiple and tail loss."""
    return [
        {"key": key, "expected_multiple_share": multiple, "tail_loss_share": loss}
        for key, (multiple, loss) in zip(("seed/ai", "seed/bio", "late/ai"), shares, strict=True)
    ]


@pytest.mark.parametrize(
    ("gain", "most", "words"),
    [
        (0.0214, 0.0214, "+0.021x"),
        (0.0, 0.0, "nothing"),
        # The proof may leave the gap of 1e-4 of 2.0 open.
        (0.0, 0.0003, "under 0.001x"),
        (0.0004, 0.0004, "under 0.001x"),
        (0.0, 0.0021, "+0.000x, at most +0.002x"),
        (0.004, 0.011, "+0.004x, at most +0.011x"),
        (None, None, "not known"),
    ],
)
def test_gain_is_one_figure_unless_more_may_be_possible(
    gain: float | None, most: float | None, words: str
) -> None:
    assert gain_in_words(value("cvar", gain, gain_at_most=most), open_gap=0.0002) == words


def test_limit_that_binds_shows_what_a_step_is_worth() -> None:
    cvar = constraint("cvar", "cvar", binding=True)
    winners = constraint("expected_winners", "min_expected_winners", binding=True)
    largest = constraint("bucket_maximum", "max_bucket_weight")
    shown = explained(
        [cvar, largest, winners],
        values=[
            value("cvar", 0.0123),
            value("max_bucket_weight", None),
            value("min_expected_winners", 0.02, step=0.1),
        ],
    )

    (group,) = limit_groups(shown)

    assert [(row.worth, row.step) for row in group.rows] == [
        ("+0.012x", "1.0 pt"),
        ("not known", ""),
        ("+0.020x", "0.10"),
    ]


def test_relaxed_limit_shows_whether_less_would_have_done() -> None:
    relaxed = {"relaxed": True, "granted": 0.36}
    rows = [
        constraint("loss_probability", "max_loss_probability", **relaxed),
        constraint("cvar", "cvar", **relaxed),
    ]
    open_range = relaxation("max_loss_probability", is_minimal=False, tightest_possible=0.33)

    (group,) = limit_groups(explained(rows, relaxations=[open_range, relaxation("cvar")]))

    assert [(row.state, row.range) for row in group.rows] == [
        ("Relaxed by 6.0 pt", "the best possible is between 33.0% and 36.0%"),
        ("Relaxed by 6.0 pt", "provably the least"),
    ]


def test_relaxations_are_told_with_what_was_requested_and_granted() -> None:
    rows = [
        constraint("cvar", "cvar", relaxed=True, granted=0.36),
        constraint("stage_minimum", "stages.seed.min", relaxed=True, granted=0.12),
        constraint("expected_winners", "min_expected_winners", relaxed=True, granted=0.2),
    ]
    lowered = relaxation("stages.seed.min", granted=0.12, is_minimal=False, tightest_possible=0.3)
    winners = relaxation("min_expected_winners", granted=0.2)

    shown = explained(rows, relaxations=[relaxation("cvar"), lowered, winners])

    assert relaxation_sentences(shown) == [
        "CVaR: at most 36.0% instead of 30.0%, provably the least.",
        "Seed: at least 12.0% instead of 30.0%, the best possible is between 12.0% and 30.0%.",
        "Expected winners: at least 0.20 instead of 0.30, provably the least.",
    ]


@pytest.mark.parametrize(
    ("kind", "id_", "step", "words"),
    [
        ("loss_probability", "max_loss_probability", 0.01, "One more point of loss probability"),
        ("loss_probability", "max_loss_probability", 0.015625, "1.6 pt more of loss probability"),
        ("cvar", "cvar", 0.01, "One more point of CVaR"),
        ("bucket_maximum", "max_bucket_weight", 0.01, "One more point in the largest bucket"),
        ("stage_maximum", "stages.late.max", 0.01, "One more point in Late"),
        ("sector_minimum", "sectors.bio.min", 0.01, "One point less in BIO"),
        ("sector_minimum", "sectors.bio.min", 0.004, "0.4 pt less in BIO"),
        ("expected_winners", "min_expected_winners", 0.1, "0.10 fewer expected winners"),
    ],
)
def test_value_of_a_limit_is_a_sentence(kind: str, id_: str, step: float, words: str) -> None:
    verb = "are" if kind == "expected_winners" else "is"
    shown = explained([constraint(kind, id_)], values=[value(id_, 0.0214, step=step)])

    assert worth_sentences(shown) == [f"{words} {verb} worth +0.021x."]


def test_costliest_limit_is_the_one_whose_step_is_worth_most() -> None:
    rows = [constraint("cvar", "cvar"), constraint("bucket_maximum", "max_bucket_weight")]
    values = [value("cvar", 0.01), value("max_bucket_weight", 0.02)]

    assert highest_worth_sentence(explained(rows, values=values)) == (
        "One more point in the largest bucket is worth +0.020x."
    )


@pytest.mark.parametrize("gain", [None, 0.0, 0.0004])
def test_no_limit_is_called_costly_for_nothing(gain: float | None) -> None:
    shown = explained([constraint("cvar", "cvar")], values=[value("cvar", gain)])

    assert highest_worth_sentence(shown) is None


def test_allocation_of_an_earlier_release_has_no_values_and_no_shares() -> None:
    earlier = result(constraint("cvar", "cvar", binding=True))

    assert worth_sentences(earlier) == []
    assert limit_groups(earlier)[0].rows[0].worth == ""
    assert fund_total(earlier).expected_multiple_share is None


def test_shares_add_up_over_the_buckets_of_a_stage() -> None:
    shown = explained([])
    seed, late = stages(shown)

    assert seed.expected_multiple_share == pytest.approx(0.75, abs=1e-12)
    assert seed.tail_loss_share == pytest.approx(0.9, abs=1e-12)
    assert late.buckets[0]["tail_loss_share"] == 0.1
    assert fund_total(shown).tail_loss_share == pytest.approx(1.0, abs=1e-12)


def test_fund_that_loses_nothing_has_no_shares_of_tail_loss() -> None:
    shown = explained([], contributions=parts((0.5, None), (0.3, None), (0.2, None)))

    assert fund_total(shown).tail_loss_share is None
    assert fund_total(shown).expected_multiple_share == pytest.approx(1.0, abs=1e-12)


def test_tile_of_a_relaxed_limit_says_from_what_to_what() -> None:
    shown = result()
    shown["risk"]["loss_probability"]["granted"] = 0.36
    shown["risk"]["expected_winners"]["granted"] = 0.65
    _, loss, cvar, winners = tiles(shown)

    assert (loss.relaxed, winners.relaxed) == ("30.0% raised to 36.0%", "0.70 lowered to 0.65")
    assert "Limit" not in dict(loss.facts)
    assert cvar.relaxed == ""

"""Tiles, limits and histogram from results written by hand."""

from typing import Any

import pytest

from optimization.pages.histogram import bin_rows, finding, histogram
from optimization.pages.limits import limit_groups, limit_names, meets_every_limit, request_rows
from optimization.pages.result import fund_total, greedy_weights, proved_within, stages, tiles


def bucket(stage: str, sector: str, weight: float, dollars: str) -> dict[str, Any]:
    return {
        "key": f"{stage}/{sector}",
        "stage": stage,
        "stage_label": stage.title(),
        "sector": sector,
        "sector_label": sector.upper(),
        "weight": weight,
        "dollars_usd": dollars,
        "deals": 2.5,
        "reserves_usd": "10.10",
        "expected_reserve_calls_usd": "5.05",
    }


BUCKETS = [
    bucket("seed", "ai", 0.25, "25.10"),
    bucket("seed", "bio", 0.15, "15.20"),
    bucket("late", "ai", 0.6, "59.70"),
]


def constraint(kind: str, id_: str, **changes: Any) -> dict[str, Any]:
    row = {"requested": 0.3, "granted": 0.3, "actual": 0.25, "slack": 0.05}
    flags = {"satisfied": True, "relaxed": False, "binding": False}
    return {"type": kind, "id": id_, **row, **flags, **changes}


def result(*constraints: dict[str, Any], **changes: Any) -> dict[str, Any]:
    estimate = {"in_sample": 0.2, "out_of_sample": 0.25, "interval": [0.24, 0.26], "limit": 0.3}
    estimate["granted"] = 0.3
    return {
        "buckets": BUCKETS,
        "irr": None,
        "request": {"mip_gap": 1e-4},
        "allocation": {
            "constraints": constraints,
            "relaxations": [],
            "explanation": None,
            "expected_multiple": 1.8,
            "first_pass_expected_multiple": 1.8,
            "best_bound": 1.8,
        },
        "risk": {
            "expected_multiple": {
                "exact": 1.87,
                "standard_error": 0.0,
                "in_sample": 1.85,
                "out_of_sample": 1.86,
                "interval": [1.84, 1.88],
                "limit": None,
            },
            "loss_probability": estimate,
            "cvar": {**estimate, "limit": None, "granted": None, "confidence": 0.975},
            "expected_winners": {"exact": 0.8, "limit": 0.7, "granted": 0.7},
        },
        "distribution": {
            "quantiles": {"p50": 1.5},
            "share_at_least_3x": 0.125,
            "histogram": {"bin_width": 0.1, "shares": [0.02] * 50, "share_beyond": 0.0},
        },
        **changes,
    }


def test_stages_add_up_their_buckets_to_the_cent() -> None:
    seed, late = stages(result())

    assert (seed.label, seed.weight, str(seed.dollars_usd), seed.deals) == (
        "Seed",
        0.4,
        "40.30",
        5.0,
    )
    assert str(seed.reserves_usd) == "20.20"
    assert (late.label, str(late.dollars_usd)) == ("Late", "59.70")
    assert str(fund_total(result()).dollars_usd) == "100.00"


def test_tiles_lead_with_the_out_of_sample_figure() -> None:
    multiple, loss, cvar, winners = tiles(result())

    assert (multiple.figure, multiple.interval) == ("1.86", "95% interval 1.84 to 1.88x")
    assert multiple.facts[-1] == ("Limit", "maximised")
    assert (loss.figure, loss.facts) == (
        "25.0",
        (("In sample", "20.0%"), ("Limit", "at most 30.0%")),
    )
    assert (cvar.label, cvar.facts[-1]) == ("CVaR 97.5", ("Limit", "none"))
    assert (winners.figure, winners.facts) == (
        "0.80",
        (("Deals bought", "7.5"), ("Limit", "at least 0.70")),
    )


def test_mean_is_called_exact_only_where_nothing_of_it_is_estimated() -> None:
    estimated = result()
    estimated["risk"]["expected_multiple"]["standard_error"] = 0.0042

    assert ("Exact mean", "1.87x") in tiles(result())[0].facts
    assert ("Mean, error 0.004x", "1.87x") in tiles(estimated)[0].facts


def test_marks_of_a_strip_keep_their_order_and_stay_inside() -> None:
    _, loss, _, winners = tiles(result())

    # From 0.20 (in sample) to 0.30 (limit) over the middle 88 % of the strip.
    assert loss.strip.in_sample == pytest.approx(6.0, abs=1e-9)
    assert loss.strip.point == pytest.approx(50.0, abs=1e-9)
    assert loss.strip.limit == pytest.approx(94.0, abs=1e-9)
    assert loss.strip.interval_width == pytest.approx(17.6, abs=1e-9)
    assert winners.strip.interval_start is None


def test_equal_marks_stand_in_the_middle() -> None:
    same = result()
    same["risk"]["expected_winners"] = {"exact": 0.7, "limit": 0.7, "granted": 0.7}

    assert tiles(same)[3].strip.point == pytest.approx(50.0, abs=1e-9)


@pytest.mark.parametrize(
    ("expected_multiple", "best_bound", "within"),
    [
        (2.0, 2.0, 0.0),
        (2.0, 2.002, 0.001),
        # Of what was found: .5 of 1.5 is a third, rounded up.
        (1.5, 2.0, 0.3334),
        # 0.0501 % is rounded up: "within 0.05 %" would be false.
        (2.0, 2.001002, 0.0006),
        # Below the bound by less than the solver's own tolerance.
        (2.0 + 1e-12, 2.0, 0.0),
    ],
)
def test_the_proved_distance_is_never_understated(
    expected_multiple: float, best_bound: float, within: float
) -> None:
    allocation = {"expected_multiple": expected_multiple, "best_bound": best_bound}

    assert proved_within(result(allocation=allocation)) == within


@pytest.mark.parametrize(
    ("changes", "state", "tone"),
    [
        ({}, "Met", ""),
        ({"binding": True}, "Binding", "binding"),
        ({"relaxed": True, "granted": 0.36, "binding": True}, "Relaxed by 6.0 pt", "relaxed"),
        ({"satisfied": False, "binding": True}, "Not met", "bad"),
    ],
)
def test_the_state_of_a_limit_names_the_gravest_thing_first(
    changes: dict[str, Any], state: str, tone: str
) -> None:
    (group,) = limit_groups(
        result(constraint("loss_probability", "max_loss_probability", **changes))
    )

    assert (group.rows[0].state, group.rows[0].tone) == (state, tone)


def test_winners_are_shown_in_deals_and_shares_in_percent() -> None:
    (group,) = limit_groups(
        result(
            constraint("cvar", "cvar"),
            constraint("expected_winners", "min_expected_winners", requested=0.7, actual=0.82),
        )
    )
    cvar, winners = group.rows

    assert (cvar.requested, cvar.actual, cvar.slack) == ("at most 30.0%", "25.0%", "5.0 pt")
    assert (winners.requested, winners.actual, winners.slack) == ("at least 0.70", "0.82", "0.05")


def test_limits_of_groups_stand_side_by_side_in_the_funds_order() -> None:
    fund, stage, sector = limit_groups(
        result(
            constraint("stage_minimum", "stages.late.min"),
            constraint("stage_maximum", "stages.seed.max"),
            constraint("stage_minimum", "stages.seed.min"),
            constraint("sector_maximum", "sectors.bio.max"),
            constraint("bucket_maximum", "max_bucket_weight"),
        )
    )

    assert [row.label for row in fund.rows] == ["Largest bucket"]
    assert [(row.label, row.requested) for row in stage.rows] == [
        ("Seed", "at least 30.0%"),
        ("Seed", "at most 30.0%"),
        ("Late", "at least 30.0%"),
    ]
    assert (sector.label, sector.rows[0].label) == ("Sector weight", "BIO")


def test_limits_are_named_in_the_funds_words() -> None:
    ids = ["cvar", "stages.seed.min", "sectors.bio.max", "budget"]

    assert limit_names(ids, BUCKETS) == [
        "CVaR",
        "Seed, at least",
        "BIO, at most",
        "All the capital placed",
    ]


def test_a_limit_of_zero_is_listed_as_asked() -> None:
    request = {
        "capital_usd": "100000000.00",
        "optimization_scenarios": 400,
        "validation_scenarios": 100_000,
        "limits": {"max_loss_probability": 0.0, "stages": {"seed": {"max": 0.0}}},
    }

    rows = dict(request_rows(request, BUCKETS))

    assert rows["Loss probability"] == "at most 0.0%"
    assert rows["Seed"] == "at most 0.0%"
    assert rows["Capital"] == "$100.00M"
    assert "Late" not in rows


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"relax": True}, "the least protected give way"),
        ({"relax": False}, "no allocation"),
        ({"relax": None}, None),
        ({"relax": False, "frontier": {"limit": "cvar"}}, None),
    ],
)
def test_what_happens_to_limits_that_cannot_all_be_kept_is_told(
    asked: dict[str, Any], words: str | None
) -> None:
    request = {
        "capital_usd": "100000000.00",
        "optimization_scenarios": 400,
        "validation_scenarios": 100_000,
        "limits": {},
        **asked,
    }

    assert dict(request_rows(request, BUCKETS)).get("If limits cannot all be kept") == words


@pytest.mark.parametrize(
    ("kept", "relaxations", "word"),
    [(True, [], "yes"), (True, [{"constraint": "cvar"}], "as granted"), (False, [], "no")],
)
def test_relaxed_limits_are_met_only_as_granted(
    kept: bool, relaxations: list[Any], word: str
) -> None:
    allocation = {"constraints": [{"satisfied": kept}], "relaxations": relaxations}

    assert meets_every_limit(allocation) == word


def test_bars_below_1x_are_losses_and_all_others_gains() -> None:
    chart = histogram(result(), width=538.0, height=300.0)

    assert [bar.tone for bar in chart.bars] == ["loss"] * 10 + ["gain"] * 40


def test_heights_of_bars_are_in_proportion_to_their_shares() -> None:
    uneven = result()
    uneven["distribution"]["histogram"]["shares"] = [0.0, 0.04, 0.08] + [0.0] * 47
    chart = histogram(uneven, width=538.0, height=300.0)
    empty, half, full = chart.bars[:3]

    assert empty.height == 0
    assert full.height == pytest.approx(2 * half.height, abs=0.011)  # Rounded to 0.01 px.
    assert full.y + full.height == pytest.approx(chart.base, abs=0.011)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.0249, 0.025, 0.3, 1.0])
def test_the_axis_holds_the_tallest_bar(share: float) -> None:
    one = result()
    one["distribution"]["histogram"]["shares"] = [share] + [0.0] * 49
    chart = histogram(one, width=538.0, height=300.0)

    assert 2 <= len(chart.y_ticks) <= 6
    assert chart.y_ticks[-1].at <= chart.bars[0].y + 0.011  # Rounded to 0.01 px.


def test_marks_stand_at_their_multiples_and_their_words_on_lines_of_their_own() -> None:
    chart = histogram(result(), width=538.0, height=300.0)
    tail, median, mean = chart.marks
    tick = {tick.label: tick.at for tick in chart.x_ticks}
    one_multiple = tick["2x"] - tick["1x"]

    assert (tail.words, median.words, mean.words) == (
        "CVaR 97.5: 25.0%",
        "Median 1.50x",
        "Mean 1.86x",
    )
    assert tail.x == pytest.approx(tick["0x"] + 0.75 * one_multiple, abs=0.02)
    assert mean.x == pytest.approx(tick["0x"] + 1.86 * one_multiple, abs=0.02)
    assert tail.text_y < median.text_y < mean.text_y


def test_a_mark_beyond_the_axis_is_left_out() -> None:
    far = result()
    far["risk"]["expected_multiple"]["out_of_sample"] = 5.2

    assert [mark.words for mark in histogram(far, width=538.0, height=300.0).marks] == [
        "CVaR 97.5: 25.0%",
        "Median 1.50x",
    ]


def test_the_table_of_bins_ends_with_what_lies_beyond() -> None:
    rows = bin_rows(result())

    assert (rows[0].label, rows[9].label, rows[-1].label) == (
        "0.0x to 0.1x",
        "0.9x to 1.0x",
        "5.0x or more",
    )
    assert sum(row.share for row in rows) == pytest.approx(1.0, abs=1e-12)


def test_the_chart_is_titled_with_its_finding() -> None:
    assert finding(result()) == "25.0% of scenarios lose money; 12.5% return 3x or more"


def test_weights_of_the_greedy_method_stand_beside_those_of_the_allocation() -> None:
    rows = [{**row, "key": f"{row['stage']}/{row['sector']}"} for row in BUCKETS]
    greedy = {"seed/ai": 0.5, "seed/bio": 0.5, "late/ai": 0.0}
    shown = result(buckets=rows, validation={"greedy": {"weights": greedy}})

    assert greedy_weights(shown) == [
        ("Seed / AI", 0.25, 0.5),
        ("Seed / BIO", 0.15, 0.5),
        ("Late / AI", 0.6, 0.0),
    ]


def test_weights_of_the_greedy_method_that_were_not_kept_are_not_shown() -> None:
    assert greedy_weights(result(validation={"greedy": {"weights": None}})) == []

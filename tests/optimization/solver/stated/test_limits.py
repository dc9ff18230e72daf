"""Limits are checked before any scenario exists, each fault at its own path."""

from typing import Any, NamedTuple

import pytest

from optimization.solver.stated.problem import CvarLimit, Limits, WeightRange, parse_limits
from scenarios.simulation.checked_input import InvalidInput


class Place(NamedTuple):
    stage: str
    sector: str


# Three buckets: two seed, one series_a; two saas, one bio.
PLACES = (Place("seed", "saas"), Place("seed", "bio"), Place("series_a", "saas"))


def parse(
    data: object,
    *,
    places: tuple[Place, ...] = PLACES,
    scenarios: int | None = None,
    relax: bool = False,
) -> Limits:
    return parse_limits(
        data,
        sectors=["saas", "bio", "fintech"],
        stages=["seed", "series_a"],
        buckets=places,
        scenarios=scenarios,
        relax=relax,
    )


def faults(data: object, **where: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as error:
        parse(data, **where)
    return [(fault.path, fault.code) for fault in error.value.faults]


def test_all_limits_are_read() -> None:
    limits = parse(
        {
            "max_loss_probability": 0.3,
            "cvar": {"confidence": 0.95, "max": 0.5},
            "min_expected_winners": 2,
            "max_bucket_weight": 0.4,
            "sectors": {"saas": {"min": 0.2, "max": 0.7}},
            "stages": {"seed": {"max": 0.6}},
        }
    )

    assert limits == Limits(
        max_loss_probability=0.3,
        cvar=CvarLimit(confidence=0.95, maximum=0.5),
        min_expected_winners=2.0,
        max_bucket_weight=0.4,
        sectors={"saas": WeightRange(minimum=0.2, maximum=0.7)},
        stages={"seed": WeightRange(maximum=0.6)},
    )


def test_written_limits_read_back_as_the_same_limits() -> None:
    data = {
        "max_loss_probability": 0.3,
        "cvar": {"confidence": 0.95, "max": 0.5},
        "sectors": {"saas": {"min": 0.2}},
    }

    assert parse(data).as_json() == data


def test_no_limit_at_all_is_allowed() -> None:
    assert parse({}) == Limits()


@pytest.mark.parametrize(
    ("data", "path", "code"),
    [
        ([], "limits", "NOT_AN_OBJECT"),
        ({"max_loss": 0.3}, "limits.max_loss", "UNKNOWN_FIELD"),
        ({"max_loss_probability": -0.1}, "limits.max_loss_probability", "OUT_OF_RANGE"),
        ({"max_loss_probability": 1.1}, "limits.max_loss_probability", "OUT_OF_RANGE"),
        ({"max_loss_probability": float("nan")}, "limits.max_loss_probability", "NOT_FINITE"),
        ({"max_loss_probability": float("inf")}, "limits.max_loss_probability", "NOT_FINITE"),
        ({"max_loss_probability": "0.3"}, "limits.max_loss_probability", "NOT_A_NUMBER"),
        ({"max_loss_probability": True}, "limits.max_loss_probability", "NOT_A_NUMBER"),
        ({"cvar": 0.5}, "limits.cvar", "NOT_AN_OBJECT"),
        ({"cvar": {"max": 0.5}}, "limits.cvar.confidence", "REQUIRED"),
        ({"cvar": {"confidence": 0.9}}, "limits.cvar.max", "REQUIRED"),
        ({"cvar": {"confidence": 0, "max": 0.5}}, "limits.cvar.confidence", "OUT_OF_RANGE"),
        ({"cvar": {"confidence": 1, "max": 0.5}}, "limits.cvar.confidence", "OUT_OF_RANGE"),
        ({"cvar": {"confidence": 0.9, "max": 1.5}}, "limits.cvar.max", "OUT_OF_RANGE"),
        ({"cvar": {"confidence": 0.9, "max": 0.5, "x": 1}}, "limits.cvar.x", "UNKNOWN_FIELD"),
        ({"min_expected_winners": -1}, "limits.min_expected_winners", "OUT_OF_RANGE"),
        ({"max_bucket_weight": 0}, "limits.max_bucket_weight", "OUT_OF_RANGE"),
        ({"max_bucket_weight": 1.01}, "limits.max_bucket_weight", "OUT_OF_RANGE"),
        ({"max_bucket_weight": 0.33}, "limits.max_bucket_weight", "CANNOT_REACH_ONE"),
        ({"sectors": {"crypto": {"max": 0.5}}}, "limits.sectors.crypto", "NOT_IN_FUND"),
        ({"stages": {"late": {"max": 0.5}}}, "limits.stages.late", "NOT_IN_FUND"),
        ({"stages": {"seed": {"min": 0.6, "max": 0.5}}}, "limits.stages.seed.min", "ABOVE_MAXIMUM"),
        ({"stages": {"seed": {"min": 1.5}}}, "limits.stages.seed.min", "OUT_OF_RANGE"),
        ({"stages": {"seed": {"maximum": 0.5}}}, "limits.stages.seed.maximum", "UNKNOWN_FIELD"),
        (
            {"stages": {"seed": {"min": 0.6}, "series_a": {"min": 0.5}}},
            "limits.stages",
            "MINIMUMS_EXCEED_ONE",
        ),
        (
            {"stages": {"seed": {"max": 0.6}, "series_a": {"max": 0.3}}},
            "limits.stages",
            "MAXIMUMS_BELOW_ONE",
        ),
        (
            # Saas has two buckets of at most .4, bio one: .8 + min(.15, .4) < 1.
            {"max_bucket_weight": 0.4, "sectors": {"bio": {"max": 0.15}}},
            "limits.sectors",
            "MAXIMUMS_BELOW_ONE",
        ),
        (
            {"max_bucket_weight": 0.4, "sectors": {"bio": {"min": 0.5}}},
            "limits.sectors.bio.min",
            "MORE_THAN_BUCKETS_HOLD",
        ),
        # A sector of the fund that no bucket is in can hold nothing.
        (
            {"sectors": {"fintech": {"min": 0.1}}},
            "limits.sectors.fintech.min",
            "MORE_THAN_BUCKETS_HOLD",
        ),
    ],
)
def test_each_fault_is_reported_once_at_its_path(data: object, path: str, code: str) -> None:
    assert faults(data) == [(path, code)]


@pytest.mark.parametrize(
    "limits",
    [
        # Three buckets of .3 hold .9; bio has one bucket, the other two hold .8.
        {"max_bucket_weight": 0.3},
        {"max_bucket_weight": 0.4, "sectors": {"bio": {"min": 0.5}}},
        {"max_bucket_weight": 0.4, "sectors": {"bio": {"max": 0.15}}},
    ],
)
def test_bucket_maximum_without_room_is_no_fault_where_limits_may_give_way(
    limits: dict[str, Any],
) -> None:
    assert parse(limits, relax=True).as_json() == limits


def test_sums_of_one_kind_are_faults_even_where_limits_may_give_way() -> None:
    minimums = {"stages": {"seed": {"min": 0.6}, "series_a": {"min": 0.5}}}
    maximums = {"stages": {"seed": {"max": 0.6}, "series_a": {"max": 0.3}}}

    assert faults(minimums, relax=True) == [("limits.stages", "MINIMUMS_EXCEED_ONE")]
    assert faults(maximums, relax=True) == [("limits.stages", "MAXIMUMS_BELOW_ONE")]


def test_every_fault_is_reported_at_once() -> None:
    found = faults({"max_loss_probability": 2, "cvar": {"confidence": 1}, "extra": 1})

    assert [path for path, _ in found] == [
        "limits.max_loss_probability",
        "limits.cvar.confidence",
        "limits.cvar.max",
        "limits.extra",
    ]


def test_limits_that_just_add_up_are_allowed() -> None:
    # .1 + .2 + .7 is 0.9999999999999999 and three times 1/3 is 1 in binary floating point.
    places = tuple(Place("seed", sector) for sector in ("saas", "bio", "fintech"))

    parse(
        {
            "max_bucket_weight": 0.7,
            "sectors": {"saas": {"max": 0.1}, "bio": {"max": 0.2}, "fintech": {"max": 0.7}},
        },
        places=places,
    )
    parse({"max_bucket_weight": 1 / 3}, places=places)


def test_a_fund_without_buckets_cannot_meet_any_limits() -> None:
    assert faults({}, places=()) == [("limits", "NO_BUCKETS")]


def test_loss_probability_finer_than_one_scenario_is_refused_when_scenarios_are_known() -> None:
    data = {"max_loss_probability": 0.001}

    assert faults(data, scenarios=400) == [
        ("limits.max_loss_probability", "FINER_THAN_ONE_SCENARIO")
    ]
    assert parse(data).max_loss_probability == 0.001


@pytest.mark.parametrize("limit", [0, 1 / 400])
def test_no_loss_or_one_scenario_of_loss_can_be_asked_for(limit: float) -> None:
    assert parse({"max_loss_probability": limit}, scenarios=400).max_loss_probability == limit


def test_messages_name_the_value_and_the_rule() -> None:
    with pytest.raises(InvalidInput) as error:
        parse({"max_bucket_weight": 0.2, "sectors": {"crypto": {}}})

    assert str(error.value) == (
        "limits.sectors.crypto: is not among the fund's sectors: saas, bio, fintech\n"
        "limits.max_bucket_weight: is 0.2: 3 buckets could hold only 0.6 of the capital; "
        "at least 0.3333333333 is needed"
    )


@pytest.mark.parametrize("count", [3, 7, 12, 97])
def test_bucket_maximum_that_a_message_calls_enough_is_accepted(count: int) -> None:
    places = tuple(Place("seed", f"sector_{number}") for number in range(count))
    with pytest.raises(InvalidInput) as error:
        parse({"max_bucket_weight": 0.5 / count}, places=places)

    enough = float(str(error.value).split("at least ")[1].split()[0])

    assert parse({"max_bucket_weight": enough}, places=places).max_bucket_weight == enough


@pytest.mark.parametrize("scenarios", [64, 700, 2999])
def test_loss_probability_that_a_message_calls_enough_is_accepted(scenarios: int) -> None:
    with pytest.raises(InvalidInput) as error:
        parse({"max_loss_probability": 0.5 / scenarios}, scenarios=scenarios)

    enough = float(str(error.value).split("at least ")[1])

    limits = parse({"max_loss_probability": enough}, scenarios=scenarios)
    assert limits.max_loss_probability == enough


def test_a_minimum_just_above_its_maximum_is_shown_to_differ_from_it() -> None:
    with pytest.raises(InvalidInput, match=r"is 0\.25000001, must not exceed max 0\.25$"):
        parse({"stages": {"seed": {"min": 0.25000001, "max": 0.25}}})

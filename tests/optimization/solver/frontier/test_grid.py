from collections.abc import Mapping
from types import MappingProxyType

import pytest

from optimization.solver.frontier.grid import FrontierGrid, limits_at, read_grid
from optimization.solver.stated.limits import CvarLimit, Limits
from scenarios.simulation.checked_input import FieldReader

NO_CHANGE: Mapping[str, object] = MappingProxyType({})


def read(
    changes: Mapping[str, object] = NO_CHANGE,
) -> tuple[FrontierGrid | None, list[tuple[str, str]]]:
    stated = {"limit": "max_loss_probability", "from": 0.2, "to": 0.4, "points": 5, **changes}
    reader = FieldReader(stated, path="frontier")
    grid = read_grid(reader, scenarios=400)
    return grid, [(fault.path, fault.code) for fault in reader.faults]


def test_values_are_evenly_spaced_decimals_from_one_end_to_the_other() -> None:
    grid = FrontierGrid(limit="cvar", first=0.1, last=0.4, points=4)

    # 0.1 + 2 * 0.1 is 0.30000000000000004 in binary floating point.
    assert grid.values() == (0.1, 0.2, 0.3, 0.4)


def test_grid_that_is_written_as_json_reads_as_the_same_grid() -> None:
    grid, _ = read()
    assert grid is not None

    assert read_grid(FieldReader(grid.as_json()), scenarios=400) == grid


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"limit": "stages"}, [("frontier.limit", "NOT_A_CHOICE")]),
        ({"from": None}, [("frontier.from", "REQUIRED")]),
        ({"to": 1.2}, [("frontier.to", "OUT_OF_RANGE")]),
        ({"points": 2}, [("frontier.points", "OUT_OF_RANGE")]),
        ({"points": 42}, [("frontier.points", "OUT_OF_RANGE")]),
        ({"points": 4.5}, [("frontier.points", "NOT_AN_INTEGER")]),
        ({"steps": 4}, [("frontier.steps", "UNKNOWN_FIELD")]),
        ({"to": 0.1}, [("frontier.to", "STEP_TOO_SMALL")]),
        ({"to": 0.2}, [("frontier.to", "STEP_TOO_SMALL")]),
        # The second point is .0015, and one of 400 scenarios .0025.
        ({"from": 0.0, "to": 0.006}, [("frontier.from", "FINER_THAN_ONE_SCENARIO")]),
    ],
)
def test_grid_that_makes_no_sense_is_refused(
    changes: dict[str, object], faults: list[tuple[str, str]]
) -> None:
    grid, found = read(changes)

    assert grid is None
    assert found == faults


def test_no_losses_at_all_is_a_limit_like_any_other() -> None:
    grid, faults = read({"from": 0.0, "to": 0.4})

    assert not faults
    assert grid is not None
    assert grid.values()[0] == 0.0


def test_cvar_may_be_as_fine_as_the_grid() -> None:
    _, faults = read({"limit": "cvar", "from": 0.001, "to": 0.002})

    assert not faults


def test_varied_limit_takes_the_place_of_the_stated_one_and_the_others_stay() -> None:
    limits = Limits(max_loss_probability=0.3, max_bucket_weight=0.5)

    assert limits_at(limits, varied="max_loss_probability", value=0.2) == Limits(
        max_loss_probability=0.2, max_bucket_weight=0.5
    )


def test_varied_cvar_keeps_the_confidence_that_is_stated() -> None:
    stated = Limits(cvar=CvarLimit(confidence=0.9, maximum=0.5))

    assert limits_at(stated, varied="cvar", value=0.2).cvar == CvarLimit(0.9, 0.2)
    assert limits_at(Limits(), varied="cvar", value=0.2).cvar == CvarLimit(0.95, 0.2)

"""A problem that exists is sound: the parser and the constructor refuse everything else."""

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimization.solver.stated.problem import (
    AllocationProblem,
    Bucket,
    Limits,
    SolverSettings,
    WeightRange,
    parse_problem,
)
from scenarios.simulation.checked_input import InvalidInput
from tests.optimization.solver.problems import bucket, problem

SOUND: dict[str, Any] = {
    "capital_usd": "100000000.50",
    "buckets": [
        {
            "key": "seed/saas",
            "stage": "seed",
            "sector": "saas",
            "all_in_cost_usd": 3000000,
            "deal_win_probability": 0.04,
            "expected_multiple": 2.1,
        },
        {
            "key": "seed/bio",
            "stage": "seed",
            "sector": "bio",
            "all_in_cost_usd": "2500000.25",
            "deal_win_probability": 0.05,
        },
    ],
    "multiples": [[1, 2.5, 0], [0.5, 1, 3]],
    "limits": {"max_loss_probability": 0.4},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """SOUND with the field at a dotted path (list indices as numbers) replaced."""
    data = deepcopy(SOUND)
    *parents, last = path.split(".")
    target: Any = data
    for name in parents:
        target = target[int(name)] if isinstance(target, list) else target[name]
    if isinstance(target, list):
        target[int(last)] = value
    else:
        target[last] = value
    return data


def faults(data: object, **sources: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as error:
        parse_problem(data, **sources)
    return [(fault.path, fault.code) for fault in error.value.faults]


def test_every_field_is_read() -> None:
    parsed = parse_problem(
        SOUND | {"primary_lock_epsilon": 0.01, "mip_gap": 0, "time_limit_seconds": 5, "relax": True}
    )

    assert parsed.capital_usd == Decimal("100000000.50")
    assert parsed.buckets[1] == Bucket(
        key="seed/bio",
        stage="seed",
        sector="bio",
        all_in_cost_usd=Decimal("2500000.25"),
        deal_win_probability=0.05,
    )
    assert parsed.multiples.tolist() == [[1, 2.5, 0], [0.5, 1, 3]]
    assert parsed.limits == Limits(max_loss_probability=0.4)
    assert parsed.settings == SolverSettings(
        primary_lock_epsilon=0.01, mip_gap=0.0, time_limit_seconds=5.0
    )
    assert parsed.relax


@pytest.mark.parametrize(
    ("path", "value", "fault_path", "code"),
    [
        ("capital_usd", -5, "capital_usd", "OUT_OF_RANGE"),
        ("capital_usd", "ten", "capital_usd", "NOT_A_NUMBER"),
        ("capital_usd", 10.005, "capital_usd", "TOO_PRECISE"),
        ("capital_usd", None, "capital_usd", "REQUIRED"),
        ("colour", "red", "colour", "UNKNOWN_FIELD"),
        ("buckets", {}, "buckets", "NOT_A_LIST"),
        ("buckets", [], "buckets", "EMPTY"),
        ("buckets.1.key", "seed/saas", "buckets[1].key", "DUPLICATE"),
        ("buckets.1.key", "", "buckets[1].key", "BLANK"),
        ("buckets.1.key", "a\x00b", "buckets[1].key", "CONTROL_CHARACTER"),
        ("buckets.0.all_in_cost_usd", 0, "buckets[0].all_in_cost_usd", "OUT_OF_RANGE"),
        ("buckets.0.deal_win_probability", 1.2, "buckets[0].deal_win_probability", "OUT_OF_RANGE"),
        ("buckets.0.expected_multiple", -1, "buckets[0].expected_multiple", "OUT_OF_RANGE"),
        ("buckets.0.colour", "red", "buckets[0].colour", "UNKNOWN_FIELD"),
        ("multiples", [[1, 2, 3]], "multiples", "SHAPE_MISMATCH"),
        ("multiples", [[1, 2], [1]], "multiples", "RAGGED"),
        ("multiples", [[], []], "multiples", "EMPTY"),
        ("multiples", [1, 2], "multiples", "NOT_A_MATRIX"),
        ("multiples", "1,2", "multiples", "NOT_A_MATRIX"),
        ("multiples.1.2", -0.5, "multiples[1][2]", "NEGATIVE"),
        ("multiples.1.2", float("nan"), "multiples[1][2]", "NOT_FINITE"),
        ("multiples.1.2", float("inf"), "multiples[1][2]", "NOT_FINITE"),
        ("multiples.1.2", 1e7, "multiples[1][2]", "OUT_OF_RANGE"),
        ("multiples.1.2", 10**400, "multiples", "NOT_FINITE"),
        ("multiples.1.2", "2", "multiples[1][2]", "NOT_A_NUMBER"),
        ("multiples.1.2", True, "multiples[1][2]", "NOT_A_NUMBER"),
        (
            "limits.max_loss_probability",
            0.1,
            "limits.max_loss_probability",
            "FINER_THAN_ONE_SCENARIO",
        ),
        ("limits.sectors", {"crypto": {"max": 1}}, "limits.sectors.crypto", "NOT_IN_FUND"),
        ("primary_lock_epsilon", 0.5, "primary_lock_epsilon", "OUT_OF_RANGE"),
        ("mip_gap", -1, "mip_gap", "OUT_OF_RANGE"),
        ("time_limit_seconds", 0, "time_limit_seconds", "OUT_OF_RANGE"),
        ("relax", "yes", "relax", "NOT_A_FLAG"),
    ],
)
def test_each_fault_is_reported_once_at_its_path(
    path: str, value: Any, fault_path: str, code: str
) -> None:
    assert faults(changed(path, value)) == [(fault_path, code)]


def test_every_fault_is_reported_at_once() -> None:
    data = changed("buckets.0.all_in_cost_usd", -1) | {"capital_usd": 0, "mip_gap": 2}
    data["limits"] = {"cvar": {"confidence": 1, "max": 0.5}}

    assert [path for path, _ in faults(data)] == [
        "capital_usd",
        "buckets[0].all_in_cost_usd",
        "limits.cvar.confidence",
        "mip_gap",
    ]


def test_negative_multiples_are_counted_in_one_fault() -> None:
    with pytest.raises(InvalidInput) as error:
        parse_problem(changed("multiples", [[-1, 2, 3], [1, -2, 3]]))

    assert str(error.value) == (
        "multiples[0][0]: is -1, must be at least 0 (2 numbers break this rule)"
    )


def test_more_buckets_or_scenarios_than_the_solver_takes_are_refused() -> None:
    one = SOUND["buckets"][0]
    many = [one | {"key": f"seed/{number}"} for number in range(101)]

    assert faults(changed("limits", {}) | {"buckets": many, "multiples": [[1]] * 101}) == [
        ("buckets", "TOO_LONG")
    ]
    assert faults(changed("multiples", [[1] * 5001] * 2)) == [("multiples", "TOO_MANY_SCENARIOS")]


def test_top_level_must_be_an_object() -> None:
    with pytest.raises(InvalidInput):
        parse_problem([SOUND])


def test_matrix_can_come_from_a_file_beside_the_problem(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32))
    data = {name: value for name, value in SOUND.items() if name != "multiples"}

    parsed = parse_problem(data | {"multiples_file": "m.npy"}, folder=tmp_path)

    assert parsed.multiples.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert parsed.multiples.dtype == np.float64


def test_faulty_matrix_files_are_refused(tmp_path: Path) -> None:
    data = {name: value for name, value in SOUND.items() if name != "multiples"}
    (tmp_path / "text.npy").write_text("1,2,3")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.save(tmp_path / "pickled.npy", np.array([[None, 1]], dtype=object), allow_pickle=True)
    np.save(tmp_path / "complex.npy", np.ones((2, 3), dtype=complex))
    np.save(tmp_path / "negative.npy", -np.ones((2, 3)))
    np.savez(tmp_path / "several.npz", a=np.ones((2, 3)))

    def fault(name: str) -> list[tuple[str, str]]:
        return faults(data | {"multiples_file": name}, folder=tmp_path)

    assert fault("absent.npy") == [("multiples_file", "UNREADABLE")]
    assert fault("text.npy") == [("multiples_file", "NOT_AN_ARRAY")]
    assert fault("empty.npy") == [("multiples_file", "NOT_AN_ARRAY")]
    assert fault("pickled.npy") == [("multiples_file", "NOT_AN_ARRAY")]
    assert fault("several.npz") == [("multiples_file", "NOT_AN_ARRAY")]
    assert fault("complex.npy") == [("multiples_file", "NOT_NUMBERS")]
    assert fault("negative.npy") == [("multiples_file[0][0]", "NEGATIVE")]


def test_file_that_claims_terabytes_is_refused_before_they_are_allocated(tmp_path: Path) -> None:
    with (tmp_path / "huge.npy").open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (2, 10**12)}
        np.lib.format.write_array_header_1_0(file, header)
    data = {name: value for name, value in SOUND.items() if name != "multiples"}

    found = faults(data | {"multiples_file": "huge.npy"}, folder=tmp_path)

    assert found == [("multiples_file", "NOT_AN_ARRAY")]


def test_matrix_must_be_given_exactly_once(tmp_path: Path) -> None:
    without = {name: value for name, value in SOUND.items() if name != "multiples"}

    assert faults(without) == [("multiples", "EXACTLY_ONE_SOURCE")]
    assert faults(SOUND, multiples=np.ones((2, 3))) == [("multiples", "EXACTLY_ONE_SOURCE")]
    assert faults(SOUND | {"multiples_file": "m.npy"}, folder=tmp_path) == [
        ("multiples", "EXACTLY_ONE_SOURCE")
    ]


def test_files_are_refused_where_no_folder_is_given() -> None:
    without = {name: value for name, value in SOUND.items() if name != "multiples"}

    assert faults(without | {"multiples_file": "/etc/passwd"}) == [
        ("multiples_file", "NO_FILES_HERE")
    ]


def test_constructor_checks_what_the_parser_checks() -> None:
    with pytest.raises(InvalidInput) as error:
        AllocationProblem(
            capital_usd=Decimal(0),
            buckets=(bucket("seed/saas"), bucket("seed/saas", deal_win_probability=2.0)),
            multiples=np.array([[1.0, np.nan]]),
            limits=Limits(max_loss_probability=2.0),
            settings=SolverSettings(mip_gap=-1.0),
        )

    assert [fault.path for fault in error.value.faults] == [
        "capital_usd",
        "buckets[1].deal_win_probability",
        "buckets[1].key",
        "multiples",
        "limits.max_loss_probability",
        "mip_gap",
    ]


def test_matrix_of_a_problem_cannot_be_changed() -> None:
    matrix = np.ones((1, 2))
    built = problem(["seed/saas"], matrix)
    matrix[0, 0] = 5.0

    assert built.multiples[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        built.multiples[0, 0] = 2.0


def test_other_limits_change_nothing_else_of_a_problem() -> None:
    built = problem(["seed/saas", "seed/bio"], np.ones((2, 3)), max_bucket_weight=0.6)

    changed = built.with_limits(Limits(max_bucket_weight=0.7))

    assert changed.limits == Limits(max_bucket_weight=0.7)
    assert built.limits == Limits(max_bucket_weight=0.6)
    assert changed.multiples is built.multiples
    assert (changed.buckets, changed.settings) == (built.buckets, built.settings)


def test_other_limits_are_checked_as_those_of_a_new_problem_are() -> None:
    built = problem(["seed/saas", "seed/bio"], np.ones((2, 3)))
    faulty = Limits(
        max_bucket_weight=0.4, max_loss_probability=0.01, stages={"late": WeightRange(minimum=2.0)}
    )

    with pytest.raises(InvalidInput) as raised:
        built.with_limits(faulty)

    with pytest.raises(InvalidInput) as raised_anew:
        replace(built, limits=faulty)
    assert raised.value.faults == raised_anew.value.faults


def test_buckets_are_sorted_by_the_code_points_of_their_keys() -> None:
    built = problem(["seed/b", "seed/a", "seed/B"], [[1.0], [2.0], [3.0]])

    ordered = built.in_key_order()

    assert ordered.bucket_keys == ("seed/B", "seed/a", "seed/b")
    assert ordered.multiples.tolist() == [[3.0], [2.0], [1.0]]


def test_winners_per_weight_are_deals_bought_times_win_probability() -> None:
    # 100 million buy 50 deals of 2 million each; 50 * .05 = 2.5.
    assert problem(["seed/saas"], [[1.0]]).expected_winners_per_weight() == pytest.approx(2.5)

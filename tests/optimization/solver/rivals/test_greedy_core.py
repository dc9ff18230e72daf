"""The greedy allocator, worked by hand in cents, and what always holds for it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from optimization.solver.rivals.greedy_core import (
    Candidate,
    GreedyAmounts,
    allocate_greedily,
    ranked,
)


def candidate(name: str, score: float, **fields: Any) -> Candidate:
    return Candidate(id=name, name=name, score=score, **fields)


def amounts(
    candidates: list[Candidate],
    available: int,
    *,
    maximums: dict[str, int] | None = None,
    minimums: dict[str, int] | None = None,
) -> GreedyAmounts:
    return allocate_greedily(
        candidates,
        available_cents=available,
        group_maximums=maximums or {},
        group_minimums=minimums or {},
    )


def test_rank_is_by_score_then_name_without_case_then_id() -> None:
    one = Candidate(id="2", name="alpha", score=1.0)
    two = Candidate(id="1", name="Beta", score=1.0)
    three = Candidate(id="1", name="Alpha", score=1.0)
    best = Candidate(id="9", name="zeta", score=2.0)

    assert ranked([one, two, three, best]) == [best, three, one, two]


def test_without_caps_the_first_takes_everything() -> None:
    found = amounts([candidate("a", 1.0), candidate("b", 2.0)], 1_000)

    assert found.cents == {"b": 1_000}
    assert found.unallocated_cents == 0


def test_own_cap_and_group_cap_pass_the_rest_on() -> None:
    # B takes its own 300; C what is left of the group's 500; A the last 500.
    found = amounts(
        [
            candidate("a", 1.0),
            candidate("b", 3.0, maximum_cents=300, groups=("seed",)),
            candidate("c", 2.0, groups=("seed",)),
        ],
        1_000,
        maximums={"seed": 500},
    )

    assert found.cents == {"b": 300, "c": 200, "a": 500}


def test_room_below_the_smallest_cheque_is_skipped_and_the_next_is_tried() -> None:
    # B has room for 150 of its group and needs 200; A gets it.
    found = amounts(
        [
            candidate("a", 1.0, smallest_cheque_cents=100),
            candidate("b", 2.0, smallest_cheque_cents=200, groups=("seed",)),
        ],
        1_000,
        maximums={"seed": 150},
    )

    assert found.cents == {"a": 1_000}


def test_last_slice_below_the_smallest_cheque_stays_unallocated() -> None:
    found = amounts(
        [
            candidate("a", 2.0, smallest_cheque_cents=300, maximum_cents=800),
            candidate("b", 1.0, smallest_cheque_cents=300),
        ],
        1_000,
    )

    assert found.cents == {"a": 800}
    assert found.unallocated_cents == 200


def test_minimums_come_first_from_the_best_of_the_group() -> None:
    # Bio must hold 400: its best, C, is capped at 250, so D gives 150. A takes the other 600.
    found = amounts(
        [
            candidate("a", 9.0),
            candidate("c", 2.0, maximum_cents=250, groups=("bio",)),
            candidate("d", 1.0, groups=("bio",)),
        ],
        1_000,
        minimums={"bio": 400},
    )

    assert found.cents == {"a": 600, "c": 250, "d": 150}


def test_minimum_below_one_cheque_takes_one_cheque() -> None:
    found = amounts(
        [candidate("a", 9.0), candidate("c", 1.0, smallest_cheque_cents=300, groups=("bio",))],
        1_000,
        minimums={"bio": 100},
    )

    assert found.cents == {"a": 700, "c": 300}


def test_candidate_opened_by_a_minimum_can_be_topped_up_by_any_amount() -> None:
    found = amounts(
        [candidate("a", 9.0, smallest_cheque_cents=300, maximum_cents=310, groups=("bio",))],
        1_000,
        minimums={"bio": 300},
    )

    assert found.cents == {"a": 310}


@st.composite
def funding_rounds(draw: st.DrawFn) -> dict[str, Any]:
    cents = st.integers(0, 2_000)
    groups = st.lists(st.sampled_from(["seed", "bio", "saas"]), unique=True, max_size=2).map(tuple)
    candidates = [
        Candidate(
            id=str(index),
            name=draw(st.sampled_from(["Alpha", "alpha", "Beta"])),
            score=draw(st.sampled_from([0.5, 1.0, 2.0])),
            smallest_cheque_cents=draw(cents),
            maximum_cents=draw(st.none() | cents),
            groups=draw(groups),
        )
        for index in range(draw(st.integers(0, 6)))
    ]
    caps = st.dictionaries(st.sampled_from(["seed", "bio", "saas"]), cents)
    return {
        "candidates": candidates,
        "available_cents": draw(st.integers(0, 5_000)),
        "group_maximums": draw(caps),
        "group_minimums": draw(caps),
    }


@given(funding_rounds())
def test_nothing_is_lost_and_no_cap_or_smallest_cheque_is_broken(drawn: dict[str, Any]) -> None:
    found = allocate_greedily(
        drawn["candidates"], **{k: v for k, v in drawn.items() if k != "candidates"}
    )

    assert sum(found.cents.values()) + found.unallocated_cents == drawn["available_cents"]
    assert found.unallocated_cents >= 0
    for one in drawn["candidates"]:
        held = found.cents.get(one.id, 0)
        assert held == 0 or held >= one.smallest_cheque_cents
        assert one.maximum_cents is None or held <= one.maximum_cents
    for group, maximum in drawn["group_maximums"].items():
        members = [one for one in drawn["candidates"] if group in one.groups]
        assert sum(found.cents.get(one.id, 0) for one in members) <= maximum


@given(funding_rounds(), st.randoms(use_true_random=False))
def test_order_of_candidates_does_not_matter(drawn: dict[str, Any], random: Any) -> None:
    shuffled = list(drawn["candidates"])
    random.shuffle(shuffled)
    rest = {k: v for k, v in drawn.items() if k != "candidates"}

    assert allocate_greedily(shuffled, **rest) == allocate_greedily(drawn["candidates"], **rest)


@given(funding_rounds(), st.integers(0, 6))
def test_lower_rank_never_takes_from_a_higher_one(drawn: dict[str, Any], kept: int) -> None:
    caps = {"maximums": drawn["group_maximums"]}
    order = ranked(drawn["candidates"])

    of_all = amounts(order, drawn["available_cents"], **caps).cents
    of_the_best = amounts(order[:kept], drawn["available_cents"], **caps).cents

    best = {one.id for one in order[:kept]}
    assert of_the_best == {id_: cents for id_, cents in of_all.items() if id_ in best}


@given(funding_rounds(), st.sampled_from(["seed", "bio", "saas"]), st.integers(0, 5_000))
def test_minimum_is_served_before_anybody_outside_the_group(
    drawn: dict[str, Any], group: str, minimum: int
) -> None:
    members = [one for one in drawn["candidates"] if group in one.groups]
    terms = {"maximums": drawn["group_maximums"], "minimums": {group: minimum}}

    among_all = amounts(drawn["candidates"], drawn["available_cents"], **terms).cents
    among_members = amounts(members, drawn["available_cents"], **terms).cents

    held = sum(among_all.get(one.id, 0) for one in members)
    assert held >= min(minimum, sum(among_members.values()))

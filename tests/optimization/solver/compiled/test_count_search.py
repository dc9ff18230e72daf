"""The search against every choice of losing scenarios, with CVaR in its extended form."""

import numpy as np
import pytest

from optimization.solver.compiled.count_levels import (
    LOST_BELOW,
    Scenarios,
    begin_again,
    bound_row,
    solve_level,
)
from optimization.solver.compiled.count_search import (
    CANDIDATE,
    EMPTY,
    OUT_OF_PIVOTS,
    UNCOUNTED,
    search,
)
from optimization.solver.compiled.search_memory import SearchMemory, search_memory
from optimization.solver.compiled.switch_choice import ONE_SIDE, choose
from optimization.solver.compiled.switch_rows import SwitchRows
from optimization.solver.exact.tail_cuts import tail_of, tail_shares
from tests.optimization.solver.compiled.losing_subsets import Market, least_of_allocations
from tests.optimization.solver.compiled.programs import Row, switch_rows
from tests.optimization.solver.compiled.tableaus import scenarios_of, scenarios_of_switches

MANY_PIVOTS = 1_000_000
# Whole scenarios are counted.
COUNT_TOLERANCE = 1e-6
# Rows without a scenario are left out of a tableau while they are out by less.
WORTHWHILE = 1.1e-7
TAIL_TOLERANCE = 1.1e-8
# What an allocation must keep every limit by for a search to be wrong that has not found it: rows
# are kept to a billionth.
HAIR = 1e-7


def drawn_market(seed: int) -> Market:
    """Up to four buckets and seven scenarios, every other one with many equal multiples."""
    draw = np.random.default_rng(seed)
    size = int(draw.integers(1, 5)), int(draw.integers(2, 8))
    if seed % 2:
        multiples = draw.choice([0.0, 0.5, 0.8, 1.0, 1.2, 2.0, 3.0], size=size)
    else:
        multiples = draw.gamma(1.5, 0.9, size=size)
    return Market(
        multiples=multiples,
        most=float(draw.choice([1.0, 0.7, 0.5])) if size[0] > 1 else 1.0,
        minimum=float(draw.uniform(0.6, 1.0) * multiples.mean(axis=1).max()),
        allowed=int(draw.integers(0, size[1])),
        confidence=float(draw.choice([0.5, 0.7, 0.9])),
        highest_cvar=float(draw.choice([np.inf, 0.2, 0.35, 0.5, 0.7])),
    )


def branching_market(seed: int) -> Market:
    """Five buckets and eight scenarios, with a minimum that leaves a choice."""
    draw = np.random.default_rng(seed)
    if seed % 2:
        multiples = draw.choice([0.0, 0.4, 0.5, 0.8, 0.9, 1.0, 1.2, 2.0, 3.0], size=(5, 8))
    else:
        multiples = draw.gamma(1.5, 0.9, size=(5, 8))
    means = multiples.mean(axis=1)
    minimum = float(means.mean() + 0.4 * (means.max() - means.mean()))
    return Market(multiples, 0.6, minimum, 0, 0.7, (np.inf, 0.3, 0.45)[seed % 3])


def may_lose(market: Market) -> list[int]:
    return np.flatnonzero(market.multiples.min(axis=0) < 1).tolist()


class Run:
    """A search of the market's allocations, with switches for the scenarios ``switched``."""

    def __init__(
        self, market: Market, *, switched: list[int] | None = None, room: int = 200
    ) -> None:
        buckets, scenarios = market.shape
        self.market = market
        self.switched = may_lose(market) if switched is None else switched
        lowest = market.multiples.min(axis=0)
        self.rows = switch_rows(
            upper=[market.most] * buckets,
            scenarios=list(market.multiples.T[self.switched]),
            losses=[max(1e-4, 1 - float(lowest[s])) for s in self.switched],
            rows=[
                Row(np.ones(buckets), lower=1.0, upper=1.0),
                Row(market.means, lower=market.minimum),
            ],
            room=room,
        )
        self.scenarios = scenarios_of(
            market.multiples,
            switched=self.switched,
            most_losing=market.allowed,
            shares=tail_shares(confidence=market.confidence, scenarios=scenarios),
            highest_cvar=market.highest_cvar,
        )
        self.memory = search_memory(self.rows, self.scenarios)

    def go_on(self, *, most_pivots: int = MANY_PIVOTS) -> int:
        cutoff = self.market.allowed + COUNT_TOLERANCE
        return searched(self.memory, self.rows, self.scenarios, cutoff, most_pivots)

    @property
    def weights(self) -> np.ndarray:
        return self.memory.point.values[: self.market.shape[0]]


def searched(
    memory: SearchMemory,
    rows: SwitchRows,
    scenarios: Scenarios,
    cutoff: float,
    most_pivots: int = MANY_PIVOTS,
) -> int:
    how, _, _ = search(
        memory.stack,
        rows,
        memory.levels,
        scenarios,
        memory.point,
        memory.gains,
        memory.work,
        cutoff,
        most_pivots,
    )
    return int(how)


def check_candidate(market: Market, weights: np.ndarray) -> None:
    portfolio = weights @ market.multiples
    tail = tail_of(portfolio, confidence=market.confidence)
    assert weights.sum() == pytest.approx(1.0, abs=WORTHWHILE)
    assert weights.min() >= -WORTHWHILE
    assert weights.max() <= market.most + WORTHWHILE
    assert weights @ market.means >= market.minimum - WORTHWHILE
    assert int((portfolio < LOST_BELOW).sum()) <= market.allowed
    assert tail.mean_loss(portfolio) <= market.highest_cvar + TAIL_TOLERANCE


@pytest.mark.parametrize("seed", range(50))
def test_it_is_empty_exactly_if_no_choice_of_losing_scenarios_has_an_allocation(seed: int) -> None:
    market = drawn_market(seed)
    run = Run(market)

    how = run.go_on()

    assert how in (EMPTY, CANDIDATE)
    if how == CANDIDATE:
        check_candidate(market, run.weights)
    else:
        no_costs = np.zeros(market.shape[0])
        assert least_of_allocations(market, no_costs, slack=-HAIR) == np.inf


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize("room", [1, 2])
def test_with_hardly_any_room_for_cuts_what_is_found_empty_is(seed: int, room: int) -> None:
    market = drawn_market(seed)._replace(highest_cvar=0.35)
    run = Run(market, room=room)

    how = run.go_on()

    # Without room for a cut a candidate may break the limit on CVaR, which is for its caller.
    if how == CANDIDATE:
        assert int((run.weights @ market.multiples < LOST_BELOW).sum()) <= market.allowed
    else:
        assert how == EMPTY
        no_costs = np.zeros(market.shape[0])
        assert least_of_allocations(market, no_costs, slack=-HAIR) == np.inf


def test_drawn_markets_are_of_every_kind() -> None:
    runs = [Run(drawn_market(seed)) for seed in range(50)]
    ends = [run.go_on() for run in runs]
    cut_cvar = [run.rows.size[0] > run.rows.kept[0] for run in runs]

    assert min(ends.count(EMPTY), ends.count(CANDIDATE)) >= 12
    assert sum(cut_cvar) >= 5


@pytest.mark.parametrize("seed", range(50))
def test_one_pivot_at_a_time_ends_at_the_same_bytes(seed: int) -> None:
    at_once, one_by_one = Run(drawn_market(seed)), Run(drawn_market(seed))

    expected = at_once.go_on()
    how = OUT_OF_PIVOTS
    while how == OUT_OF_PIVOTS:
        how = one_by_one.go_on(most_pivots=1)

    assert how == expected
    assert one_by_one.memory.point.values.tobytes() == at_once.memory.point.values.tobytes()


@pytest.mark.parametrize("seed", range(50))
def test_point_is_uncounted_only_if_a_scenario_without_a_switch_loses(seed: int) -> None:
    market = drawn_market(seed)
    switched = may_lose(market)[::2]
    run = Run(market, switched=switched)

    how = run.go_on()

    lost = set(np.flatnonzero(run.memory.point.portfolio < LOST_BELOW).tolist())
    assert how in (EMPTY, CANDIDATE, UNCOUNTED)
    if how == UNCOUNTED:
        assert len(lost) > market.allowed
        assert lost - set(switched)
    elif how == CANDIDATE:
        check_candidate(market, run.weights)
    else:
        no_costs = np.zeros(market.shape[0])
        assert least_of_allocations(market, no_costs, slack=-HAIR) == np.inf


def first_candidate(market: Market) -> Run:
    """With as few losing scenarios allowed as the search finds possible."""
    _, scenarios = market.shape
    for allowed in range(scenarios + 1):
        run = Run(market._replace(allowed=allowed))
        if run.go_on() == CANDIDATE:
            return run
    raise AssertionError("no allocation, whatever may lose")


BRANCHING_SEEDS = range(23)


@pytest.mark.parametrize("seed", BRANCHING_SEEDS)
def test_fewest_losing_scenarios_are_those_of_every_choice(seed: int) -> None:
    run = first_candidate(branching_market(seed))

    check_candidate(run.market, run.weights)
    if run.market.allowed > 0:
        one_fewer = run.market._replace(allowed=run.market.allowed - 1)
        no_costs = np.zeros(run.market.shape[0])
        assert least_of_allocations(one_fewer, no_costs, slack=-HAIR) == np.inf


def test_fewest_losing_scenarios_take_branching() -> None:
    runs = [first_candidate(branching_market(seed)) for seed in BRANCHING_SEEDS]
    one_fewer = [
        Run(run.market._replace(allowed=run.market.allowed - 1))
        for run in runs
        if run.market.allowed > 0
    ]
    for run in one_fewer:
        assert run.go_on() == EMPTY

    assert sum(run.memory.gains.trials.any() for run in [*runs, *one_fewer]) >= 5


@pytest.mark.parametrize(
    ("multiple", "allowed", "expected"),
    [(1.5, 0, CANDIDATE), (0.5, 0, UNCOUNTED), (0.5, 1, CANDIDATE)],
)
def test_without_a_switch_the_only_point_decides(
    multiple: float, allowed: int, expected: int
) -> None:
    market = Market(np.array([[multiple]]), 1.0, 0.0, allowed, 0.5, np.inf)

    assert Run(market, switched=[]).go_on() == expected


def test_without_a_switch_and_a_point_it_is_empty() -> None:
    market = Market(np.array([[1.5]]), 1.0, 1.6, 0, 0.5, np.inf)

    assert Run(market, switched=[]).go_on() == EMPTY


def side_at_the_cutoff() -> SwitchRows:
    """a + b = 1.5, M_0 = a, M_1 = b, losses 1 and 1/2, z_0 <= .4.

    z_0 = 1 is forbidden, and z_0 = 0 gives a = 1, b = .5 and z_1 = 1: a count of 1.
    """
    return switch_rows(
        upper=[1.0, 1.0],
        scenarios=[[1.0, 0.0], [0.0, 1.0]],
        losses=[1.0, 0.5],
        rows=[
            Row([1.0, 1.0], lower=1.5, upper=1.5),
            Row([0.0, 0.0], upper=0.4, switch=0, on_switch=1.0),
        ],
    )


@pytest.mark.parametrize("cutoff", [1.0, 1.0 + COUNT_TOLERANCE])
def test_side_that_is_left_is_kept_when_its_gain_is_all_that_is_missing(cutoff: float) -> None:
    rows = side_at_the_cutoff()
    scenarios = scenarios_of_switches(rows, most_losing=1)
    memory = search_memory(rows, scenarios)
    levels, point = memory.levels, memory.point
    solve_level(memory.stack, rows, levels, scenarios, point, memory.work, cutoff)

    ask, switch, side, _ = choose(
        memory.stack, rows, levels, scenarios, point, memory.gains, memory.work, cutoff
    )

    assert (ask, switch, side) == (ONE_SIDE, 0, 0)


@pytest.mark.parametrize("cutoff", [1.0, 1.0 + COUNT_TOLERANCE])
def test_allocation_on_the_only_side_left_is_found(cutoff: float) -> None:
    rows = side_at_the_cutoff()
    scenarios = scenarios_of_switches(rows, most_losing=1)
    memory = search_memory(rows, scenarios)

    assert searched(memory, rows, scenarios, cutoff) == CANDIDATE
    assert memory.point.values[:2] == pytest.approx([1.0, 0.5], abs=WORTHWHILE)


@pytest.mark.parametrize("seed", range(0, 50, 3))
def test_begun_again_it_ends_as_it_did(seed: int) -> None:
    run = Run(drawn_market(seed))
    expected = run.go_on()

    begin_again(run.memory.stack, run.rows, run.memory.levels)

    assert run.go_on() == expected
    if expected == CANDIDATE:
        check_candidate(run.market, run.weights)


@pytest.mark.parametrize("seed", range(24))
def test_raising_the_minimum_at_each_candidate_ends_at_the_optimum(seed: int) -> None:
    market = drawn_market(seed)
    run = Run(market)
    # Row of the means: after those of the scenarios and the budget.
    row, best, step = len(run.switched) + 1, -np.inf, 0.01

    while run.go_on() == CANDIDATE:
        best = float(run.weights @ market.means)
        memory = run.memory
        bound_row(memory.stack, run.rows, memory.levels, row, best + step, np.inf)

    highest = -least_of_allocations(market, -market.means, slack=-HAIR)
    if best == -np.inf:
        assert highest == -np.inf
    else:
        # Nothing is left a step above the last candidate, which is an allocation but for a hair.
        assert highest <= best + step
        assert best <= -least_of_allocations(market, -market.means, slack=HAIR) + HAIR

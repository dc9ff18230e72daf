"""Branch and bound in a slice that the caller changes on the way."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.exact.count_program import CountProgram, count_what_loses
from optimization.solver.exact.count_tree import CountTree
from optimization.solver.exact.incremental_lp import LpOutcome
from optimization.solver.exact.multiple_slice import MultipleSlice
from optimization.solver.exact.search_budget import SearchBudget
from tests.optimization.solver.problems import problem

Floats = NDArray[np.float64]
Lost = frozenset[int]

KEYS = [f"{stage}/{sector}" for stage in ("seed", "series_a") for sector in "abcd"]
MOST = 0.5
SCENARIOS = 40
# Relative: what a candidate must be better by to count as another one.
STEP = 1e-6
ENOUGH = 10**6


def multiples_of(seed: int) -> Floats:
    """Of independent buckets: most scenarios are open and need branching."""
    return np.random.default_rng(seed).gamma(1.2, 1.1, size=(len(KEYS), SCENARIOS))


def best_losing_in(multiples: Floats, lost: Lost) -> tuple[float, Floats]:
    """The highest expected multiple with gains in all other scenarios, and its weights."""
    required = np.delete(multiples, sorted(lost), axis=1).T
    solved = linprog(
        -multiples.mean(axis=1),
        A_ub=-required,
        b_ub=-np.ones(required.shape[0]),
        A_eq=np.ones((1, len(KEYS))),
        b_eq=[1.0],
        bounds=[(0.0, MOST)] * len(KEYS),
        method="highs",
    )
    if solved.status == 2:
        return -np.inf, np.empty(0)
    assert solved.status == 0, solved.message
    assert solved.fun is not None
    assert solved.x is not None
    return -float(solved.fun), solved.x


@cache
def optimum(seed: int, *, allowed: int) -> float:
    """The highest expected multiple with ``allowed`` losing scenarios, -inf when there is none."""
    multiples = multiples_of(seed)
    costs = np.concatenate([-multiples.mean(axis=1), np.zeros(SCENARIOS)])
    return -_least(multiples, costs, allowed=allowed)


@cache
def allowed_of(seed: int) -> int:
    """One more than must lose."""
    costs = np.concatenate([np.zeros(len(KEYS)), np.ones(SCENARIOS)])
    return round(_least(multiples_of(seed), costs, allowed=SCENARIOS)) + 1


def _least(multiples: Floats, costs: Floats, *, allowed: int) -> float:
    """By scipy's branch and bound: M_s + (1 - least M_s) z_s >= 1, at most ``allowed`` z_s of 1."""
    buckets, scenarios = multiples.shape
    losses = np.maximum(1 - multiples.min(axis=0), 0.0)
    gains = np.hstack([multiples.T, np.diag(losses)])
    is_weight = np.arange(buckets + scenarios) < buckets
    solved = milp(
        costs,
        constraints=[
            LinearConstraint(gains, lb=1.0),
            LinearConstraint(is_weight.astype(float)[None, :], 1.0, 1.0),
            LinearConstraint((~is_weight).astype(float)[None, :], ub=allowed),
        ],
        integrality=~is_weight,
        bounds=Bounds(0.0, np.where(is_weight, MOST, 1.0)),
        options={"mip_rel_gap": 1e-9},
    )
    if solved.status == 2:
        return np.inf
    assert solved.status == 0, solved.message
    assert solved.fun is not None
    return float(solved.fun)


class Proof:
    """Finds the optimum from the slice's minimum upwards: every candidate raises that. At first
    the scenarios ``counted`` have switches, all that are open unless stated.
    """

    def __init__(
        self, seed: int, *, minimum: float, allowed: int, counted: tuple[int, ...] | None = None
    ) -> None:
        self.multiples = multiples_of(seed)
        self.budget = SearchBudget(BudgetedHighs(600.0), max_iterations=ENOUGH)
        built = problem(
            KEYS,
            self.multiples,
            max_bucket_weight=MOST,
            max_loss_probability=allowed / SCENARIOS,
        )
        piece = MultipleSlice(
            built, minimum=minimum, cuts=(), near=range(SCENARIOS), budget=self.budget
        )
        piece.tighten()
        self.allowed = allowed
        self.found: list[float] = []
        self.added_switches = 0
        self.program = CountProgram(piece, budget=self.budget, counted=counted)

    def tree(self, on_candidate: Callable[[LpOutcome, Lost], None] | None = None) -> CountTree:
        return CountTree(
            self.program, on_candidate=on_candidate or self.consider, budget=self.budget
        )

    def consider(self, outcome: LpOutcome, lost: Lost) -> None:
        piece = self.program.piece
        if len(lost) > self.allowed:
            count_what_loses(self.program, lost)
            self.added_switches += 1
            return
        best, _ = best_losing_in(self.multiples, lost)
        # The point itself is an allocation that loses there.
        assert best >= piece.minimum * (1 - STEP)
        self.found.append(best)
        piece.raise_minimum(max(best, piece.minimum) * (1 + STEP))


SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_minimum_raised_at_every_candidate_ends_at_the_optimum(seed: int) -> None:
    allowed = allowed_of(seed)
    best = optimum(seed, allowed=allowed)
    proof = Proof(seed, minimum=0.9 * best, allowed=allowed)

    verdict = proof.tree().search(last_iteration=ENOUGH)

    assert verdict == "empty"
    # scipy keeps rows to 1e-6 at most, and a candidate may be the step below the optimum.
    assert max(proof.found) == pytest.approx(best, rel=3 * STEP)
    assert sorted(proof.found) == proof.found


def test_ways_to_an_optimum_have_several_candidates_and_branch() -> None:
    proofs = []
    for seed in SEEDS:
        allowed = allowed_of(seed)
        best = optimum(seed, allowed=allowed)
        proof = Proof(seed, minimum=0.9 * best, allowed=allowed)
        proof.tree().search(last_iteration=ENOUGH)
        proofs.append(proof)

    assert sum(len(proof.found) > 1 for proof in proofs) >= 4
    assert sum(proof.budget.highs.nodes >= 10 for proof in proofs) >= 4


@pytest.mark.parametrize("seed", SEEDS)
def test_slice_just_above_the_optimum_is_empty_without_a_candidate(seed: int) -> None:
    allowed = allowed_of(seed)
    best = optimum(seed, allowed=allowed)
    proof = Proof(seed, minimum=best * (1 + 1e-5), allowed=allowed)

    assert proof.tree().search(last_iteration=ENOUGH) == "empty"
    assert proof.found == []


@pytest.mark.parametrize("seed", SEEDS)
def test_switches_added_by_the_callback_lead_to_the_same_optimum(seed: int) -> None:
    allowed = allowed_of(seed)
    best = optimum(seed, allowed=allowed)
    proof = Proof(seed, minimum=0.9 * best, allowed=allowed)
    tree = proof.tree()
    # As if all but a few were not known to be open when the tree was made.
    lazy = Proof(seed, minimum=0.9 * best, allowed=allowed, counted=())
    lazy.program.piece.free = lazy.program.piece.free[:3]
    lazy_tree = lazy.tree()

    assert tree.search(last_iteration=ENOUGH) == "empty"
    assert lazy_tree.search(last_iteration=ENOUGH) == "empty"

    assert proof.added_switches == 0
    assert lazy.added_switches > 0
    assert max(lazy.found) == pytest.approx(best, rel=3 * STEP)


def test_allowing_fewer_at_each_candidate_ends_at_the_fewest_losing_scenarios() -> None:
    seed, allowed = 0, allowed_of(0)
    minimum = 0.9 * optimum(seed, allowed=allowed)
    proof = Proof(seed, minimum=minimum, allowed=allowed)
    counts: list[int] = []

    def allow_fewer(_: LpOutcome, lost: Lost) -> None:
        counts.append(len(lost))
        proof.program.allow(len(lost) - 1)

    verdict = proof.tree(allow_fewer).search(last_iteration=ENOUGH)

    fewest = min(counts)
    assert verdict == "empty"
    assert counts == sorted(set(counts), reverse=True)
    assert optimum(seed, allowed=fewest) >= minimum * (1 - STEP)
    assert optimum(seed, allowed=fewest - 1) < minimum * (1 + STEP)


@pytest.mark.parametrize("seed", SEEDS)
def test_started_again_it_finds_what_the_program_allows_by_then(seed: int) -> None:
    fewest = allowed_of(seed) - 1
    minimum = optimum(seed, allowed=fewest) * (1 - 1e-4)
    proof = Proof(seed, minimum=minimum, allowed=fewest)
    proof.program.allow(fewest - 1)
    tree = proof.tree()

    assert tree.search(last_iteration=ENOUGH) == "empty"
    assert proof.found == []
    proof.program.allow(fewest)
    tree.start_again()
    assert tree.search(last_iteration=ENOUGH) == "empty"

    assert max(proof.found) == pytest.approx(optimum(seed, allowed=fewest), rel=3 * STEP)


def test_cut_added_by_the_callback_holds_from_then_on() -> None:
    # Of each candidate's largest weight two percent less: no candidate comes twice.
    seed, allowed = 1, allowed_of(1)
    minimum = 0.97 * optimum(seed, allowed=allowed)
    proof = Proof(seed, minimum=minimum, allowed=allowed)
    polytope = proof.program.piece.polytope
    cuts: list[tuple[Floats, float]] = []

    def cut_off(outcome: LpOutcome, _: Lost) -> None:
        weights = outcome.values[polytope.weights]
        for coefficients, minimum in cuts:
            assert coefficients @ weights >= minimum - 1.1e-7
        coefficients = -np.eye(len(KEYS))[int(weights.argmax())]
        cuts.append((coefficients, float(0.02 - weights.max())))
        polytope.add_row(coefficients, lower=cuts[-1][1])

    assert proof.tree(cut_off).search(last_iteration=ENOUGH) == "empty"
    assert len(cuts) > 1


def test_candidate_of_which_nothing_follows_ends_the_search() -> None:
    seed, allowed = 0, allowed_of(0)
    proof = Proof(seed, minimum=0.9 * optimum(seed, allowed=allowed), allowed=allowed)
    met: list[Lost] = []

    verdict = proof.tree(lambda _, lost: met.append(lost)).search(last_iteration=ENOUGH)

    assert verdict == "iteration_limit"
    assert len(met) == 1


@pytest.mark.parametrize("seed", range(2))
def test_equal_proofs_have_the_same_bytes(seed: int) -> None:
    seen: list[list[bytes]] = []
    for _ in range(2):
        allowed = allowed_of(seed)
        best = optimum(seed, allowed=allowed)
        proof = Proof(seed, minimum=0.9 * best, allowed=allowed)
        points: list[bytes] = []

        def note(
            outcome: LpOutcome,
            lost: Lost,
            proof: Proof = proof,
            points: list[bytes] = points,
        ) -> None:
            points.append(outcome.values.tobytes())
            proof.consider(outcome, lost)

        proof.tree(note).search(last_iteration=ENOUGH)
        seen.append([*points, str(proof.budget.iterations).encode()])

    assert seen[0] == seen[1]


def test_stopped_tree_goes_on_to_the_same_end() -> None:
    seed, allowed = 0, allowed_of(0)
    best = optimum(seed, allowed=allowed)
    at_once = Proof(seed, minimum=0.9 * best, allowed=allowed)
    at_once.tree().search(last_iteration=ENOUGH)
    stopped = Proof(seed, minimum=0.9 * best, allowed=allowed)
    tree = stopped.tree()

    assert tree.search(last_iteration=0) == "iteration_limit"
    assert stopped.found == []
    assert tree.search(last_iteration=ENOUGH) == "empty"
    assert stopped.found == at_once.found

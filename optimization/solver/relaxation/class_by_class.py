"""The least slacks in order: those of the most protected limits first, whatever it costs the rest.

The slacks of one class are minimised with those of more protected ones bounded by what was found
for them and all others free: first the largest, then their sum.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs, SolverFailed
from optimization.solver.exact.incremental_lp import Floats
from optimization.solver.exact.portfolio import portfolio_of
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.tail_cuts import Cut
from optimization.solver.exact.weight_polytope import LOST_BELOW
from optimization.solver.relaxation.granted_values import loosened, rounded_outwards
from optimization.solver.relaxation.limit_rows import limit_rows
from optimization.solver.relaxation.loss_probe import Answer, probe
from optimization.solver.relaxation.single_limit import closest_to_limit
from optimization.solver.relaxation.slack_program import LimitClass, SlackPoint, SlackProgram
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import LimitType

# Found slacks are rounded up to it; the programs keep their rows to as much.
STEP = 1e-9
# A slack this close to what is proved is minimal: as close as a proof over all choices of losing
# scenarios comes (`slice_proof.INDISTINCT` of an objective of at most 2).
MINIMAL_WITHIN = 2e-6
# A sum over more limits takes too many inequalities to be stated without slacks.
MOST_SUMMED = 5
# Of simplex iterations, for one question after a slack and for all of them. The more protected
# classes ask first.
PROBE_ITERATIONS = 5_000
MAX_ITERATIONS = 20_000


@dataclass(frozen=True, slots=True)
class LeastSlack:
    """Of one class. The largest slack is nowhere below ``largest_proved``; ``is_minimal`` says that
    the slacks are the least in both senses.
    """

    type: LimitType
    largest: float
    largest_proved: float
    is_minimal: bool


@dataclass(frozen=True, slots=True)
class LeastSlacks:
    """``weights`` (B,) need no more than the slacks of ``classes``, found with ``program``, and
    lose in ``losing``.
    """

    classes: tuple[LeastSlack, ...]
    weights: Floats
    losing: frozenset[int]
    program: SlackProgram


def least_slacks(
    problem: AllocationProblem, *, weights: Floats, losing: frozenset[int], highs: BudgetedHighs
) -> LeastSlacks:
    """Of all classes of ``problem`` but loss probability.

    Without a limit on loss probability every class is proved minimal. With one, ``weights`` (B,)
    must keep it, losing in ``losing`` alone, whatever else they break; what is not proved minimal
    is then the least found.
    """
    return _ClassByClass(problem, weights=weights, losing=losing, highs=highs).settle()


class _ClassByClass:
    def __init__(
        self,
        problem: AllocationProblem,
        *,
        weights: Floats,
        losing: frozenset[int],
        highs: BudgetedHighs,
    ) -> None:
        self._program = SlackProgram(problem, start=weights, highs=highs)
        self._highs = highs
        allowed = problem.allowed_losing_scenarios()
        self._most_losing = problem.scenarios if allowed is None else allowed
        self._weights = weights
        self._losing = frozenset(range(problem.scenarios)) if allowed is None else losing
        # What each limit settled so far is granted, or, where only a sum over several is settled
        # and this is not exact, at most.
        self._slacks: dict[str, float] = {}
        self._is_exact = True
        self._spent = 0

    def settle(self) -> LeastSlacks:
        classes = tuple(self._settled_classes())
        self._settle_ties()
        return LeastSlacks(classes, self._weights, self._lost(self._weights), self._program)

    def _settled_classes(self) -> Iterator[LeastSlack]:
        for limits in self._program.in_order():
            largest, proved = self._settle(limits.largest, limits, proved=0.0)
            is_minimal = proved >= largest - MINIMAL_WITHIN
            self._note(limits, largest)
            if limits.total != limits.largest and largest > 0:
                total, total_proved = self._settle(limits.total, limits, proved=proved)
                is_minimal &= total_proved >= total - MINIMAL_WITHIN
            yield LeastSlack(limits.type, largest, min(largest, proved), is_minimal)

    def _note(self, limits: LimitClass, largest: float) -> None:
        self._is_exact &= largest == 0 or len(limits.limits) == 1
        self._slacks |= {limit.id: largest for limit in limits.limits}

    def _settle(self, aim: int, limits: LimitClass, *, proved: float) -> tuple[float, float]:
        """The least value found for ``aim``, which bounds it from now on, and the proved one, no
        less than ``proved``.
        """
        if self._needed(aim, limits) > STEP:
            proved = self._minimised(aim, limits, proved=proved)
        return self._bounded(aim, limits), proved

    def _minimised(self, aim: int, limits: LimitClass, *, proved: float) -> float:
        """Takes the weights that need least; what is proved of every choice of losing scenarios."""
        free = self._program.least(aim)
        if free is None:
            raise SolverFailed("a program with a known allocation has none")
        proved = max(proved, free.least)
        lost = self._lost(free.weights)
        if len(lost) <= self._most_losing:
            self._take(free, self._losing if lost <= self._losing else lost)
            return proved
        self._take_least(aim)
        self._improve(aim, limits, self._repaired(aim, free))
        if self._needed(aim, limits) > proved + MINIMAL_WITHIN:
            proved = max(proved, self._search(aim, limits, proved=proved))
        return proved

    def _repaired(self, aim: int, point: SlackPoint) -> frozenset[int] | None:
        """Few enough losing scenarios out of those of ``point``, which has too many: half of those
        too many must gain, the smallest losses first, and so on from there. None when that leaves
        no allocation.
        """
        following: SlackPoint | None = point
        losing = self._lost(point.weights)
        while following is not None and len(losing) > self._most_losing:
            portfolio = self._portfolio(following.weights)
            largest_first = sorted(losing, key=lambda s: (portfolio[s], s))
            forbidden = (len(losing) - self._most_losing + 1) // 2
            losing = frozenset(largest_first[:-forbidden])
            following = self._program.least(aim, losing=losing)
            if following is not None:
                losing &= self._lost(following.weights)
        return None if following is None else losing

    def _bounded(self, aim: int, limits: LimitClass) -> float:
        """Bounds ``aim`` by what the weights at hand need."""
        needed = self._needed(aim, limits)
        value = rounded_outwards(needed, is_minimum=False, step=STEP) if needed > STEP else 0.0
        self._program.bound(aim, value)
        return value

    def _needed(self, aim: int, limits: LimitClass) -> float:
        return self._program.needed(limits, self._weights)[aim]

    def _search(self, aim: int, limits: LimitClass, *, proved: float) -> float:
        """What is proved of every choice of losing scenarios; takes one that allows less than the
        one at hand, if it comes across any.
        """
        if len(limits.limits) == 1 and self._is_exact:
            closest = closest_to_limit(
                self._program.problem,
                limits.limits[0],
                slacks=self._slacks,
                known=self._weights,
                highs=self._highs,
            )
            if closest is not None:
                self._improve(aim, limits, closest.losing)
                return closest.proved_slack
        if aim != limits.largest and len(limits.limits) > MOST_SUMMED:
            return proved
        return self._narrow(aim, limits, proved=proved)

    def _narrow(self, aim: int, limits: LimitClass, *, proved: float) -> float:
        """Asks in turn for all but the least of what is between, and for half of it."""
        halve, in_vain = False, 0
        found = self._needed(aim, limits)
        while found - proved > MINIMAL_WITHIN and in_vain < 2 and self._spent < MAX_ITERATIONS:
            asked = (found + proved) / 2 if halve else found - MINIMAL_WITHIN / 2
            budget = SearchBudget(self._highs, PROBE_ITERATIONS)
            answer = self._probe(aim, limits, asked, budget)
            before = found
            if answer == "none":
                proved = asked
            elif answer != "open":
                found = self._improve(aim, limits, answer)
            in_vain = 0 if answer == "none" or found < before else in_vain + 1
            halve = not halve
            self._spent += budget.iterations
        return proved

    def _probe(self, aim: int, limits: LimitClass, asked: float, budget: SearchBudget) -> Answer:
        problem, slacks, cuts = self._program.problem, dict(self._slacks), []
        if aim == limits.largest:
            slacks |= {limit.id: asked for limit in limits.limits}
        else:
            cuts = _sums_within(asked, limits, problem)
        return probe(
            problem.with_limits(loosened(problem.limits, slacks)),
            cuts=cuts,
            near=self._weights,
            budget=budget,
        )

    def _improve(self, aim: int, limits: LimitClass, losing: frozenset[int] | None) -> float:
        """Takes this choice of losing scenarios if it allows less; the least that is known."""
        found = self._needed(aim, limits)
        if losing is None:
            return found
        point = self._program.least(aim, losing=losing)
        if point is None or self._program.needed(limits, point.weights)[aim] >= found:
            return found
        self._take(point, losing)
        return self._needed(aim, limits)

    def _settle_ties(self) -> None:
        """Of equally small slacks of one class the ones that are least in order of the limits."""
        for limits in self._program.classes:
            is_tied = len(limits.slacks) > 1 and self._slacks[limits.limits[0].id] > 0
            for slack in limits.slacks if is_tied else ():
                if self._needed(slack, limits) > STEP:
                    self._take_least(slack)
                self._bounded(slack, limits)

    def _take_least(self, aim: int) -> None:
        """The least with the same losing scenarios."""
        point = self._program.least(aim, losing=self._losing)
        if point is None:
            raise SolverFailed("a program with a known allocation has none")
        self._take(point, self._losing)

    def _take(self, point: SlackPoint, losing: frozenset[int]) -> None:
        """This point, which loses in ``losing`` alone, is the best known from now on."""
        self._weights, self._losing = point.weights, losing

    def _lost(self, weights: Floats) -> frozenset[int]:
        return frozenset(np.flatnonzero(self._portfolio(weights) < LOST_BELOW).tolist())

    def _portfolio(self, weights: Floats) -> Floats:
        return portfolio_of(weights, multiples=self._program.problem.multiples)


def _sums_within(slack: float, limits: LimitClass, problem: AllocationProblem) -> list[Cut]:
    """That the slacks of a class sum to at most ``slack``, as inequalities on the weights: what any
    of its limits lack together is no more.
    """
    rows = [limit_rows(problem, limit) for limit in limits.limits]
    some = chain.from_iterable(combinations(rows, size) for size in range(1, len(rows) + 1))
    return [
        Cut(
            np.sum([row.coefficients[0] for row in chosen], axis=0),
            sum(row.minimum for row in chosen) - slack,
        )
        for chosen in some
    ]

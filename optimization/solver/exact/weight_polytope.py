"""Linear programs over the weights alone: the limits on weights, and rows for single scenarios.

The same limits as `model.build_model` states in PuLP, as arrays; a limit on CVaR enters as the cuts
of `tail_cuts`.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from optimization.solver.exact.incremental_lp import Floats, IncrementalLp, Indices, LpOutcome
from optimization.solver.exact.portfolio import portfolio_of
from optimization.solver.exact.search_budget import SearchBudget
from optimization.solver.exact.tail_cuts import TAIL_TOLERANCE, Cut, tail_of
from optimization.solver.exact.tail_optimum import tail_optimum
from optimization.solver.model import LARGEST_COEFFICIENT, SMALLEST_WINNERS
from optimization.solver.stated.limits import WeightRange
from optimization.solver.stated.problem import AllocationProblem

# A scenario has lost below this: ten times what the programs keep M_s >= 1 to.
LOST_BELOW = 1 - 1e-8
# Most programs need fewer cuts; those that need more often need hundreds. With many scenarios and
# no cuts yet, most do.
MOST_CUTS_BY_ONE = 8
MOST_FIRST_CUTS_BY_ONE = 3
MANY_SCENARIOS = 300


class WeightPolytope:
    """The allocations within the limits on weights, winners and, so far as cut, CVaR.

    ``lp`` is open to further columns and rows and ``weights`` are the columns of the weights.
    Cuts may be dropped again, which moves the rows added after them: an index of a row is good
    until then, unless the row was added before every cut.
    """

    def __init__(self, problem: AllocationProblem, *, budget: SearchBudget) -> None:
        self.problem = problem
        self.means = problem.expected_multiples()
        self.lp = IncrementalLp(budget)
        self._by_scenario = np.ascontiguousarray(problem.multiples.T)
        buckets = len(problem.buckets)
        maximum = problem.limits.max_bucket_weight
        highest = 1.0 if maximum is None else maximum
        self.weights: Indices = self.lp.add_columns(np.zeros(buckets), np.full(buckets, highest))
        self._limits = tuple(_weight_rows(problem))
        for coefficients, lower, upper in self._limits:
            self.add_row(coefficients, lower=lower, upper=upper)
        self._cuts: dict[int, Cut] = {}
        self._scenario_rows: dict[int, int] = {}
        self._required: frozenset[int] = frozenset()

    def add_row(self, coefficients: Floats, *, lower: float, upper: float = np.inf) -> int:
        """lower <= coefficients . w <= upper; the row's index."""
        return self.lp.add_row(self.weights, coefficients, lower, upper)

    def add_cut(self, cut: Cut) -> None:
        self._cuts[self.add_row(cut.coefficients, lower=cut.minimum)] = cut

    def cuts(self) -> tuple[Cut, ...]:
        """The cuts that are in the program."""
        return tuple(self._cuts.values())

    def inequalities(self) -> list[Cut]:
        """Every limit on the weights and every cut as coefficients . w >= minimum, but for the
        budget and w >= 0.
        """
        limits = []
        for coefficients, lower, upper in self._limits[1:]:
            if lower > -np.inf:
                limits.append(Cut(coefficients, lower))
            if upper < np.inf:
                limits.append(Cut(-coefficients, -upper))
        maximum = self.problem.limits.max_bucket_weight
        if maximum is not None:
            limits += [Cut(-row, -maximum) for row in np.eye(self.weights.size)]
        return [*limits, *self.cuts()]

    def maximise_expected_multiple(self) -> None:
        self.lp.set_costs(self.weights, -self.means)

    def portfolio(self, outcome: LpOutcome) -> Floats:
        """(S,) multiples of an optimum's weights."""
        weights = outcome.values[self.weights]
        return portfolio_of(weights, multiples=self.problem.multiples)

    def scenario(self, scenario: int) -> Floats:
        """(B,) multiples of the buckets in one scenario."""
        return np.asarray(self._by_scenario[scenario])

    def solve_within_tail(self, *, tolerance: float = TAIL_TOLERANCE) -> LpOutcome:
        """The minimum with CVaR within its limit: cuts are added until it is."""
        outcome = self.lp.solve()
        last = len(self._cuts) + self._most_cuts_by_one()
        while outcome.status == "optimal" and self.cut_tail(
            self.portfolio(outcome), tolerance=tolerance
        ):
            if len(self._cuts) == last and not self._cut_tail_to_the_end():
                return LpOutcome("infeasible", np.inf, np.empty(0))
            outcome = self.lp.solve()
        return outcome

    def _most_cuts_by_one(self) -> int:
        is_new = not self._cuts and self.problem.multiples.shape[1] >= MANY_SCENARIOS
        return MOST_FIRST_CUTS_BY_ONE if is_new else MOST_CUTS_BY_ONE

    def _cut_tail_to_the_end(self) -> bool:
        """Adds the cuts that hold the minimum within the limit; whether there is one."""
        limit = self.problem.limits.cvar
        if limit is None:
            return True
        found = tail_optimum(
            self.lp,
            weights=self.weights,
            multiples=self.problem.multiples,
            confidence=limit.confidence,
            maximum=limit.maximum,
        )
        if found is None:
            return False
        for cut in found.cuts:
            self.add_cut(cut)
        return True

    def cut_tail(self, portfolio: Floats, *, tolerance: float = TAIL_TOLERANCE) -> bool:
        """Adds a cut if the CVaR of ``portfolio`` (S,) is beyond its limit; whether it did."""
        limit = self.problem.limits.cvar
        if limit is None:
            return False
        tail = tail_of(portfolio, confidence=limit.confidence)
        if tail.mean_loss(portfolio) - limit.maximum <= tolerance:
            return False
        self.add_cut(tail.cut(self._by_scenario, maximum=limit.maximum))
        return True

    def drop_slack_cuts(self) -> None:
        """Forgets the cuts that hold nothing where the last solve ended."""
        self.drop_slack(list(self._cuts))

    def drop_slack(self, rows: Sequence[int]) -> list[int]:
        """Removes those of ``rows`` that hold nothing where the last solve ended. The new index
        of every row by its old one; those of removed rows mean nothing.
        """
        kept = np.ones(self.lp.rows, dtype=bool)
        kept[np.array(rows, dtype=np.int64)[self.lp.are_slack(rows)]] = False
        self.lp.keep_rows(kept)
        moved: list[int] = (np.cumsum(kept) - 1).tolist()
        self._cuts = {moved[row]: cut for row, cut in self._cuts.items() if kept[row]}
        self._scenario_rows = {s: moved[row] for s, row in self._scenario_rows.items()}
        return moved

    def require_gain(self, scenarios: frozenset[int]) -> None:
        """M_s >= 1 in exactly these scenarios."""
        for s in sorted(scenarios - self._scenario_rows.keys()):
            self._scenario_rows[s] = self.add_row(self.scenario(s), lower=1.0)
        changed = sorted(scenarios ^ self._required)
        rows = np.array([self._scenario_rows[s] for s in changed], dtype=np.int32)
        lower = np.array([1.0 if s in scenarios else -np.inf for s in changed])
        self.lp.bound_rows(rows, lower, np.full(rows.size, np.inf))
        self._required = scenarios

    def prices_of_gain(self, scenarios: Sequence[int]) -> Floats:
        """What requiring M_s >= 1 costs the last minimum per unit, for required scenarios."""
        rows = [self._scenario_rows[s] for s in scenarios]
        return np.asarray(self.lp.duals().rows[rows])

    def prices_of_limits(self) -> dict[str, float]:
        """What the last minimum would fall by per unit of each stated limit, were it loosened: the
        limit's dual, at least 0, by the limit's id. That on loss probability has none.
        """
        rows, columns = self.lp.duals()
        limits = self.problem.limits
        prices = {
            "cvar": float(rows[list(self._cuts)].sum()),
            "max_bucket_weight": float(np.maximum(-columns[self.weights], 0.0).sum()),
        }
        row = 1
        for kind, ranges in (("stages", limits.stages), ("sectors", limits.sectors)):
            for name in ranges:
                prices[f"{kind}.{name}.min"] = max(0.0, float(rows[row]))
                prices[f"{kind}.{name}.max"] = max(0.0, -float(rows[row]))
                row += 1
        if limits.min_expected_winners:
            scale = max(limits.min_expected_winners, SMALLEST_WINNERS)
            prices["min_expected_winners"] = max(0.0, float(rows[row])) / scale
        return prices


def _weight_rows(problem: AllocationProblem) -> Iterable[tuple[Floats, float, float]]:
    """(coefficients (B,), lower, upper): first the budget, then group limits and winners."""
    limits = problem.limits
    yield np.ones(len(problem.buckets)), 1.0, 1.0
    for ranges, groups in (
        (limits.stages, [bucket.stage for bucket in problem.buckets]),
        (limits.sectors, [bucket.sector for bucket in problem.buckets]),
    ):
        for name, allowed in ranges.items():
            members = np.array([float(group == name) for group in groups])
            yield members, *_interval(allowed)
    minimum = limits.min_expected_winners
    if minimum:
        scale = max(minimum, SMALLEST_WINNERS)
        winners = problem.expected_winners_per_weight() / scale
        yield np.minimum(winners, LARGEST_COEFFICIENT), minimum / scale, np.inf


def _interval(allowed: WeightRange) -> tuple[float, float]:
    lower = -np.inf if allowed.minimum is None else allowed.minimum
    return lower, np.inf if allowed.maximum is None else allowed.maximum

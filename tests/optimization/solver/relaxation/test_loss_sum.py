"""Sums of losses that a limit on losing scenarios leaves."""

import numpy as np
import pytest

from optimization.solver.relaxation.loss_sum import LossSum
from optimization.solver.stated.problem import AllocationProblem
from tests.optimization.solver.problems import market_multiples, problem

KEYS = ["seed/saas", "series_a/bio"]
# Either bucket loses all in one scenario, both lose in the third, and both gain in the last.
MULTIPLES = np.array([[0.0, 2.0, 0.5, 3.0], [2.0, 0.0, 0.4, 3.0]])


def asked(losing: int) -> AllocationProblem:
    return problem(KEYS, MULTIPLES, max_loss_probability=losing / 4)


def test_sum_of_losses_that_few_enough_scenarios_can_have_is_not_cut() -> None:
    # The third scenario loses whatever the weights and takes one of two losses; of the first two,
    # one loses.
    assert LossSum(asked(2)).cut(np.array([0.8, 1.2, 0.46, 3.0])) is None


def test_larger_sum_is_cut_off_and_no_allocation_within_the_limit_is() -> None:
    cut = LossSum(asked(1)).cut(np.array([0.8, 1.2, 0.46, 3.0]))

    assert cut is not None
    # No other scenario may lose: M_0 = 2 w_1 must reach 1.
    assert cut.minimum == 1.0
    assert cut.coefficients.tolist() == [0.0, 2.0]


@pytest.mark.parametrize("seed", range(5))
def test_cuts_keep_every_allocation_that_loses_in_few_enough_scenarios(seed: int) -> None:
    multiples = market_multiples(seed=seed, buckets=4, scenarios=30)
    weights = np.random.default_rng(seed).dirichlet(np.full(4, 0.5), size=300)
    portfolios = weights @ multiples
    losing = (portfolios < 1).sum(axis=1)
    allowed = int(np.quantile(losing, 0.1))
    few = weights[losing <= allowed]
    limited = problem(
        [f"seed/s{b}" for b in range(4)], multiples, max_loss_probability=allowed / 30
    )
    sums = LossSum(limited)
    cuts = [cut for portfolio in portfolios if (cut := sums.cut(portfolio)) is not None]

    assert cuts
    # Rounding of sums of thirty terms.
    assert all((few @ cut.coefficients >= cut.minimum - 1e-12).all() for cut in cuts)

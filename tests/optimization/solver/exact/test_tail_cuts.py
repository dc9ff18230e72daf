import numpy as np
import pytest

from optimization.solver.exact.tail_cuts import excess_over, tail_cut
from optimization.solver.measures.risk import cvar, portfolio_multiples
from optimization.solver.stated.problem import CvarLimit
from tests.optimization.solver.problems import market_multiples


def test_tail_cut_is_met_by_every_allocation_that_keeps_the_cvar_limit() -> None:
    draw = np.random.default_rng(2)
    multiples = market_multiples(seed=2, buckets=5, scenarios=60)
    limit = CvarLimit(confidence=0.93, maximum=0.45)
    somewhere = portfolio_multiples(weights=np.full(5, 0.2), multiples=multiples)
    coefficients, minimum = tail_cut(multiples, somewhere, limit)

    for weights in draw.dirichlet(np.ones(5), size=300):
        portfolio = portfolio_multiples(weights=weights, multiples=multiples)
        if cvar(portfolio, confidence=limit.confidence) <= limit.maximum:
            assert coefficients @ weights >= minimum - 1e-12


def test_tail_cut_is_exact_at_the_allocation_it_was_made_from() -> None:
    multiples = market_multiples(seed=2, buckets=5, scenarios=60)
    weights = np.full(5, 0.2)
    portfolio = portfolio_multiples(weights=weights, multiples=multiples)
    limit = CvarLimit(confidence=0.93, maximum=0.45)

    coefficients, minimum = tail_cut(multiples, portfolio, limit)

    # minimum - a . w is how far CVaR is over its limit.
    excess = cvar(portfolio, confidence=0.93) - 0.45
    assert minimum - coefficients @ weights == pytest.approx(excess, abs=1e-12)


@pytest.mark.parametrize("confidence", [0.95, 0.93, 0.5, 0.999, 0.001])
def test_excess_is_that_of_cvar_also_when_the_tail_is_no_whole_number(confidence: float) -> None:
    # .999 of 60 scenarios leaves a tail of .06 scenarios, of which the worst alone is counted.
    portfolio = market_multiples(seed=5, buckets=1, scenarios=60)[0]
    limit = CvarLimit(confidence=confidence, maximum=0.2)

    expected = (
        1 - portfolio.min() if confidence == 0.999 else cvar(portfolio, confidence=confidence)
    )
    assert excess_over(limit, portfolio) == pytest.approx(expected - 0.2, abs=1e-12)

import numpy as np
import pytest

from optimization.solver.exact.tail_cuts import tail_of
from optimization.solver.measures.risk import cvar, portfolio_multiples
from tests.optimization.solver.problems import market_multiples


def test_tail_cut_is_met_by_every_allocation_that_keeps_the_cvar_limit() -> None:
    draw = np.random.default_rng(2)
    multiples = market_multiples(seed=2, buckets=5, scenarios=60)
    somewhere = portfolio_multiples(weights=np.full(5, 0.2), multiples=multiples)
    coefficients, minimum = tail_of(somewhere, confidence=0.93).cut(multiples.T, maximum=0.45)

    for weights in draw.dirichlet(np.ones(5), size=300):
        portfolio = portfolio_multiples(weights=weights, multiples=multiples)
        if cvar(portfolio, confidence=0.93) <= 0.45:
            assert coefficients @ weights >= minimum - 1e-12


def test_tail_cut_is_exact_at_the_allocation_it_was_made_from() -> None:
    multiples = market_multiples(seed=2, buckets=5, scenarios=60)
    weights = np.full(5, 0.2)
    portfolio = portfolio_multiples(weights=weights, multiples=multiples)

    coefficients, minimum = tail_of(portfolio, confidence=0.93).cut(multiples.T, maximum=0.45)

    # minimum - a . w is how far CVaR is over its limit.
    excess = cvar(portfolio, confidence=0.93) - 0.45
    assert minimum - coefficients @ weights == pytest.approx(excess, abs=1e-12)


@pytest.mark.parametrize("confidence", [0.95, 0.93, 0.5, 0.999, 0.001])
def test_mean_loss_of_the_tail_is_cvar_also_when_the_tail_is_no_whole_number(
    confidence: float,
) -> None:
    # .999 of 60 scenarios leaves a tail of .06 scenarios, of which the worst alone is counted.
    portfolio = market_multiples(seed=5, buckets=1, scenarios=60)[0]
    expected = (
        1 - portfolio.min() if confidence == 0.999 else cvar(portfolio, confidence=confidence)
    )
    found = tail_of(portfolio, confidence=confidence).mean_loss(portfolio)
    assert found == pytest.approx(expected, abs=1e-12)

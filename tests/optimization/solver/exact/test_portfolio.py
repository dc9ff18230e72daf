import numpy as np
import pytest

from optimization.solver.exact import portfolio as method
from optimization.solver.exact.portfolio import portfolio_of
from optimization.solver.measures.risk import portfolio_multiples


@pytest.mark.parametrize("scenarios", [1, 6, 7, 20])
def test_portfolio_is_the_sum_over_buckets_also_in_blocks(
    scenarios: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three buckets make blocks of seven scenarios.
    monkeypatch.setattr(method, "LARGEST_BLOCK", 21)
    draw = np.random.default_rng(0)
    multiples, weights = draw.uniform(0, 3, size=(3, scenarios)), draw.dirichlet(np.ones(3))

    found = portfolio_of(weights, multiples=multiples)

    # Sums of three products differ by a few units in the last place of 3.
    np.testing.assert_allclose(
        found, portfolio_multiples(weights=weights, multiples=multiples), rtol=0, atol=2e-15
    )

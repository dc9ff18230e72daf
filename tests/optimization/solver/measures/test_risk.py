import numpy as np
import pytest

from optimization.solver.measures import risk


def test_portfolio_multiple_is_the_weighted_sum_of_its_buckets() -> None:
    portfolio = risk.portfolio_multiples(
        weights=np.array([0.25, 0.75]), multiples=np.array([[4.0, 0.0], [0.0, 2.0]])
    )

    assert portfolio.tolist() == [1.0, 1.5]


def test_portfolio_multiple_of_a_scenario_does_not_depend_on_its_neighbours() -> None:
    draw = np.random.default_rng(1)
    weights, multiples = draw.dirichlet(np.ones(7)), draw.random((7, 1000)).astype(np.float32)

    whole = risk.portfolio_multiples(weights=weights, multiples=multiples)
    parts = [
        risk.portfolio_multiples(weights=weights, multiples=multiples[:, cut])
        for cut in (slice(0, 13), slice(13, 1000))
    ]

    assert np.array_equal(whole, np.concatenate(parts))


def test_weights_and_rows_must_match() -> None:
    with pytest.raises(ValueError, match="2 weights do not fit 1 rows"):
        risk.portfolio_multiples(weights=np.array([0.5, 0.5]), multiples=np.ones((1, 3)))


def test_only_multiples_clearly_below_one_are_losses() -> None:
    portfolio = np.array([1 - 2e-6, 1 - 1e-9, 1.0, 1.2])

    assert risk.losing_scenarios(portfolio) == 1
    assert risk.loss_probability(portfolio) == 0.25


def test_cvar_is_the_mean_loss_of_the_tail() -> None:
    # Losses .8 .4 .2 0; the tail of .5 holds the two worst: (.8 + .4) / 2.
    assert risk.cvar(np.array([0.6, 1.5, 0.2, 0.8]), confidence=0.5) == pytest.approx(0.6)


def test_cvar_counts_the_scenario_at_the_edge_with_its_fraction() -> None:
    # The tail of .375 of four scenarios holds 1.5: (.8 + .5 * .4) / 1.5.
    portfolio = np.array([0.6, 1.5, 0.2, 0.8])

    assert risk.cvar(portfolio, confidence=0.625) == pytest.approx(1.0 / 1.5)


def test_cvar_of_a_tail_below_one_scenario_is_the_worst_loss() -> None:
    assert risk.cvar(np.array([0.6, 1.5, 0.2, 0.8]), confidence=0.99) == pytest.approx(0.8)


def test_gains_count_as_no_loss_in_cvar() -> None:
    # Losses .5 and 0 (not -9): (.5 + 0) / 2.
    assert risk.cvar(np.array([0.5, 10.0]), confidence=1e-12) == pytest.approx(0.25)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, float("nan")])
def test_cvar_needs_a_confidence_between_zero_and_one(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        risk.cvar(np.array([0.5]), confidence=confidence)


@pytest.mark.parametrize("confidence", [0.05, 0.5, 0.9, 0.95, 0.999])
def test_cvar_of_many_scenarios_is_the_mean_of_the_sorted_tail(confidence: float) -> None:
    # Ties and many scenarios without a loss, as portfolios have them.
    portfolio = np.round(np.random.default_rng(5).lognormal(0.5, 0.8, size=20_000), 2)
    tail = (1 - confidence) * portfolio.size
    worst = sorted(np.maximum(1 - portfolio, 0.0).tolist(), reverse=True)
    whole = int(tail)
    expected = (sum(worst[:whole]) + (tail - whole) * worst[whole]) / tail
    # A sum of up to 20,000 doubles, one after another, against the exact one.
    assert risk.cvar(portfolio, confidence=confidence) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_largest_losses_come_largest_first(count: int) -> None:
    values = np.array([0.3, 0.0, 0.9, 0.3, 0.1])
    assert risk.largest(values, count=count).tolist() == [0.9, 0.3, 0.3, 0.1, 0.0][:count]

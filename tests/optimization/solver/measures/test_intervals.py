import numpy as np
import pytest
from scipy import stats

from optimization.solver.measures.intervals import clopper_pearson, cvar_interval, mean_interval
from optimization.solver.measures.risk import cvar


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Exact 95 % limits as tabulated for n = 10, 20 and 100, to four decimals.
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (1, 20, 0.0013, 0.2487),
        (10, 100, 0.0490, 0.1762),
    ],
)
def test_clopper_pearson_agrees_with_published_tables(
    successes: int, trials: int, low: float, high: float
) -> None:
    estimate = clopper_pearson(successes=successes, trials=trials)

    # Half of the last printed digit.
    assert estimate.low == pytest.approx(low, abs=5e-5)
    assert estimate.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (3, 7), (123, 400), (29_500, 100_000)])
def test_clopper_pearson_agrees_with_scipy_stats(successes: int, trials: int) -> None:
    estimate = clopper_pearson(successes=successes, trials=trials)
    oracle = stats.binomtest(successes, trials).proportion_ci(0.95, method="exact")

    # scipy solves for the ends by root finding with its default tolerance.
    assert estimate.low == pytest.approx(oracle.low, abs=1e-9)
    assert estimate.high == pytest.approx(oracle.high, abs=1e-9)
    assert estimate.value == successes / trials


@pytest.mark.parametrize("trials", [1_000_000, 10_000_000])
@pytest.mark.parametrize("share", [0.0, 1e-6, 1e-4, 0.01, 0.3, 0.5, 0.999, 1.0])
def test_clopper_pearson_of_millions_leaves_one_fortieth_beyond_each_end(
    share: float, trials: int
) -> None:
    successes = round(share * trials)
    estimate = clopper_pearson(successes=successes, trials=trials)
    # The definition: at the low end so many successes or more, at the high end so many or fewer,
    # have the probability .025. The binomial law itself is exact to about 1e-8 here.
    if successes > 0:
        beyond = stats.binom.sf(successes - 1, trials, estimate.low)
        assert beyond == pytest.approx(0.025, abs=1e-7)
    if successes < trials:
        beyond = stats.binom.cdf(successes, trials, estimate.high)
        assert beyond == pytest.approx(0.025, abs=1e-7)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


@pytest.mark.parametrize("trials", [1_000_000, 10_000_000])
def test_clopper_pearson_of_millions_approaches_the_normal_interval(trials: int) -> None:
    estimate = clopper_pearson(successes=round(0.3 * trials), trials=trials)
    half = 1.959964 * (0.3 * 0.7 / trials) ** 0.5
    # The two differ by the order of 1 / trials: half a success, and the skew of the law.
    assert estimate.low == pytest.approx(0.3 - half, abs=2 / trials)
    assert estimate.high == pytest.approx(0.3 + half, abs=2 / trials)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes in"):
        clopper_pearson(successes=successes, trials=trials)


def test_mean_interval_by_hand() -> None:
    # Mean 2, variance 2 over two values: half width 1.96 * sqrt(2 / 2).
    estimate = mean_interval(np.array([1.0, 3.0]))

    assert estimate.value == 2.0
    assert estimate.high - 2.0 == pytest.approx(1.959964, abs=1e-6)
    assert 2.0 - estimate.low == pytest.approx(1.959964, abs=1e-6)


def test_cvar_interval_by_hand() -> None:
    # 100 losses 0, .01, ... .99; the worst 40 run from .60 to .99: mean .795, variance
    # (40^2 - 1) / 12 * .0001 = .0133250. With confidence .6 the edge is .60:
    # variance of the mean = (.013325 + .6 * .195^2) / 40 = .00090350, half width .058913.
    losses = np.arange(100) / 100

    estimate = cvar_interval(losses, confidence=0.6, cvar=0.795)

    assert estimate.value == 0.795
    assert estimate.high == pytest.approx(0.795 + 0.058913, abs=1e-6)
    assert estimate.low == pytest.approx(0.795 - 0.058913, abs=1e-6)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("scenarios", [1_000_000, 10_000_000])
def test_cvar_interval_of_millions_is_that_of_the_law(scenarios: int, confidence: float) -> None:
    # Losses spread evenly over 0..1. With t = 1 - c the tail is uniform on c..1: its mean is
    # 1 - t / 2, its variance t^2 / 12, and CVaR lies t / 2 above the edge.
    losses = (np.arange(scenarios) + 0.5) / scenarios
    tail = 1 - confidence
    variance = (tail**2 / 12 + confidence * (tail / 2) ** 2) / (scenarios * tail)

    value = cvar(1 - losses, confidence=confidence)
    estimate = cvar_interval(losses, confidence=confidence, cvar=value)

    # The sum is exact but for the rounding of each loss. The edge is off by a step and a half of
    # the grid: half of one, and one more where 1 - c in doubles is a hair too small for the last
    # scenario of the tail.
    assert value == pytest.approx(1 - tail / 2, abs=1e-12)
    half = 1.959964 * variance**0.5
    assert (estimate.high - estimate.low) / 2 == pytest.approx(half, rel=3 / (scenarios * tail))


def test_cvar_interval_stays_within_the_range_of_a_loss() -> None:
    losses = np.array([1.0] * 30 + [0.0] * 70)
    estimate = cvar_interval(losses, confidence=0.4, cvar=0.5)

    assert 0.0 <= estimate.low <= 0.5 <= estimate.high <= 1.0


def test_cvar_interval_of_a_tiny_tail_claims_nothing() -> None:
    losses = np.linspace(0, 1, 100)

    assert cvar_interval(losses, confidence=0.95, cvar=0.98)[1:] == (0.0, 1.0)


def test_cvar_interval_covers_the_true_value_about_as_often_as_it_says() -> None:
    # Losses uniform on 0..1: CVaR at .9 is .95. 400 samples of 2,000; the number of intervals
    # that cover is binomial(400, .95): mean 380, standard deviation 4.4, so 4 deviations are
    # 362..398. The seed is fixed.
    draw = np.random.default_rng(20)
    covered = 0
    for _ in range(400):
        losses = draw.random(2_000)
        estimate = cvar_interval(losses, confidence=0.9, cvar=cvar(1 - losses, confidence=0.9))
        covered += estimate.low <= 0.95 <= estimate.high

    assert 362 <= covered <= 398

"""The closed-form distribution of the latent score against quadrature."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from scenarios.simulation.dependence.latent_law import LatentLaw
from scenarios.simulation.dependence.macro_law import macro_law
from tests.scenarios.simulation.dependence.test_macro_law import LOPSIDED, THREE, regimes

NARROW_RANGES = regimes((0.5, -1.0, -0.999), (0.5, 1.0, 1.0))
RARE_BOOM = regimes((0.9999, -0.1, 0.0), (0.0001, 5.0, 10.0))
LAWS = {
    name: LatentLaw(macro=macro_law(rows), macro_loading=math.sqrt(0.056238))
    for name, rows in {
        "default": THREE,
        "lopsided": LOPSIDED,
        "narrow": NARROW_RANGES,
        "rare": RARE_BOOM,
    }.items()
}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


def by_quadrature(law: LatentLaw, z: float, *, upper: bool) -> float:
    """Average of the normal tail over each shock range, by adaptive quadrature."""
    tail = stats.norm.sf if upper else stats.norm.cdf
    spread = math.sqrt(1 - law.macro_loading**2)
    total = 0.0
    rows = zip(law.macro.probabilities, law.macro.lows, law.macro.highs, strict=True)
    for probability, low, high in rows:

        def inside(factor: float) -> float:
            return float(tail((z - law.macro_loading * factor) / spread))

        if high == low:
            total += probability * inside(low)
        else:
            area, _ = integrate.quad(inside, low, high, epsabs=0, epsrel=1e-12)
            total += probability * area / (high - low)
    return total


@every_law
def test_both_tails_agree_with_quadrature_in_relative_terms(law: LatentLaw) -> None:
    scores = np.linspace(-6, 6, 25)
    for upper, found in ((False, law.lower(scores)), (True, law.upper(scores))):
        expected = [by_quadrature(law, z, upper=upper) for z in scores]
        # Six deviations out the closed form loses the factor 36 of 2e-16, quadrature is at 1e-12.
        np.testing.assert_allclose(found, expected, rtol=2e-12, atol=0)


@every_law
def test_tails_sum_to_one(law: LatentLaw) -> None:
    scores = np.linspace(-5, 5, 101)
    both = law.lower(scores) + law.upper(scores)
    # The difference of two integrals of size 5 over a range of width .06 costs 2e-14.
    np.testing.assert_allclose(both, 1.0, rtol=0, atol=1e-13)


@every_law
@pytest.mark.parametrize("probability", [1e-9, 1e-4, 0.3, 0.5, 0.658, 0.9999, 1 - 1e-7])
def test_quantile_undoes_the_distribution_function(law: LatentLaw, probability: float) -> None:
    z = np.array([law.quantile(probability)])
    assert law.lower(z)[0] == pytest.approx(probability, rel=1e-12)
    assert law.upper(z)[0] == pytest.approx(1 - probability, rel=1e-9)


def test_score_has_mean_zero_and_variance_one() -> None:
    # E[z] = integral of upper - integral of lower over positive distances; E[z^2] likewise.
    law = LAWS["lopsided"]
    z = (np.arange(200_000, dtype=np.float64) + 0.5) * 1e-4
    above, below = law.upper(z), law.lower(-z)
    assert np.sum(above - below) * 1e-4 == pytest.approx(0, abs=1e-8)
    assert np.sum(2 * z * (above + below)) * 1e-4 == pytest.approx(1, abs=1e-7)


@every_law
def test_table_range_leaves_out_next_to_nothing(law: LatentLaw) -> None:
    ends = np.array([law.lowest, law.highest])
    assert law.lower(ends)[0] < 1e-10
    assert law.upper(ends)[1] < 1e-10


@every_law
def test_quantiles_found_together_are_those_found_alone(law: LatentLaw) -> None:
    probabilities = (1e-9, 0.2, 0.5, 0.66, 1 - 1e-9)
    together = LatentLaw(
        macro=law.macro, macro_loading=law.macro_loading, likely_probabilities=probabilities
    )
    for probability in probabilities:
        alone = LatentLaw(macro=law.macro, macro_loading=law.macro_loading)
        assert together.quantile(probability) == alone.quantile(probability)


def test_likely_probabilities_do_not_make_it_another_law() -> None:
    law = LAWS["default"]
    same = LatentLaw(macro=law.macro, macro_loading=law.macro_loading, likely_probabilities=(0.3,))
    same.quantile(0.4)
    assert same == law
    assert hash(same) == hash(law)

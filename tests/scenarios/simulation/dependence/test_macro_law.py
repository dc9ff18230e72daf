"""The macro factor: mean 0, variance 1, and label and shock from one uniform."""

import numpy as np
import pytest

from scenarios.simulation.configuration.parameters import Regime
from scenarios.simulation.dependence.macro_law import macro_law, shock_moments


def regimes(*rows: tuple[float, float, float]) -> list[Regime]:
    return [
        Regime(name=f"r{number}", probability=p, shock_min=low, shock_max=high)
        for number, (p, low, high) in enumerate(rows)
    ]


THREE = regimes((0.25, -1.0, -0.3), (0.5, -0.3, 0.3), (0.25, 0.3, 1.0))
LOPSIDED = regimes((0.7, -1.0, -0.5), (0.3, 0.8, 1.0))


def test_moments_of_the_default_regimes_worked_by_hand() -> None:
    # Mean 0 by symmetry. Variance: 2 * .25 * (.7^2/12 + .65^2) + .5 * .6^2/12 = .2466667
    mean, variance = shock_moments(THREE)
    assert mean == pytest.approx(0.0, abs=1e-16)
    assert variance == pytest.approx(0.2466666667)


@pytest.mark.parametrize("rows", [THREE, LOPSIDED], ids=["default", "lopsided"])
def test_factor_has_mean_zero_and_variance_one(rows: list[Regime]) -> None:
    # Midpoints of 100,000 equal steps: the error of the second moment is about 1e-10.
    factor = macro_law(rows).factor((np.arange(100_000) + 0.5) / 100_000)
    assert factor.mean() == pytest.approx(0, abs=1e-9)
    assert factor.var() == pytest.approx(1, abs=1e-9)


def test_worst_regime_takes_the_lowest_uniforms() -> None:
    # Below .7 the first regime, from its low end up: u = .35 is half-way, shock -.75.
    law = macro_law(LOPSIDED)
    mean, variance = shock_moments(LOPSIDED)
    expected = (np.array([-0.75, 0.9]) - mean) / np.sqrt(variance)
    np.testing.assert_allclose(law.factor(np.array([0.35, 0.85])), expected, rtol=1e-14, atol=0)


def test_factor_rises_with_the_uniform() -> None:
    factor = macro_law(THREE).factor(np.linspace(1e-9, 1 - 1e-9, 5001))
    assert np.all(np.diff(factor) > 0)


def test_impossible_regime_leaves_no_trace() -> None:
    with_impossible = regimes((0.0, -9.0, -8.0), (0.7, -1.0, -0.5), (0.3, 0.8, 1.0))
    assert macro_law(with_impossible) == macro_law(LOPSIDED)

"""The law of a score under the t copula against scipy's t distributions.

Without macro loading a score follows Student's t law. Given the macro factor it is c times a
noncentral t with noncentrality a_m G / c, to be averaged over the factor.
"""

import math

import numpy as np
import pytest
from scipy import stats

from scenarios.simulation.configuration.parameters import Regime
from scenarios.simulation.dependence.latent_law import LatentLaw
from scenarios.simulation.dependence.macro_law import macro_law
from scenarios.simulation.dependence.student_law import StudentLaw
from tests.scenarios.simulation.dependence.test_macro_law import LOPSIDED, THREE, regimes

DEGREES = [3, 4, 7, 30, 100]
SQUARED_LOADINGS = [0.0, 0.056238, 0.6]


def law(degrees: int, squared_loading: float, rows: list[Regime] = THREE) -> StudentLaw:
    latent = LatentLaw(macro=macro_law(rows), macro_loading=math.sqrt(squared_loading))
    return StudentLaw(latent=latent, degrees_of_freedom=degrees)


def by_noncentral_t(student: StudentLaw, z: float, *, upper: bool) -> float:
    """Average of the noncentral t tail over each shock range, by Gauss-Legendre quadrature."""
    sign = 1.0 if upper else -1.0
    nodes, weights = np.polynomial.legendre.leggauss(40)
    part, macro = student.latent.normal_part, student.latent.macro
    total = 0.0
    for probability, low, high in zip(macro.probabilities, macro.lows, macro.highs, strict=True):
        factor = low + (high - low) * (nodes + 1) / 2
        shift = sign * student.latent.macro_loading * factor / part
        tails = stats.nct.sf(sign * z / part, student.degrees_of_freedom, shift)
        total += probability * float(tails @ weights) / 2
    return total


@pytest.mark.parametrize("degrees", DEGREES)
def test_without_macro_factor_scores_follow_students_law(degrees: int) -> None:
    student = law(degrees, 0.0)
    z = np.array([0.0, 0.01, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 50.0, 400.0])
    z = z[stats.t.sf(z, degrees) > 1e-13]
    expected = stats.t.sf(z, degrees)
    # Cubics over cells of 1/512 and a trapezoid rule leave 1e-9 at nu = 100, less at others.
    np.testing.assert_allclose(student.upper(z), expected, rtol=1e-8, atol=0)
    np.testing.assert_allclose(student.lower(-z), expected, rtol=1e-8, atol=0)
    np.testing.assert_allclose(student.lower(z), 1 - expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("degrees", [3, 7, 30])
@pytest.mark.parametrize("rows", [THREE, LOPSIDED], ids=["default", "lopsided"])
def test_both_tails_agree_with_averaged_noncentral_laws(degrees: int, rows: list[Regime]) -> None:
    for squared_loading in SQUARED_LOADINGS[1:]:
        student = law(degrees, squared_loading, rows)
        for z in (-6.0, -2.0, -0.3, 0.0, 0.4, 1.5, 4.0):
            for upper, found in ((True, student.upper), (False, student.lower)):
                expected = by_noncentral_t(student, z, upper=upper)
                # scipy's noncentral t is good to about 1e-9 of 1 where noncentralities are small.
                assert found(np.array([z]))[0] == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("degrees", DEGREES)
@pytest.mark.parametrize("probability", [1e-20, 1e-9, 1e-4, 0.3, 0.5, 0.658, 0.9999, 1 - 1e-7])
def test_quantile_undoes_the_distribution_function(degrees: int, probability: float) -> None:
    student = law(degrees, 0.2)
    z = np.array([student.quantile(probability)])
    assert student.lower(z)[0] == pytest.approx(probability, rel=1e-9)
    assert student.upper(z)[0] == pytest.approx(1 - probability, rel=1e-8)


@pytest.mark.parametrize("degrees", DEGREES)
def test_distribution_function_never_falls(degrees: int) -> None:
    student = law(degrees, 0.3)
    z = np.sort(np.concatenate([np.linspace(-9, 9, 4001), np.linspace(-3000, 3000, 4001)]))
    # Where the law is flat, rounding of 1 - tail moves it by a few units in the last place.
    assert np.all(np.diff(student.lower(z)) > -1e-15)
    assert np.all(np.diff(student.upper(z)) < 1e-15)


@pytest.mark.parametrize("degrees", DEGREES)
def test_table_range_leaves_out_next_to_nothing(degrees: int) -> None:
    student = law(degrees, 0.056238)
    assert 0 < student.lower(np.array([student.lowest]))[0] < 1.1e-10
    assert 0 < student.upper(np.array([student.highest]))[0] < 1.1e-10


@pytest.mark.parametrize("degrees", [3, 30, 80, 100])
def test_law_of_nearly_all_macro_scores_has_an_end(degrees: int) -> None:
    # One wide regime and a tenth of noise: at 80 degrees tails fall from 1e-12 to nothing at once.
    student = law(degrees, 0.99, regimes((1.0, -1.0, 1.0)))
    z = np.linspace(0, 6, 601)
    for tail, sign in ((student.upper, 1.0), (student.lower, -1.0)):
        found = tail(sign * z)
        assert found[0] == pytest.approx(0.5, abs=1e-12)
        assert np.all(found >= 0)
        # Where next to nothing is left interpolation may swing by as little.
        assert np.all(np.diff(found) < 1e-15)
    assert 1.5 < student.highest < 3000


def test_law_nears_the_gaussian_one_as_one_over_the_degrees() -> None:
    z = np.linspace(-5, 5, 201)
    distances = [
        float(np.max(np.abs(law(degrees, 0.3).lower(z) - law(degrees, 0.3).latent.lower(z))))
        for degrees in (25, 50, 100)
    ]
    # The first term of the expansion in 1 / nu; the next is smaller by another 1 / nu.
    assert distances[0] / distances[1] == pytest.approx(2, rel=0.05)
    assert distances[1] / distances[2] == pytest.approx(2, rel=0.03)
    assert distances[2] < 0.002

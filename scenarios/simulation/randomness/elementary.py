"""Elementary functions whose results have the same bits on every processor.

They use only operations that IEEE 754 defines exactly (+ - * / sqrt, comparisons, rint, frexp,
ldexp). The exp, log and pow of a C library or of numpy differ between processors in the last
bits, so no number that reaches a scenario matrix may pass through those. Errors are about 1e-15.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# ln 2 in two parts: the first has 21 trailing zero bits, so n * LN2_HIGH is exact for |n| < 2**20.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
ONE_OVER_LN2 = 1.44269504088896338700e00
SQRT_HALF = 0.70710678118654752440
ONE_OVER_SQRT_TWO_PI = 0.39894228040143267794
ONE_OVER_SQRT_PI = 0.56418958354775628695

EXP_IS_ZERO_BELOW = -800.0
BELL_IS_ZERO_FROM = 16 * 28
"""In sixteenths: exp(-28^2) is below the smallest number."""
# |x| <= ln(2) / 2 is left: the first neglected term is below 1e-19.
EXP_TAYLOR = tuple(1.0 / math.factorial(degree) for degree in range(15))
# |(m - 1) / (m + 1)| <= 0.1716 for m in [sqrt(1/2), sqrt(2)]: its 26th power is below 2e-20.
LOG_ATANH = (0.0, *(1.0 / (2 * term + 1) for term in range(1, 13)))


def exp(x: FloatArray) -> FloatArray:
    """e**x, elementwise, for x below 709; 0 below about -745."""
    x = np.maximum(x, EXP_IS_ZERO_BELOW)
    powers_of_two = np.rint(x * ONE_OVER_LN2)
    rest = (x - powers_of_two * LN2_HIGH) - powers_of_two * LN2_LOW
    return np.ldexp(_polynomial(rest, EXP_TAYLOR), powers_of_two.astype(np.int32))


def log(x: FloatArray) -> FloatArray:
    """The natural logarithm of positive normal numbers, elementwise."""
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    is_low = mantissa < SQRT_HALF
    mantissa = np.where(is_low, mantissa + mantissa, mantissa)
    power = (exponent - is_low).astype(np.float64)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = _polynomial(ratio * ratio, LOG_ATANH)
    return power * LN2_HIGH + (power * LN2_LOW + 2.0 * (ratio + ratio * series))


def power(base: FloatArray, exponent: float) -> FloatArray:
    """base**exponent for positive bases, elementwise; exact 1 for base 1."""
    return exp(exponent * log(base))


def normal_density(x: FloatArray) -> FloatArray:
    """The density of the standard normal."""
    return ONE_OVER_SQRT_TWO_PI * _exp_of_minus_square(np.asarray(x) * SQRT_HALF)


def normal_upper_tail(x: FloatArray) -> FloatArray:
    """P(N > x) for a standard normal N, accurate in relative terms for x > 0.

    Source: W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of
    Computation 23 (1969), with the coefficients of his CALERF.
    """
    return normal_tail_and_density(x)[0]


def normal_tail_and_density(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``normal_upper_tail`` and ``normal_density``, which share their exponential."""
    scaled = np.asarray(x, dtype=np.float64) * SQRT_HALF
    size = np.abs(scaled)
    bell = _exp_of_minus_square(size)
    near = size <= 0.46875
    far = size > 4.0
    middle = ~(near | far)
    tail = np.empty_like(size)
    tail[near] = 1.0 - _erf_near_zero(size[near])
    tail[middle] = bell[middle] * _ratio(size[middle], CODY_C, CODY_D)
    tail[far] = _erfc_far(size[far], bell[far])
    return 0.5 * np.where(scaled < 0.0, 2.0 - tail, tail), ONE_OVER_SQRT_TWO_PI * bell


def normal_quantile(probability: FloatArray) -> FloatArray:
    """The x with P(N <= x) = probability, for probabilities strictly between 0 and 1.

    For a small upper tail w call ``-normal_quantile(w)``; 1 - w would lose its digits.
    Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988), routine PPND16.
    """
    p = np.asarray(probability, dtype=np.float64)
    centred = p - 0.5
    is_central = np.abs(centred) <= 0.425
    quantile = np.empty_like(p)
    middle = centred[is_central]
    r = 0.180625 - middle * middle
    quantile[is_central] = middle * _ratio(r, AS241_A, AS241_B)
    tail_p = p[~is_central]
    distance = np.sqrt(-log(np.minimum(tail_p, 1.0 - tail_p)))
    size = np.where(
        distance <= 5.0,
        _ratio(distance - 1.6, AS241_C, AS241_D),
        _ratio(distance - 5.0, AS241_E, AS241_F),
    )
    quantile[~is_central] = np.where(tail_p < 0.5, -size, size)
    return quantile


def _exp_of_minus_square(x: FloatArray) -> FloatArray:
    # The square of x cut to sixteenths is exact, so no error of x * x is blown up by exp.
    sixteenths = np.trunc(x * 16.0)
    cut = sixteenths * 0.0625
    index = np.minimum(np.abs(sixteenths), BELL_IS_ZERO_FROM).astype(np.intp)
    return _bell_at_sixteenths()[index] * exp(-(x - cut) * (x + cut))


@lru_cache(maxsize=1)
def _bell_at_sixteenths() -> FloatArray:
    cut = np.arange(BELL_IS_ZERO_FROM + 1) * 0.0625
    return exp(-cut * cut)


def _erf_near_zero(x: FloatArray) -> FloatArray:
    square = x * x
    return x * _ratio(square, CODY_A, CODY_B)


def _erfc_far(x: FloatArray, bell: FloatArray) -> FloatArray:
    inverse_square = 1.0 / (x * x)
    correction = inverse_square * _ratio(inverse_square, CODY_P, CODY_Q)
    return bell * (ONE_OVER_SQRT_PI - correction) / x


def _ratio(
    x: FloatArray, numerator: tuple[float, ...], denominator: tuple[float, ...]
) -> FloatArray:
    return _polynomial(x, numerator) / _polynomial(x, denominator)


def _polynomial(x: FloatArray, coefficients: tuple[float, ...]) -> FloatArray:
    """The polynomial with these coefficients, constant term first, by Horner's rule."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total *= x
        total += coefficient
    return total


CODY_A = (
    3.20937758913846947e03,
    3.77485237685302021e02,
    1.13864154151050156e02,
    3.16112374387056560e00,
    1.85777706184603153e-1,
)
CODY_B = (
    2.84423683343917062e03,
    1.28261652607737228e03,
    2.44024637934444173e02,
    2.36012909523441209e01,
    1.0,
)
CODY_C = (
    1.23033935479799725e03,
    2.05107837782607147e03,
    1.71204761263407058e03,
    8.81952221241769090e02,
    2.98635138197400131e02,
    6.61191906371416295e01,
    8.88314979438837594e00,
    5.64188496988670089e-1,
    2.15311535474403846e-8,
)
CODY_D = (
    1.23033935480374942e03,
    3.43936767414372164e03,
    4.36261909014324716e03,
    3.29079923573345963e03,
    1.62138957456669019e03,
    5.37181101862009858e02,
    1.17693950891312499e02,
    1.57449261107098347e01,
    1.0,
)
CODY_P = (
    6.58749161529837803e-4,
    1.60837851487422766e-2,
    1.25781726111229246e-1,
    3.60344899949804439e-1,
    3.05326634961232344e-1,
    1.63153871373020978e-2,
)
CODY_Q = (
    2.33520497626869185e-3,
    6.05183413124413191e-2,
    5.27905102951428412e-1,
    1.87295284992346047e00,
    2.56852019228982242e00,
    1.0,
)
AS241_A = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
AS241_B = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
AS241_C = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
AS241_D = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
AS241_E = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
AS241_F = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)

"""Confidence intervals of probabilities estimated with a standard error."""

import math
from statistics import NormalDist

CONFIDENCE = 0.95

ROUNDING = 1e-12
"""Sums of many shares miss 0 and 1 by less than this; an estimate cannot come so near them."""


def log_log_interval(*, estimate: float, standard_error: float) -> tuple[float, float] | None:
    """The 95 % interval F^exp(+- z se / (F |ln F|)) of an estimate F strictly inside (0, 1).

    It is symmetric for ln(-ln F) and so stays inside (0, 1). None at 0 and 1, where nothing of
    the kind, or nothing else, was seen and the standard error of 0 would feign certainty.

    Source: J. B. Choudhury, Statistics in Medicine 21 (2002) 1129-1144, log(-log) transform.
    """
    if not ROUNDING < estimate < 1.0 - ROUNDING:
        return None
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    shift = -z * standard_error / (estimate * math.log(estimate))
    # Beyond exp(700) floats end; long before it the power is 0 to every digit.
    return estimate ** math.exp(min(shift, 700.0)), estimate ** math.exp(-shift)

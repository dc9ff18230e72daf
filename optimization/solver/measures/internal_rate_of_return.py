"""The internal rate of return of each scenario's yearly calls and distributions.

First cheques are paid at the start of year 0. Everything else falls in the middle of its year,
as it does on average: taken at the start of its year, money would be returned half a year early.

Flows that change sign more than once can have several rates, or none. Reported is the rate on the
side of 0 on which the money is (above 0 if more comes back than is paid), and there the one nearest
to 0. Below 0 there may be none, when a call follows the last distribution. Then that call is taken
out of the distributions before it, as if they had been kept for it.
"""

import numpy as np
import pyxirr
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TOTAL_LOSS = -1.0
SCENARIOS_AT_ONCE = 8_192

SEARCHED_AT_ONCE = 512
SEARCH_STEPS = 1_024
"""Steps over the discount factor of half a year from 1 to 0 (below 0 over its inverse). Two rates
closer than a step are passed over together, as if the flows did not quite reach them."""
ROUNDING = 1e-12
"""Of the money that moves: less than this, more or less, and the money is exactly back."""
LARGEST_CORRECTION = 1e-6
"""Of a rate that was found: a thousand times what it is known to be off by. More would mean that
two rates are so close that a step of Newton's method may go astray."""
HALVINGS = 60
"""A step halved that often is below the spacing of doubles."""


def internal_rates_of_return(*, calls: FloatArray, distributions: FloatArray) -> FloatArray:
    """(S,) float64 yearly rates, at least -1: .15 is 15 % a year; -1 if nothing comes back.

    ``calls`` and ``distributions`` are (years, S) of at least 0, in the same unit; something must
    be called in year 0 of every scenario.

    A rate is unique if the running sums of the flows change sign once: C. J. Norstrom, A sufficient
    condition for a unique nonnegative internal rate of return, Journal of Financial and
    Quantitative Analysis 7 (1972); read from the end, the same holds below 0.

    >>> calls, distributions = np.zeros((2, 6, 1))
    >>> calls[0], distributions[5] = 1.0, 2.0  # doubled after 5.5 years
    >>> internal_rates_of_return(calls=calls, distributions=distributions).round(4).tolist()
    [0.1343]

    :raises ValueError: if the flows do not have that form
    """
    _check(calls, distributions)
    rates = np.empty(calls.shape[1])
    for first in range(0, len(rates), SCENARIOS_AT_ONCE):
        part = slice(first, first + SCENARIOS_AT_ONCE)
        flows = half_yearly_flows(calls=calls[:, part], distributions=distributions[:, part])
        has_return = np.any(distributions[:, part] > 0.0, axis=0)
        rates[part] = _rates(flows, has_return)
    return rates


def half_yearly_flows(*, calls: FloatArray, distributions: FloatArray) -> FloatArray:
    """(S, 2 years) net flows at the times 0, 1/2, 1, 3/2, ... years."""
    years, scenarios = calls.shape
    flows = np.zeros((scenarios, 2 * years))
    flows[:, 1::2] = distributions.T
    flows[:, 3::2] -= calls[1:].T
    flows[:, 0] = -calls[0]
    return flows


def _check(calls: FloatArray, distributions: FloatArray) -> None:
    if calls.ndim != 2 or calls.shape != distributions.shape or not calls.size:
        raise ValueError("calls and distributions must have the same shape (years, scenarios)")
    for flows in (calls, distributions):
        if not np.all(np.isfinite(flows)) or np.any(flows < 0.0):
            raise ValueError("calls and distributions must be finite and at least 0")
    if np.any(calls[0] <= 0.0):
        raise ValueError("every scenario must call something in year 0")


def _rates(flows: FloatArray, has_return: NDArray[np.bool_]) -> FloatArray:
    totals, is_unique = _totals_and_uniqueness(flows)
    totals[np.abs(totals) <= ROUNDING * np.abs(flows).sum(axis=1)] = 0.0
    half_yearly = np.where(has_return, 0.0, TOTAL_LOSS)
    is_open = has_return & (totals != 0.0)
    half_yearly[is_open & is_unique] = _unique_rates(flows[is_open & is_unique])
    is_open &= ~is_unique | ~(half_yearly * totals > 0.0)
    half_yearly[is_open] = _nearest_rates(flows[is_open], totals[is_open])
    return (1.0 + half_yearly) * (1.0 + half_yearly) - 1.0


def _unique_rates(flows: FloatArray) -> FloatArray:
    """Half-yearly rates by pyxirr, which stops at about 1e-9, and one step of Newton's method;
    nan where it finds none."""
    found = [pyxirr.irr(scenario, silent=True) for scenario in flows]
    rates = np.array([np.nan if rate is None else rate for rate in found], dtype=np.float64)
    is_gain = rates > 0.0
    # Discount factors of gains and growth factors of losses: inside (0, 1), so no power overflows.
    polynomials = np.where(is_gain[:, None], flows, flows[:, ::-1])
    factors = np.where(is_gain, 1.0 / (1.0 + rates), 1.0 + rates)
    values, slopes = _values(polynomials, factors[:, None]), _slopes(polynomials, factors[:, None])
    steps = np.divide(values, slopes, out=np.zeros_like(values), where=slopes != 0.0)[:, 0]
    is_small = np.abs(steps) <= LARGEST_CORRECTION * factors
    factors = np.where(is_small, factors - steps, factors)
    return np.where(is_gain, 1.0 / factors, factors) - 1.0


def _totals_and_uniqueness(flows: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The sums of all flows, and whether one rate alone lies on the side of 0 that they say."""
    sums = np.cumsum(flows, axis=1)
    was_above = np.logical_or.accumulate(sums > 0.0, axis=1)
    unique_above = ~np.any(was_above & (sums < 0.0), axis=1)
    from_end = np.cumsum(flows[:, ::-1], axis=1)
    was_below = np.logical_or.accumulate(from_end < 0.0, axis=1)
    unique_below = ~np.any(was_below & (from_end > 0.0), axis=1) & np.any(from_end > 0.0, axis=1)
    totals = sums[:, -1]
    return totals, np.where(totals > 0.0, unique_above, unique_below)


def _nearest_rates(flows: FloatArray, totals: FloatArray) -> FloatArray:
    """The half-yearly rates on the side of 0 that the totals say and nearest to 0."""
    growth = np.empty(len(flows))
    is_gain = totals > 0.0
    # At discount factor 0 only the first cheque counts, so a gain always has a rate.
    growth[is_gain] = 1.0 / _largest_roots(flows[is_gain])
    growth[~is_gain] = _shrinkage(flows[~is_gain])
    return growth - 1.0


def _shrinkage(flows: FloatArray) -> FloatArray:
    """Growth factors below 1 of flows that lose money; 0 if nothing is left after late calls."""
    backwards = flows[:, ::-1]
    backwards = _without_first(backwards, np.argmax(backwards != 0.0, axis=1))
    growth = _largest_roots(backwards)
    has_none = np.isnan(growth)
    sums = np.cumsum(backwards[has_none], axis=1)
    covered = np.argmax(sums > 0.0, axis=1)
    after_late_calls = _without_first(backwards[has_none], covered)
    after_late_calls[:, 0] = np.take_along_axis(sums, covered[:, None], axis=1)[:, 0]
    is_something_left = np.any(sums > 0.0, axis=1)
    growth[has_none] = np.where(is_something_left, _largest_roots(after_late_calls), 0.0)
    return growth


def _without_first(rows: FloatArray, dropped: NDArray[np.intp]) -> FloatArray:
    """Each row without so many of its first entries, filled up with zeros at the end."""
    columns = np.arange(rows.shape[1]) + dropped[:, None]
    shifted = np.take_along_axis(rows, np.minimum(columns, rows.shape[1] - 1), axis=1)
    return np.where(columns < rows.shape[1], shifted, 0.0)


def _largest_roots(polynomials: FloatArray) -> FloatArray:
    """For each row of coefficients, constant term first, the largest root inside (0, 1); nan where
    there is none."""
    blocks = [
        _largest_roots_of_few(polynomials[first : first + SEARCHED_AT_ONCE])
        for first in range(0, len(polynomials), SEARCHED_AT_ONCE)
    ]
    return np.concatenate([np.empty(0), *blocks])


def _largest_roots_of_few(polynomials: FloatArray) -> FloatArray:
    grid = np.arange(SEARCH_STEPS, -1, -1) / SEARCH_STEPS
    is_above = _values(polynomials, grid[None, :]) > 0.0
    starts_above = is_above[:, :1]
    has_crossed = is_above != starts_above
    step = np.argmax(has_crossed, axis=1)
    high, low = grid[np.maximum(step - 1, 0)][:, None], grid[step][:, None]
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        is_before = (_values(polynomials, middle) > 0.0) == starts_above
        high, low = np.where(is_before, middle, high), np.where(is_before, low, middle)
    return np.where(has_crossed.any(axis=1), high[:, 0], np.nan)


def _slopes(polynomials: FloatArray, points: FloatArray) -> FloatArray:
    powers = np.arange(1, polynomials.shape[1])
    return _values(polynomials[:, 1:] * powers, points)


def _values(polynomials: FloatArray, points: FloatArray) -> FloatArray:
    """Horner's rule; ``points`` (1 or rows, points)."""
    values = np.zeros((len(polynomials), points.shape[1]))
    for coefficients in polynomials.T[::-1]:
        values *= points
        values += coefficients[:, None]
    return values

"""The exit law: median and 90 % quantile as given, and its two directions agree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scenarios.simulation.configuration.parameters import ExitLaw
from scenarios.simulation.deals.exit_multiples import ExitMultiples
from scenarios.simulation.randomness.elementary import FloatArray

PARETO = ExitLaw(law="lognormal_pareto", tail_index=1.5, multiple_cap=300.0)
LOGNORMAL = ExitLaw(law="lognormal", tail_index=None, multiple_cap=None)

CUT_PARETO = ExitLaw(law="pareto", tail_index=None, multiple_cap=300.0)


def at_rank(exits: ExitMultiples, rank: FloatArray) -> FloatArray:
    return exits.quantile(rank_normal=stats.norm.ppf(rank), upper_tail=1 - rank)


@pytest.mark.parametrize(
    "law", [PARETO, LOGNORMAL, CUT_PARETO], ids=["pareto tail", "lognormal", "pareto"]
)
def test_median_and_p90_are_those_given(law: ExitLaw) -> None:
    exits = ExitMultiples(law=law, median=2.1, p90=13.5)
    np.testing.assert_allclose(at_rank(exits, np.array([0.5, 0.9])), [2.1, 13.5], rtol=1e-12)


def test_pareto_tail_worked_by_hand() -> None:
    # Tail index 1, P90 10, cap 100: an uncut tail leaves 10 / 100 = .1 above the cap.
    # Half-way through the upper tenth (rank .95): 10 / (.1 + .9 * .5) = 18.1818
    law = ExitLaw(law="lognormal_pareto", tail_index=1.0, multiple_cap=100.0)
    exits = ExitMultiples(law=law, median=2.0, p90=10.0)
    np.testing.assert_allclose(at_rank(exits, np.array([0.95])), 10 / 0.55, rtol=1e-12)


def test_best_exit_reaches_the_cap_and_no_more() -> None:
    exits = ExitMultiples(law=PARETO, median=2.1, p90=13.5)
    best = exits.quantile(rank_normal=np.array([38.0]), upper_tail=np.array([0.0]))
    np.testing.assert_allclose(best, 300.0, rtol=1e-13)


def test_pareto_without_a_cap_is_refused() -> None:
    law = ExitLaw(law="pareto", tail_index=None, multiple_cap=None)
    with pytest.raises(ValueError, match="needs a cap"):
        at_rank(ExitMultiples(law=law, median=2.0, p90=8.0), np.array([0.5]))


def test_lognormal_has_no_kink_at_the_ninetieth_percentile() -> None:
    exits = ExitMultiples(law=LOGNORMAL, median=2.0, p90=8.0)
    # ln X is linear in the normal quantile: at twice the quantile of .9 it is 2 * (8 / 2)^2.
    twice = np.array([2 * stats.norm.ppf(0.9)])
    found = exits.quantile(rank_normal=twice, upper_tail=stats.norm.sf(twice))
    np.testing.assert_allclose(found, 32.0, rtol=1e-12)


laws = st.one_of(
    st.just(LOGNORMAL),
    # A cap so far away that every ratio below has a solution.
    st.builds(
        ExitLaw,
        law=st.just("pareto"),
        tail_index=st.none(),
        multiple_cap=st.floats(1e4, 1e6),
    ),
    st.builds(
        ExitLaw,
        law=st.just("lognormal_pareto"),
        tail_index=st.floats(0.1, 10),
        multiple_cap=st.floats(1e4, 1e6),
    ),
)


@settings(deadline=None)
@given(law=laws, median=st.floats(0.01, 100), ratio=st.floats(1.01, 15))
def test_multiples_rise_with_the_rank_and_the_tail_undoes_them(
    law: ExitLaw, median: float, ratio: float
) -> None:
    exits = ExitMultiples(law=law, median=median, p90=median * ratio)
    rank_normal = np.linspace(-5, 5, 401)
    tail = stats.norm.sf(rank_normal)
    multiples = exits.quantile(rank_normal=rank_normal, upper_tail=tail)
    assert np.all(np.isfinite(multiples))
    assert np.all(multiples > 0)
    assert np.all(np.diff(multiples) >= 0)
    # Near the cap of a steep tail the multiple barely moves with the rank: compare tails above
    # the resolution of the survival function there.
    np.testing.assert_allclose(exits.upper_tail(multiples), tail, rtol=1e-6, atol=1e-9)

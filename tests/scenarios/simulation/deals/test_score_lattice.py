"""Where the cells of a lattice of scores lie."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.deals.outcome_paths import OutcomePaths, RoundRates, outcome_paths
from scenarios.simulation.deals.score_lattice import score_lattice
from scenarios.simulation.dependence.latent_law import LatentLaw
from scenarios.simulation.dependence.macro_law import macro_law
from scenarios.simulation.dependence.score_law import ScoreLaw
from scenarios.simulation.dependence.student_law import StudentLaw
from tests.scenarios.simulation.dependence.test_macro_law import THREE

GAUSSIAN_LAW = LatentLaw(macro=macro_law(THREE), macro_loading=math.sqrt(0.1))
FAILURES = [0.0, 1e-12, 1e-6, 0.01, 0.5, 0.9, 0.999, 1 - 1e-4]


def student(degrees: int) -> StudentLaw:
    return StudentLaw(latent=GAUSSIAN_LAW, degrees_of_freedom=degrees)


def paths(failure: float) -> OutcomePaths:
    """Companies that end in their only round."""
    return outcome_paths(
        rounds=[RoundRates(exit=1.0 - failure, graduate=0.0, fail=failure, years=1.0)],
        max_rounds=1,
    )


LAWS: dict[str, ScoreLaw] = {"gaussian": GAUSSIAN_LAW, "t3": student(3), "t30": student(30)}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())


@every_law
@pytest.mark.parametrize("failure", FAILURES)
def test_failure_boundary_is_an_edge(law: ScoreLaw, failure: float) -> None:
    lattice = score_lattice(latent=law, paths=paths(failure))
    assert np.all(np.diff(lattice.edges) > 0)
    if failure == 0.0:
        assert lattice.failure_cells == 0
    else:
        boundary = lattice.edges[lattice.failure_cells]
        # An edge is a sum of two numbers and may be off by its last bit, times the density.
        assert law.lower(np.array([boundary]))[0] == pytest.approx(failure, rel=1e-9)


@every_law
@pytest.mark.parametrize("failure", FAILURES)
def test_lattice_covers_the_reach_of_the_law_and_both_outcomes(
    law: ScoreLaw, failure: float
) -> None:
    lattice = score_lattice(latent=law, paths=paths(failure))
    first, last = lattice.edges[0], lattice.edges[-1]
    # Quantile and reach are rounded numbers of up to 1e6.
    assert first <= law.lowest + 1e-9
    assert last >= law.highest - 1e-9
    boundary = lattice.edges[lattice.failure_cells]
    assert last - boundary > 0.99
    assert failure == 0.0 or boundary - first > 0.99


@every_law
@pytest.mark.parametrize("failure", FAILURES)
def test_cells_are_narrow_where_most_deals_are(law: ScoreLaw, failure: float) -> None:
    lattice = score_lattice(latent=law, paths=paths(failure))
    inside = (lattice.edges[:-1] > -3) & (lattice.edges[:-1] < 3)
    # Six times 1/512 at a distance of 5 from the centre, to the next power of two.
    assert np.max(np.diff(lattice.edges)[inside]) <= 8 / 512 + 1e-12


@settings(max_examples=40, deadline=None)
@given(failure=st.floats(1e-9, 1 - 1e-4), degrees=st.integers(3, 100))
def test_growing_cells_are_found_from_the_bits_of_the_distance(
    failure: float, degrees: int
) -> None:
    lattice = score_lattice(latent=student(degrees), paths=paths(failure))
    middles = (lattice.edges[1:] + lattice.edges[:-1]) / 2
    distance = middles - lattice.centre
    bits = (1.0 + np.abs(distance)).view(np.int64)
    steps = (bits >> (52 - 9)) - (1023 << 9)
    cells = lattice.cells_below_centre + np.where(distance < 0, -1 - steps, steps)
    np.testing.assert_array_equal(cells, np.arange(lattice.cells))

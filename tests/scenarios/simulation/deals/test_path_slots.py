"""The point set inside the cells of the lattice."""

import itertools

import numpy as np
from scipy import stats

from scenarios.simulation.deals.path_slots import (
    CELLS_PER_PAGE,
    path_normals,
    path_quantiles,
    time_normals,
)


def test_each_cell_has_one_quantile_in_each_sixteenth() -> None:
    sixteenths = np.sort(np.floor(path_quantiles(5000) * 16), axis=1)
    np.testing.assert_array_equal(sixteenths, np.tile(np.arange(16.0), (5000, 1)))


def test_quantiles_stay_inside_zero_and_one() -> None:
    quantiles = path_quantiles(20_000)
    assert quantiles.min() > 0
    assert quantiles.max() < 1
    assert np.all(np.isfinite(path_normals(20_000)))


def test_quantiles_fill_the_gaps_of_neighbouring_cells() -> None:
    # 1,000 cells: 16,000 quantiles, at most 2e-4 apart (three times the even distance).
    ordered = np.sort(path_quantiles(1000).ravel())
    assert np.max(np.diff(ordered)) < 2e-4


def test_high_quantiles_do_not_go_with_high_places() -> None:
    places = np.tile(np.arange(16.0), (4000, 1))
    assert abs(np.corrcoef(places.ravel(), path_quantiles(4000).ravel())[0, 1]) < 1e-3


def test_fewer_cells_are_the_first_of_more() -> None:
    np.testing.assert_array_equal(path_quantiles(10), path_quantiles(CELLS_PER_PAGE + 1)[:10])


def test_every_box_of_a_sixteenth_of_a_cell_has_one_place() -> None:
    # Score, path and time, cut into 2^a x 2^b x 2^c boxes with a + b + c = 4, whatever a, b, c.
    path = np.floor(path_quantiles(4) * 16).astype(int)
    time = np.floor(stats.norm.cdf(time_normals(4)) * 16).astype(int)
    for cell, cuts in itertools.product(range(4), itertools.product(range(5), repeat=3)):
        if sum(cuts) != 4:
            continue
        boxes = {
            tuple(
                sixteenth >> (4 - cut)
                for sixteenth, cut in zip(
                    (place, path[cell, place], time[cell, place]), cuts, strict=True
                )
            )
            for place in range(16)
        }
        assert len(boxes) == 16


def test_time_goes_neither_with_the_path_nor_with_the_score() -> None:
    places = np.tile(np.arange(16.0), (4000, 1)).ravel()
    time = stats.norm.cdf(time_normals(4000)).ravel()
    path = path_quantiles(4000).ravel()
    assert abs(np.corrcoef(places, time)[0, 1]) < 1e-3
    assert abs(np.corrcoef(path, time)[0, 1]) < 1e-3


def test_time_normals_have_mean_0_and_variance_1() -> None:
    normals = time_normals(4000)
    assert abs(normals.mean()) < 1e-4
    # 64,000 even quantiles leave the ends of the tails out.
    assert abs(normals.var() - 1) < 1e-3

"""Normals by table against scipy's inverse of the normal distribution."""

import numpy as np
from scipy import special

from scenarios.simulation.randomness.normal_tables import (
    LATTICE_PER_UNIT,
    SLOTS,
    deal_cells,
    deal_lattice_table,
    factor_normals,
    ordered_normals,
    uniforms,
)

SMALLEST_AND_LARGEST = np.array([0, 2**64 - 1], dtype=np.uint64)


def test_uniforms_stay_strictly_inside_zero_and_one() -> None:
    low, high = uniforms(SMALLEST_AND_LARGEST)
    assert low == 2.0**-53
    assert high == 1.0 - 2.0**-53


def test_uniforms_are_the_upper_52_bits_plus_a_half() -> None:
    assert uniforms(np.array([3 << 12 | 0xFFF], dtype=np.uint64))[0] == 3.5 * 2.0**-52


def test_factor_normals_agree_with_the_inverse_distribution_function() -> None:
    words = np.random.Philox(key=5).random_raw(100_000)
    tail = ((words >> np.uint64(12)).astype(float) + 0.5) * 2.0**-53
    sign = np.where(words & np.uint64(1), -1.0, 1.0)
    # Linear interpolation over 1/1024 of an octave: error below 1 / (8 * 1024^2) per unit.
    np.testing.assert_allclose(
        factor_normals(words), -special.ndtri(tail) * sign, rtol=0, atol=2e-7
    )


def test_factor_normals_are_finite_for_every_extreme_word() -> None:
    words = np.concatenate([SMALLEST_AND_LARGEST, np.array([1, 0xFFF, 2**64 - 2], dtype=np.uint64)])
    normals = factor_normals(words)
    # The outermost has tail probability 2^-54: 8.29 deviations.
    assert np.all(np.abs(normals) < 8.3)


def test_ordered_normals_are_the_quantile_of_the_word() -> None:
    words = np.sort(np.random.Philox(key=6).random_raw(100_000))
    normals = ordered_normals(words)
    np.testing.assert_allclose(normals, special.ndtri(words / 2.0**64), rtol=0, atol=2e-7)
    assert np.all(np.diff(normals) >= 0)


def test_ordered_normals_meet_in_the_middle_and_are_mirrored_by_flipping_every_bit() -> None:
    words = np.array([0, 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1], dtype=np.uint64)
    normals = ordered_normals(words)
    np.testing.assert_array_equal(ordered_normals(~words), -normals)
    assert np.all(np.abs(normals) < 8.3)
    assert abs(normals[3]) < 1e-15


def test_lowest_bit_of_the_word_is_the_sign() -> None:
    word = 0x123456789ABCDE00
    pair = factor_normals(np.array([word, word | 1], dtype=np.uint64))
    assert pair[0] == -pair[1] != 0.0


def test_deal_lattice_is_within_one_cell_of_the_exact_normal_where_multiples_are_large() -> None:
    # Below 2^14 of 2^28 (scores above 3.8) a cell of the table holds at most 4 integers.
    integers = np.arange(2**14, dtype=np.int64)
    lattice = deal_lattice_table(0.9).take(deal_cells(SLOTS * integers), mode="clip") / SLOTS
    exact = -special.ndtri((integers + 0.5) / 2**28) * 0.9 * LATTICE_PER_UNIT
    assert np.max(np.abs(lattice - exact)) <= 1.0


def test_deal_lattice_has_the_moments_of_its_loading() -> None:
    # Every 64th integer; one cell of the table in the far lower tail stands for 1/4096 of all
    # draws, which takes 1e-4 off the variance, and rounding to the lattice adds 1/12 of a cell^2.
    integers = np.arange(32, 2**28, 64, dtype=np.int64)
    normals = deal_lattice_table(1.0).take(deal_cells(SLOTS * integers), mode="clip") / (
        SLOTS * LATTICE_PER_UNIT
    )
    assert abs(normals.mean()) < 5e-5
    assert abs(normals.var() - 1.0) < 5e-4


def test_deal_lattice_falls_as_the_integer_rises() -> None:
    integers = np.arange(0, 2**28, 1009, dtype=np.int64)
    lattice = deal_lattice_table(0.9).take(deal_cells(SLOTS * integers), mode="clip")
    assert np.all(np.diff(lattice) <= 0)

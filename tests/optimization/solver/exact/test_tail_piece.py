import numpy as np
import pytest

from optimization.solver.exact import tail_piece
from optimization.solver.exact.incremental_lp import StatedProgram
from optimization.solver.exact.tail_piece import TailPiece, limit_rows

INF = np.inf


def stated(
    *,
    coefficients: list[list[float]],
    row_lower: list[float],
    row_upper: list[float],
    column_lower: list[float],
    column_upper: list[float],
) -> StatedProgram:
    return StatedProgram(
        np.array(coefficients),
        np.array(row_lower),
        np.array(row_upper),
        np.array(column_lower),
        np.array(column_upper),
        np.zeros(len(column_lower)),
    )


def test_every_bound_is_a_row_and_the_first_are_of_single_columns() -> None:
    rows = limit_rows(
        stated(
            coefficients=[[1.0, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 3.0]],
            row_lower=[1.0, -INF, 0.5],
            row_upper=[1.0, 7.0, 4.0],
            column_lower=[0.0, 0.25, -INF, -INF],
            column_upper=[0.5, 0.25, 6.0, INF],
        )
    )

    # Columns at their lower bounds, or at the upper one; the edge, the last one, is at least 0.
    assert rows.coefficients[:, :5].tolist() == np.eye(5).tolist()
    assert rows.levels[:5].tolist() == [0.0, 0.25, 6.0, 0.0, 0.0]
    assert rows.free.tolist() == [False, False, True, True, False] + [False] * 6
    others = {
        (*column.tolist(), level, bool(equal))
        for column, level, equal in zip(
            rows.coefficients.T[5:], rows.levels[5:], rows.equal[5:], strict=True
        )
    }
    assert others == {
        (-1.0, 0.0, 0.0, 0.0, 0.0, -0.5, False),
        (0.0, 0.0, -1.0, 0.0, 0.0, -6.0, False),
        (1.0, 1.0, 0.0, 0.0, 0.0, 1.0, True),
        (-2.0, 0.0, -1.0, 0.0, 0.0, -7.0, False),
        (0.0, 0.0, 0.0, 3.0, 0.0, 0.5, False),
        (0.0, 0.0, 0.0, -3.0, 0.0, -4.0, False),
    }
    # The column of which both bounds are .25.
    assert rows.equal[:5].tolist() == [False, True, False, False, False]


def two_buckets(*, single: list[int], summed: list[bool]) -> TailPiece:
    """Weights of sum 1, a tail of two scenarios of four. The first bucket returns 3, the second 1,
    but in scenario 0 nothing and .8 and in scenario 1 .2 and .9.
    """
    multiples = np.array([[0.0, 0.2, 3.0, 3.0], [0.8, 0.9, 1.0, 1.0]])
    rows = limit_rows(
        stated(
            coefficients=[[1.0, 1.0]],
            row_lower=[1.0],
            row_upper=[1.0],
            column_lower=[0.0, 0.0],
            column_upper=[1.0, 1.0],
        )
    )
    return TailPiece(
        rows,
        costs=np.array([-3.0, -1.0, 0.0]),
        weights=np.array([0, 1], dtype=np.int32),
        multiples=multiples,
        mass=2.0,
        single=np.array(single),
        summed=np.array(summed),
    )


@pytest.mark.parametrize(
    ("single", "summed"),
    [
        ([0, 1, 2, 3], [False] * 4),
        ([1, 2], [True, False, False, False]),
        ([2], [True, True, False, False]),
    ],
)
def test_scenarios_that_are_surely_in_the_tail_may_be_summed(
    single: list[int], summed: list[bool]
) -> None:
    piece = two_buckets(single=single, summed=summed)
    corner = piece.corner(np.zeros(3), held=np.arange(3), directions=np.eye(3))

    x, price = piece.go_to_minimum(corner, price=0.1, maximum=0.45)

    # CVaR is .5 (w + .2 (1 - w)) + .5 (.8 w + .1 (1 - w)) = .15 + .75 w, so w = .4, and 2 of cost
    # are gained for every .75 of it.
    assert x[:2] == pytest.approx([0.4, 0.6])
    assert price == pytest.approx(2 / 0.75)


def test_price_that_is_given_is_kept_without_a_maximum() -> None:
    piece = two_buckets(single=[0, 1, 2, 3], summed=[False] * 4)
    corner = piece.corner(np.zeros(3), held=np.arange(3), directions=np.eye(3))

    x, price = piece.go_to_minimum(corner, price=3.0, maximum=None)

    # 3 * .75 is more than the 2 that the first bucket has to offer.
    assert x[:2] == pytest.approx([0.0, 1.0])
    assert price == 3.0


def test_too_many_pivots_end_where_they_have_come_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_piece, "MOST_PIVOTS", 0)
    piece = two_buckets(single=[0, 1, 2, 3], summed=[False] * 4)
    corner = piece.corner(np.zeros(3), held=np.arange(3), directions=np.eye(3))

    x, price = piece.go_to_minimum(corner, price=0.1, maximum=0.45)

    assert x.tolist() == [0.0, 0.0, 0.0]
    assert price == 0.1

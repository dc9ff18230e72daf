import pytest

from optimization.solver.report import constraint_rows, portfolio_figures
from optimization.solver.stated.problem import CvarLimit, WeightRange
from tests.optimization.solver.problems import problem

# Four scenarios; Saas loses half in the first.
MULTIPLES = [[0.5, 2.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0]]
KEYS = ["seed/saas", "series_a/bio"]


def test_figures_are_computed_from_the_weights() -> None:
    # M = .75 1.5 1.5 2.5. Sample mean 1.5625; the exact mean of Saas is 2: 1.5. The tail of .5
    # holds losses .25 and 0. 50 deals with .05 are 2.5 winners. Uniform is .5 each.
    built = problem(
        KEYS,
        MULTIPLES,
        bucket_fields=[{"expected_multiple": 2.0}, {}],
        cvar=CvarLimit(confidence=0.5, maximum=1.0),
    )

    figures = portfolio_figures(problem=built, weights=[0.5, 0.5])

    assert figures.expected_multiple == pytest.approx(1.5)
    assert figures.sample_expected_multiple == pytest.approx(1.5625)
    assert figures.losing_scenarios == 1
    assert figures.loss_probability == 0.25
    assert figures.cvar == pytest.approx(0.125)
    assert figures.expected_winners == pytest.approx(2.5)
    assert figures.distance_to_uniform == pytest.approx(0.0)


def test_cvar_without_a_limit_is_reported_at_95_percent() -> None:
    figures = portfolio_figures(problem=problem(KEYS, MULTIPLES), weights=[0.5, 0.5])

    assert figures.cvar == pytest.approx(0.25)


def test_every_stated_limit_has_a_row_most_protected_first() -> None:
    built = problem(
        KEYS,
        MULTIPLES,
        max_loss_probability=0.5,
        cvar=CvarLimit(0.75, 0.3),
        min_expected_winners=2.0,
        max_bucket_weight=0.9,
        sectors={"bio": WeightRange(minimum=0.1, maximum=0.8)},
        stages={"seed": WeightRange(minimum=0.2), "series_a": WeightRange(maximum=0.7)},
    )

    rows = constraint_rows(
        problem=built,
        requested=built.limits,
        weights=[0.4, 0.6],
        first_pass_weights=[0.4, 0.6],
        loss_limit_costs_multiple=False,
    )

    assert [(row.id, row.type) for row in rows] == [
        ("max_loss_probability", "loss_probability"),
        ("cvar", "cvar"),
        ("stages.seed.min", "stage_minimum"),
        ("stages.series_a.max", "stage_maximum"),
        ("sectors.bio.min", "sector_minimum"),
        ("sectors.bio.max", "sector_maximum"),
        ("max_bucket_weight", "bucket_maximum"),
        ("min_expected_winners", "expected_winners"),
    ]
    # Slack is positive inside a limit, for minimums and maximums alike.
    assert [row.slack for row in rows] == pytest.approx([0.25, 0.1, 0.2, 0.1, 0.5, 0.2, 0.3, 0.5])
    assert all(row.satisfied and not row.binding and not row.relaxed for row in rows)
    assert all(row.granted == row.requested for row in rows)


def test_limit_that_stopped_the_first_pass_is_binding_though_the_second_stepped_back() -> None:
    built = problem(KEYS, MULTIPLES, max_bucket_weight=0.7)

    (row,) = constraint_rows(
        problem=built,
        requested=built.limits,
        weights=[0.69, 0.31],
        first_pass_weights=[0.7, 0.3],
        loss_limit_costs_multiple=False,
    )

    assert row.binding
    assert row.slack == pytest.approx(0.01)


def test_row_of_a_broken_limit_is_not_satisfied() -> None:
    built = problem(KEYS, MULTIPLES, max_bucket_weight=0.7)

    (row,) = constraint_rows(
        problem=built,
        requested=built.limits,
        weights=[0.8, 0.2],
        first_pass_weights=[0.8, 0.2],
        loss_limit_costs_multiple=False,
    )

    assert not row.satisfied


@pytest.mark.parametrize(
    ("limit", "costs_multiple", "binding"),
    [
        # One of four scenarios loses.
        (0.25, False, True),
        (0.49, False, True),
        (0.5, False, False),
        (0.5, True, True),
    ],
)
def test_loss_limit_binds_when_not_one_more_scenario_may_lose_or_it_costs_multiple(
    limit: float, costs_multiple: bool, binding: bool
) -> None:
    built = problem(KEYS, MULTIPLES, max_loss_probability=limit)

    (row,) = constraint_rows(
        problem=built,
        requested=built.limits,
        weights=[0.5, 0.5],
        first_pass_weights=[0.5, 0.5],
        loss_limit_costs_multiple=costs_multiple,
    )

    assert row.binding is binding

import pytest

from funds.models import Fund
from optimization.ranges.question import parse_relevant
from optimization.request.fund_facts import fund_facts
from scenarios.simulation.checked_input import InvalidInput
from tests.optimization.ranges.questions import question


def test_members_that_say_nothing_about_the_ranges_are_not_looked_at(fund: Fund) -> None:
    noisy = question(
        fund,
        name=7,
        validation_scenarios="many",
        relax="perhaps",
        time_limit_seconds=-1,
        limits={"max_loss_probability": 9, "min_expected_winners": "a few"},
    )

    assert (noisy.matrix_key, noisy.digest) == (question(fund).matrix_key, question(fund).digest)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_bucket_weight": 0.5},
        {"stages": {"seed": {"min": 0.2}}},
        {"sectors": {"saas": {"max": 0.6}}},
        {"cvar": {"confidence": 0.9, "max": 0.5}},
    ],
)
def test_policy_limits_and_the_confidence_are_part_of_the_question(
    fund: Fund, limits: dict[str, object]
) -> None:
    assert question(fund, limits=limits).digest != question(fund).digest


def test_how_much_tail_loss_is_allowed_is_no_part_of_it(fund: Fund) -> None:
    questions = [
        question(fund, limits={"cvar": {"confidence": 0.9, "max": most}})
        for most in (0.1, 0.5, "a third")
    ]

    assert len({one.digest for one in questions}) == 1


def test_standard_confidence_stands_in_for_none(fund: Fund) -> None:
    stated = question(fund, limits={"cvar": {"confidence": 0.95, "max": 0.2}})

    assert stated.digest == question(fund).digest


def test_capital_is_part_of_it_as_expected_winners_depend_on_it(fund: Fund) -> None:
    assert question(fund, capital_usd="50000000").digest != question(fund).digest


def test_equal_policies_of_another_seed_have_another_matrix(fund: Fund) -> None:
    seeded = question(fund, seed="another")

    assert seeded.digest == question(fund).digest
    assert seeded.matrix_key != question(fund).matrix_key


def test_the_rules_of_a_request_hold_for_what_is_looked_at(fund: Fund) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_relevant(
            {"limits": {"max_bucket_weight": 2, "tails": {}}, "colour": "red"},
            fund=fund_facts(fund),
        )

    assert {fault.path for fault in refused.value.faults} == {
        "colour",
        "limits.max_bucket_weight",
        "limits.tails",
    }

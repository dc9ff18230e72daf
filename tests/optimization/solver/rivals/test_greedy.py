"""The greedy allocation of buckets, worked by hand."""

from decimal import Decimal

from optimization.solver.rivals.greedy import greedy_allocation
from optimization.solver.stated.problem import WeightRange
from tests.optimization.solver.problems import problem


def test_buckets_are_ranked_by_expected_multiple_and_capped_by_the_limits() -> None:
    # 100 million. Seed must hold 20 %: its best is Bio (1.8). Then Series A Saas (2.5) up to the
    # bucket maximum of 45 %; the next, Seed Bio, up to Saas and Bio caps: 45 % in all, 25 more;
    # the last 10 % go to Seed Saas (1.2).
    built = problem(
        ["seed/saas", "seed/bio", "series_a/saas"],
        [[1.2], [1.8], [2.5]],
        max_bucket_weight=0.45,
        stages={"seed": WeightRange(minimum=0.2)},
    )

    greedy = greedy_allocation(built)

    assert greedy.dollars == {
        "seed/saas": Decimal(10_000_000),
        "seed/bio": Decimal(45_000_000),
        "series_a/saas": Decimal(45_000_000),
    }
    assert greedy.weights == {"seed/saas": 0.1, "seed/bio": 0.45, "series_a/saas": 0.45}
    assert greedy.unallocated_usd == 0


def test_bucket_whose_deal_costs_more_than_its_cap_is_skipped() -> None:
    built = problem(
        ["seed/saas", "seed/bio"],
        [[3.0], [1.5]],
        bucket_fields=[{"all_in_cost_usd": Decimal(40_000_000)}, {}],
        sectors={"saas": WeightRange(maximum=0.3)},
    )

    assert greedy_allocation(built).weights == {"seed/saas": 0.0, "seed/bio": 1.0}


def test_order_in_which_minimums_are_written_does_not_matter() -> None:
    # 100 million and deals of 60: only one minimum can be served, that of Bio.
    dear = {"all_in_cost_usd": Decimal(60_000_000)}

    def weights(sectors: list[str]) -> dict[str, float]:
        built = problem(
            ["seed/saas", "seed/bio"],
            [[1.5], [1.2]],
            bucket_fields=[dear, dear],
            sectors={name: WeightRange(minimum=0.1) for name in sectors},
        )
        return dict(greedy_allocation(built).weights)

    # Then Bio, opened, is topped up: for Saas the 40 left are less than one deal.
    assert weights(["saas", "bio"]) == weights(["bio", "saas"]) == {"seed/saas": 0, "seed/bio": 1}

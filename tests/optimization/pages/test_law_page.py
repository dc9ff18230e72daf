"""What a request states of the law, in words."""

from typing import Any

import pytest

from optimization.api.documentation.scenario_law import SCENARIO_LAW
from optimization.pages.law import MEMBERS, law_rows


@pytest.mark.parametrize("law", [None, {}])
def test_request_that_states_nothing_has_no_rows(law: dict[str, Any] | None) -> None:
    assert law_rows(law) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "exit_law",
            {"law": "lognormal_pareto", "tail_index": 1.5, "multiple_cap": 300},
            "lognormal with a Pareto tail, tail index 1.5, at most 300x",
        ),
        ("exit_law", {"law": "pareto", "multiple_cap": 100.0}, "truncated Pareto, at most 100x"),
        ("exit_law", {"law": "lognormal", "tail_index": None}, "lognormal"),
        ("copula", {"family": "gaussian"}, "Gaussian"),
        ("copula", {"family": "t", "degrees_of_freedom": 4}, "t with 4 degrees of freedom"),
        ("variance_shares", "crisis_prone", "crisis prone"),
        (
            "variance_shares",
            {"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25},
            "50% economy, 25% stages and sectors, 25% single deals",
        ),
        (
            "factor_shares",
            {"sector": 0.5, "stage": 0.2, "bucket": 0.3},
            "sector 50%, stage 20%, bucket 30%",
        ),
        ("bucket_correlation", {"buckets": ["a", "b"], "matrix": []}, "a matrix of 2 buckets"),
        ("value_path_coupling", 0.25, "0.25"),
        (
            "failure_recovery",
            {"threshold": 0.55, "maximum": 0.8},
            "at most 0.80x, nothing below rank 0.55",
        ),
        ("unspent_reserves", "returned", "returned at 1x"),
        ("unspent_reserves", "idle", "lost"),
        (
            "recycling",
            {
                "utilization_fraction": 0.5,
                "cost_multiple": 1,
                "max_deals": 3,
                "deadline_years": 6,
                "vintage_correlation": 0.5,
            },
            "50% of exits until year 6, at most 1.00x cost and 3 deals per bucket",
        ),
        ("sampling", "iid", "independent"),
        ("sampling", "sobol", "Sobol points"),
    ],
)
def test_each_member_is_told_in_words(name: str, value: Any, words: str) -> None:
    ((_, told),) = law_rows({name: value})

    assert told == words


def test_every_member_that_a_request_may_state_has_words() -> None:
    assert set(SCENARIO_LAW["properties"]) <= set(MEMBERS)


def test_member_of_a_later_release_is_told_as_it_stands() -> None:
    assert law_rows({"tides": "high"}) == [("tides", "high")]

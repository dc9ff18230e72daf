"""Where the scenarios came from and on which calibration, in words."""

from typing import Any

import pytest

from optimization.pages.scenarios import SOURCES, calibration_words, source_words
from scenarios.matrix_cache import Tier


def result(*, was_cached: bool, tier: str, matrix_seconds: float | None) -> dict[str, Any]:
    return {
        "matrix": {"was_cached": was_cached, "tier": tier},
        "timings_seconds": {"matrix": matrix_seconds},
    }


@pytest.mark.parametrize(
    ("tier", "source"),
    [
        ("redis", "read from Redis, the fast store"),
        ("postgresql", "read from PostgreSQL, the lasting store"),
        (
            "regenerated",
            "the stored copy was lost or damaged, so the same numbers were generated again",
        ),
    ],
)
def test_reused_scenarios_are_told_with_where_they_came_from(tier: str, source: str) -> None:
    assert source_words(result(was_cached=True, tier=tier, matrix_seconds=None)) == (
        "reused: this fund had asked for the same law, seed and number of scenarios before;"
        f" {source}"
    )


def test_every_source_of_scenarios_has_words() -> None:
    assert set(SOURCES) == set(Tier)


def test_new_scenarios_are_told_with_the_time_they_took() -> None:
    assert source_words(result(was_cached=False, tier="redis", matrix_seconds=0.52)) == (
        "generated for this request in 0.5 s; read from Redis, the fast store"
    )


def test_benchmark_and_own_record_are_told_apart() -> None:
    calibration = {"label": "Industry 2025", "kind": "benchmark", "sample_size": 21640}

    assert calibration_words(calibration) == "Industry 2025: a benchmark, sample size 21,640"
    assert calibration_words({**calibration, "kind": "fund", "sample_size": 41}) == (
        "Industry 2025: this fund's own record, sample size 41 companies"
    )

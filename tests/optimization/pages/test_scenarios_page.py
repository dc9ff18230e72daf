"""Where the scenarios came from and on which calibration, in words."""

from typing import Any

import pytest

from optimization.scenarios_page import calibration_words, source_words


def result(*, was_cached: bool, tier: str, matrix_seconds: float | None) -> dict[str, Any]:
    return {
        "matrix": {"was_cached": was_cached, "tier": tier},
        "timings_seconds": {"matrix": matrix_seconds},
    }


@pytest.mark.parametrize(
    ("tier", "store"),
    [
        ("redis", "Redis, the fast store"),
        ("postgresql", "PostgreSQL, the lasting store"),
        ("a later store", "a later store"),
    ],
)
def test_reused_scenarios_are_told_with_the_store_they_were_read_from(
    tier: str, store: str
) -> None:
    assert source_words(result(was_cached=True, tier=tier, matrix_seconds=None)) == (
        "reused: this fund had asked for the same law, seed and number of scenarios before;"
        f" read from {store}"
    )


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

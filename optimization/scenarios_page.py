"""On which calibration scenarios were made and where they were found, in words. Pure."""

from collections.abc import Mapping
from typing import Any

from optimization.templatetags.figures import number, seconds

# Where the optimizer read its scenarios.
STORES = {
    "redis": "Redis, the fast store",
    "postgresql": "PostgreSQL, the lasting store",
}


def calibration_words(calibration: Mapping[str, Any]) -> str:
    label, size = calibration["label"], number(calibration["sample_size"], 0)
    if calibration["kind"] == "fund":
        return f"{label}: this fund's own record, sample size {size} companies"
    return f"{label}: a benchmark, sample size {size}"


def source_words(result: Mapping[str, Any]) -> str:
    """Whether the scenarios of the search were new, and which store they were read from."""
    matrix = result["matrix"]
    store = STORES.get(matrix["tier"], matrix["tier"])
    if matrix["was_cached"]:
        return (
            "reused: this fund had asked for the same law, seed and number of scenarios before;"
            f" read from {store}"
        )
    took = result["timings_seconds"]["matrix"]
    time = "" if took is None else f" in {seconds(took)}"
    return f"generated for this request{time}; read from {store}"

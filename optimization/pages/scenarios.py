"""On which calibration scenarios were made and where they were found, in words. Pure."""

from collections.abc import Mapping
from typing import Any

from optimization.templatetags.figures import number, seconds

# Where the optimizer had its scenarios from.
SOURCES = {
    "redis": "read from Redis, the fast store",
    "postgresql": "read from PostgreSQL, the lasting store",
    "regenerated": "the stored copy was lost or damaged, so the same numbers were generated again",
}


def calibration_words(calibration: Mapping[str, Any]) -> str:
    label, size = calibration["label"], number(calibration["sample_size"], 0)
    if calibration["kind"] == "fund":
        return f"{label}: this fund's own record, sample size {size} companies"
    return f"{label}: a benchmark, sample size {size}"


def source_words(result: Mapping[str, Any]) -> str:
    """Whether the scenarios of the search were new, and where the optimizer had them from."""
    matrix = result["matrix"]
    source = SOURCES[matrix["tier"]]
    if matrix["was_cached"]:
        return (
            "reused: this fund had asked for the same law, seed and number of scenarios before;"
            f" {source}"
        )
    took = result["timings_seconds"]["matrix"]
    time = "" if took is None else f" in {seconds(took)}"
    return f"generated for this request{time}; {source}"

"""The published rates that a fund's own few companies are pulled towards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from funds.calibration.stage_order import STAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionShares:
    """Shares of companies by what happened to them; they sum to 1.

    For one financing round ``stay`` is the share still at the stage. For the whole time at a stage
    it is the share of which nothing is known yet.
    """

    exit: float
    graduate: float
    fail: float
    stay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBenchmark:
    """``per_round`` is the outcome of ``years_per_round``; multiples are None where not given."""

    per_round: TransitionShares
    years_per_round: float
    exit_multiple_median: float | None
    exit_multiple_p90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """``parameters`` is the scenario configuration without buckets and seed behind ``stages``."""

    version: str
    parameters: Mapping[str, Any]
    citations: Sequence[Mapping[str, Any]]
    stages: Mapping[str, StageBenchmark]


def benchmark_from(content: Mapping[str, Any]) -> Benchmark:
    """The benchmark in a calibration as it is shipped: version, parameters, citations and more."""
    stages = content["parameters"]["stages"]
    return Benchmark(
        version=content["version"],
        parameters=content["parameters"],
        citations=content["citations"],
        stages={stage: _stage(stages[stage]) for stage in STAGES if stage in stages},
    )


def _stage(rates: Mapping[str, Any]) -> StageBenchmark:
    exit_, graduate, fail = (rates[f"{fate}_probability"] for fate in ("exit", "graduate", "fail"))
    return StageBenchmark(
        per_round=TransitionShares(
            exit=exit_, graduate=graduate, fail=fail, stay=1.0 - exit_ - graduate - fail
        ),
        years_per_round=rates["years_per_round"],
        exit_multiple_median=rates["exit_multiple_median"],
        exit_multiple_p90=rates["exit_multiple_p90"],
    )

"""What an analyst asks for, checked before anything is stored. Pages, API and demo use this."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optimization.request.stated_law import (
    StatedLaw,
    check_under_stand_in,
    read_config,
    read_stated_law,
)
from optimization.solver.frontier.grid import FrontierGrid, read_grid
from optimization.solver.stated.limits import Limits, read_limits
from scenarios.simulation.checked_input import MISSING, FieldReader
from scenarios.simulation.configuration.config import ScenarioConfig

DEFAULT_OPTIMIZATION_SCENARIOS = 1000
# Sobol' points fill the space evenly in powers of two.
DEFAULT_SOBOL_SCENARIOS = 1024
# More buckets than this start with fewer scenarios, which the search answers in a like time.
MANY_BUCKETS = 25
DEFAULT_SCENARIOS_OF_MANY_BUCKETS = 400
DEFAULT_SOBOL_SCENARIOS_OF_MANY_BUCKETS = 512
FEWEST_VALIDATION_SCENARIOS = 5000
MOST_VALIDATION_SCENARIOS = 10_000_000
DEFAULT_VALIDATION_SCENARIOS = 100_000
# All points of a frontier are measured at once, each with a figure for every scenario.
MOST_FRONTIER_VALIDATION_SCENARIOS = 200_000
DEFAULT_TIME_LIMIT_SECONDS = 120.0
DEFAULT_MIP_GAP = 1e-4
DEFAULT_PRIMARY_LOCK_EPSILON = 1e-3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bucket stands, for the limits on stages and sectors."""

    stage: str
    sector: str


@dataclass(frozen=True, slots=True)
class FundFacts:
    """What a request is checked against: the fund's policy and the calibrations it may use."""

    size_usd: Decimal
    buckets: tuple[Mapping[str, Any], ...]
    calibrations: Mapping[str, Mapping[str, Any]]
    default_calibration: str | None

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(bucket["stage"] for bucket in self.buckets))

    @property
    def sectors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(bucket["sector"] for bucket in self.buckets))


@dataclass(frozen=True, slots=True)
class OptimizationRequest:
    """A request that has passed every check."""

    name: str
    capital_usd: Decimal
    calibration_version: str
    optimization_scenarios: int
    validation_scenarios: int
    law: StatedLaw
    limits: Limits
    frontier: FrontierGrid | None
    relax: bool
    primary_lock_epsilon: float
    mip_gap: float
    time_limit_seconds: float
    config: ScenarioConfig

    @property
    def session_type(self) -> str:
        return "allocation" if self.frontier is None else "frontier"

    def as_json(self) -> dict[str, Any]:
        """The request as stored and shown; parsing it again gives the same request."""
        return {
            "name": self.name,
            "capital_usd": str(self.capital_usd),
            "calibration": self.calibration_version,
            "optimization_scenarios": self.optimization_scenarios,
            "validation_scenarios": self.validation_scenarios,
            "seed": self.law.seed,
            "regimes": self.law.regimes,
            "scenario_law": self.law.members or None,
            "limits": self.limits.as_json(),
            "frontier": None if self.frontier is None else self.frontier.as_json(),
            "relax": self.relax,
            "primary_lock_epsilon": self.primary_lock_epsilon,
            "mip_gap": self.mip_gap,
            "time_limit_seconds": self.time_limit_seconds,
        }


def parse_request(data: object, *, fund: FundFacts) -> OptimizationRequest:
    """Read the request of one fund.

    :raises InvalidInput: with every fault, each naming the field, the value and the rule
    """
    reader = FieldReader(data)
    name = reader.text("name", longest=200)
    capital_usd = _capital_usd(reader, fund=fund)
    version = reader.choice(
        "calibration", sorted(fund.calibrations), default=fund.default_calibration or MISSING
    )
    law = read_stated_law(reader)
    sampling = law.sampling_with(fund.calibrations.get(version, {}))
    scenarios = _scenarios(reader, sampling=sampling, buckets=len(fund.buckets))
    limits = _limits(reader, fund=fund, scenarios=scenarios["optimization_scenarios"])
    frontier = _frontier(reader, scenarios)
    relax = _relax(reader)
    settings = _solver_settings(reader)
    reader.refuse_unknown_fields()
    config = _config(reader, law, fund=fund, version=version)
    reader.raise_faults()
    return OptimizationRequest(
        name=name,
        capital_usd=capital_usd,
        calibration_version=version,
        **scenarios,
        law=law,
        limits=limits,
        frontier=frontier,
        relax=relax,
        **settings,
        config=config,
    )


def complete(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored request with what earlier releases could not state, as they meant it."""
    return {"frontier": None, "relax": False, **stored}


def default_optimization_scenarios(*, sampling: str, buckets: int) -> int:
    """A power of two for Sobol points, which are most even then."""
    if buckets > MANY_BUCKETS:
        return (
            DEFAULT_SOBOL_SCENARIOS_OF_MANY_BUCKETS
            if sampling == "sobol"
            else DEFAULT_SCENARIOS_OF_MANY_BUCKETS
        )
    return DEFAULT_SOBOL_SCENARIOS if sampling == "sobol" else DEFAULT_OPTIMIZATION_SCENARIOS


def _capital_usd(reader: FieldReader, *, fund: FundFacts) -> Any:
    capital_usd = reader.money_usd("capital_usd", default=fund.size_usd)
    if capital_usd is not None and capital_usd > fund.size_usd:
        reader.fault(
            "capital_usd",
            "OUT_OF_RANGE",
            f"is {capital_usd}, must be at most the fund's size {fund.size_usd}",
        )
    return capital_usd


def _scenarios(reader: FieldReader, *, sampling: str, buckets: int) -> dict[str, Any]:
    default = default_optimization_scenarios(sampling=sampling, buckets=buckets)
    return {
        "optimization_scenarios": reader.integer(
            "optimization_scenarios", minimum=64, maximum=5000, default=default
        ),
        "validation_scenarios": reader.integer(
            "validation_scenarios",
            minimum=FEWEST_VALIDATION_SCENARIOS,
            maximum=MOST_VALIDATION_SCENARIOS,
            default=DEFAULT_VALIDATION_SCENARIOS,
        ),
    }


def _limits(reader: FieldReader, *, fund: FundFacts, scenarios: int | None) -> Limits:
    if not fund.buckets:
        reader.fault("fund", "NO_BUCKETS", "has no active bucket, so there is nothing to allocate")
    return read_limits(
        reader.object("limits"),
        sectors=fund.sectors,
        stages=fund.stages,
        buckets=[Place(stage=bucket["stage"], sector=bucket["sector"]) for bucket in fund.buckets],
        scenarios=scenarios,
    )


def _frontier(reader: FieldReader, scenarios: Mapping[str, int | None]) -> FrontierGrid | None:
    if not reader.has("frontier"):
        return None
    before = len(reader.faults)
    grid = reader.object("frontier")
    if len(reader.faults) > before:
        return None  # It is no object, so its fields are not missing.
    fresh = scenarios["validation_scenarios"]
    if fresh is not None and fresh > MOST_FRONTIER_VALIDATION_SCENARIOS:
        reader.fault(
            "validation_scenarios",
            "TOO_MANY_FOR_FRONTIER",
            f"is {fresh}, must be at most {MOST_FRONTIER_VALIDATION_SCENARIOS} for a frontier",
        )
    return read_grid(grid, scenarios=scenarios["optimization_scenarios"])


def _relax(reader: FieldReader) -> Any:
    """A frontier shows what limits cost, so it never gives way to one."""
    is_frontier = reader.has("frontier")
    relax = reader.flag("relax", default=not is_frontier)
    if is_frontier and relax:
        reader.fault("relax", "NEVER_FOR_FRONTIER", "is true, a frontier keeps every limit")
    return relax


def _solver_settings(reader: FieldReader) -> dict[str, Any]:
    return {
        "primary_lock_epsilon": reader.number(
            "primary_lock_epsilon", minimum=0.0, maximum=0.1, default=DEFAULT_PRIMARY_LOCK_EPSILON
        ),
        "mip_gap": reader.number("mip_gap", minimum=1e-6, maximum=0.1, default=DEFAULT_MIP_GAP),
        "time_limit_seconds": reader.number(
            "time_limit_seconds", minimum=1.0, maximum=240.0, default=DEFAULT_TIME_LIMIT_SECONDS
        ),
    }


def _config(reader: FieldReader, law: StatedLaw, *, fund: FundFacts, version: str | None) -> Any:
    """None after a fault. What is wrong with the law is said even of an unknown calibration."""
    if version is not None:
        return read_config(
            reader, law, calibration=fund.calibrations[version], buckets=fund.buckets
        )
    for calibration in list(fund.calibrations.values())[:1]:
        check_under_stand_in(reader, law, calibration=calibration, buckets=fund.buckets)
    return None

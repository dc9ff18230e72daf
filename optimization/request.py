"""What an analyst asks for, checked before anything is stored. Pages, API and demo use this."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optimization.solver.limits import Limits, read_limits
from scenarios.fund_config import scenario_config
from scenarios.simulation.checked_input import MISSING, Fault, FieldReader, InvalidInput
from scenarios.simulation.config import ScenarioConfig, parse_config
from scenarios.simulation.config_regimes import read_regimes

DEFAULT_OPTIMIZATION_SCENARIOS = 400
DEFAULT_VALIDATION_SCENARIOS = 100_000
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
    seed: str | None
    regimes: list[Any] | None
    limits: Limits
    primary_lock_epsilon: float
    mip_gap: float
    time_limit_seconds: float
    config: ScenarioConfig

    def as_json(self) -> dict[str, Any]:
        """The request as stored and shown; parsing it again gives the same request."""
        return {
            "name": self.name,
            "capital_usd": str(self.capital_usd),
            "calibration": self.calibration_version,
            "optimization_scenarios": self.optimization_scenarios,
            "validation_scenarios": self.validation_scenarios,
            "seed": self.seed,
            "regimes": self.regimes,
            "limits": self.limits.as_json(),
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
    capital_usd = reader.money_usd("capital_usd", default=fund.size_usd)
    if capital_usd is not None and capital_usd > fund.size_usd:
        reader.fault(
            "capital_usd",
            "OUT_OF_RANGE",
            f"is {capital_usd}, must be at most the fund's size {fund.size_usd}",
        )
    version = reader.choice(
        "calibration", sorted(fund.calibrations), default=fund.default_calibration or MISSING
    )
    scenarios = reader.integer(
        "optimization_scenarios", minimum=64, maximum=5000, default=DEFAULT_OPTIMIZATION_SCENARIOS
    )
    validation_scenarios = reader.integer(
        "validation_scenarios",
        minimum=5000,
        maximum=1_000_000,
        default=DEFAULT_VALIDATION_SCENARIOS,
    )
    seed = reader.text("seed", longest=64, default=None)
    regimes = reader.raw("regimes", None)
    limits = _limits(reader, fund=fund, scenarios=scenarios)
    epsilon = reader.number(
        "primary_lock_epsilon", minimum=0.0, maximum=0.1, default=DEFAULT_PRIMARY_LOCK_EPSILON
    )
    mip_gap = reader.number("mip_gap", minimum=1e-6, maximum=0.1, default=DEFAULT_MIP_GAP)
    time_limit_seconds = reader.number(
        "time_limit_seconds", minimum=1.0, maximum=240.0, default=DEFAULT_TIME_LIMIT_SECONDS
    )
    reader.refuse_unknown_fields()
    config = _config(reader, fund=fund, version=version, regimes=regimes, seed=seed)
    reader.raise_faults()
    return OptimizationRequest(
        name=name,
        capital_usd=capital_usd,
        calibration_version=version,
        optimization_scenarios=scenarios,
        validation_scenarios=validation_scenarios,
        seed=seed,
        regimes=regimes,
        limits=limits,
        primary_lock_epsilon=epsilon,
        mip_gap=mip_gap,
        time_limit_seconds=time_limit_seconds,
        config=config,
    )


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


def _config(
    reader: FieldReader,
    *,
    fund: FundFacts,
    version: str | None,
    regimes: object,
    seed: str | None,
) -> Any:
    """The scenario config, whose rules the regimes of the request must keep too.

    Faults that are not in the request point at the fund's policy.
    """
    if version is None:
        if regimes is not None:
            read_regimes(reader)
        return None
    try:
        return parse_config(
            scenario_config(
                calibration=fund.calibrations[version],
                buckets=fund.buckets,
                regimes=regimes,
                seed=seed,
            )
        )
    except InvalidInput as error:
        for fault in error.faults:
            in_request = fault.path.startswith("regimes") and regimes is not None
            path = fault.path if in_request else f"fund.{fault.path}"
            reader.faults.append(Fault(path, fault.code, fault.message))
        return None

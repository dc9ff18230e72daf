"""A fund of two stages by two sectors as facts, without a database, and requests for it."""

import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from funds.shipped import benchmark_calibration
from optimization.request.checked_request import FundFacts, OptimizationRequest, parse_request
from scenarios.simulation.checked_input import Fault, InvalidInput

VERSION = "v2025_industry_benchmark"
STAGES = ("seed", "series_a")
SECTORS = ("fintech", "saas")


def bucket_facts(stage: str, sector: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": f"{stage}/{sector}",
        "stage": stage,
        "stage_label": stage.title(),
        "sector": sector,
        "sector_label": sector.title(),
        "initial_cheque_usd": "1000000.00",
        "all_in_cost_usd": "2000000.00",
        "reserve_ratio": 1.0,
        "reference_deals": 10.0,
        "cheque_variation": 0.35,
        "risk_multiplier": 1.0,
        "return_multiplier": 1.0,
    } | changes


def small_facts(**changes: Any) -> FundFacts:
    """100 million USD in four buckets of equal cost; ``changes`` replace fields of the facts."""
    facts = FundFacts(
        size_usd=Decimal("100000000.00"),
        buckets=tuple(bucket_facts(stage, sector) for stage in STAGES for sector in SECTORS),
        calibrations={VERSION: copy.deepcopy(benchmark_calibration()["parameters"])},
        default_calibration=VERSION,
    )
    return replace(facts, **changes)


def with_policy(**changes: Any) -> FundFacts:
    """The fund, its first bucket (seed/fintech) having another policy."""
    facts = small_facts()
    return replace(facts, buckets=({**facts.buckets[0], **changes}, *facts.buckets[1:]))


def with_calibration(**changes: Any) -> FundFacts:
    """The fund, its calibration having other parameters."""
    facts = small_facts()
    return replace(facts, calibrations={VERSION: {**facts.calibrations[VERSION], **changes}})


def asked(data: dict[str, Any], *, fund: FundFacts | None = None) -> OptimizationRequest:
    return parse_request({"name": "Base case"} | data, fund=fund or small_facts())


def faults(data: object, *, fund: FundFacts | None = None) -> tuple[Fault, ...]:
    """What is wrong with a request; a named one, unless ``data`` says otherwise."""
    if isinstance(data, dict):
        data = {"name": "Base case"} | data
    try:
        parse_request(data, fund=fund or small_facts())
    except InvalidInput as error:
        return error.faults
    return ()


def found(data: object, *, fund: FundFacts | None = None) -> list[tuple[str, str]]:
    """Path and code of each fault."""
    return [(fault.path, fault.code) for fault in faults(data, fund=fund)]


def nested(path: str, value: object) -> dict[str, Any]:
    """``nested("limits.cvar.max", 1)`` is ``{"limits": {"cvar": {"max": 1}}}``."""
    for name in reversed(path.split(".")):
        value = {name: value}
    assert isinstance(value, dict)
    return value

"""The shipped benchmark calibration with the buckets of a test, and every option of the law."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funds.shipped import benchmark_calibration
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.sample import Sample

ENTRY_STAGES = ("seed", "series_a", "series_b", "series_c")
SECTORS = ("biotech", "fintech", "saas")
OWN_SHARES = {"macro": 0.45, "bucket": 0.25, "idiosyncratic": 0.30}

RECYCLING = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1.0,
    "max_deals": 3,
    "deadline_years": 6.0,
    "vintage_correlation": 0.5,
}

WAYS_TO_HANG_TOGETHER: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "market": {"variance_shares": "market"},
        "calm": {"variance_shares": "calm"},
        "crisis prone": {"variance_shares": "crisis_prone"},
        "stress": {"variance_shares": "stress"},
        "own shares of the reference portfolio": {"variance_shares": OWN_SHARES},
        "own shares of an entry": {"variance_shares": OWN_SHARES, "share_level": "entry"},
        "own shares of a deal": {"variance_shares": OWN_SHARES, "share_level": "deal"},
        "t copula of 30 degrees": {"copula": {"family": "t", "degrees_of_freedom": 30}},
        # So heavy a tail is shared by all deals that the presets cannot hold under it.
        "t copula of 3 degrees": {
            "copula": {"family": "t", "degrees_of_freedom": 3},
            "variance_shares": OWN_SHARES,
            "share_level": "deal",
        },
    }
)
"""Members of the dependence that replace the calibration's."""

OPTIONS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        **{name: {"dependence": members} for name, members in WAYS_TO_HANG_TOGETHER.items()},
        "truncated pareto": {"exit_law": {"law": "pareto", "multiple_cap": 300}},
        "lognormal": {"exit_law": {"law": "lognormal"}},
        "idle reserves": {"unspent_reserves": "idle"},
        "antithetic": {"sampling": "antithetic"},
        "sobol": {"sampling": "sobol"},
        "a seed": {"seed": "anniversary"},
        "recycling": {"recycling": RECYCLING},
        "recycling with sobol": {"recycling": RECYCLING, "sampling": "sobol"},
    }
)
"""Changes of the whole law; members of ``dependence`` are added to the calibration's."""


def law(**changes: Any) -> dict[str, Any]:
    """A configuration; by default of twelve buckets, four stages by three sectors, of ten deals."""
    parameters = benchmark_calibration()["parameters"]
    dependence = {**parameters["dependence"], **changes.pop("dependence", {})}
    return {
        **parameters,
        "seed": None,
        "buckets": [bucket(stage, sector) for stage in ENTRY_STAGES for sector in SECTORS],
        **changes,
        "dependence": dependence,
    }


def bucket(stage: str, sector: str = "saas", **changes: Any) -> dict[str, Any]:
    return {
        "key": f"{stage}/{sector}",
        "stage": stage,
        "sector": sector,
        "reserve_ratio": 0.8,
        "reference_deals": 10.0,
        "cheque_variation": 0.35,
        "risk_multiplier": 1.0,
        "return_multiplier": 1.0,
        **changes,
    }


def lone_deal(stage: str, **changes: Any) -> dict[str, Any]:
    """Without reserves, so that a deal returns the multiple of its only cheque."""
    return bucket(
        stage, **{"reserve_ratio": 0.0, "reference_deals": 1.0, "cheque_variation": 0.0, **changes}
    )


def model_of(data: dict[str, Any]) -> ScenarioModel:
    return build_model(parse_config(data))


def drawn(
    data: dict[str, Any], *, scenarios: int, sample: Sample = Sample.VALIDATION
) -> NDArray[np.float64]:
    """(B, scenarios) multiples per allocated dollar."""
    matrix = model_of(data).multiples(sample=sample, first_scenario=0, count=scenarios)
    return matrix.astype(np.float64)

"""What is asked when somebody wants to know which limits can be met: the part of a request that
the answer depends on, under the rules of a request.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from optimization.request.checked_request import FundFacts, OptimizationRequest, parse_request
from optimization.solver.report import DEFAULT_CVAR_CONFIDENCE
from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.randomness.sample import Sample

# Members of a request that say nothing about what can be reached; their values are not looked at.
IRRELEVANT = frozenset(
    {
        "name",
        "validation_scenarios",
        "relax",
        "frontier",
        "primary_lock_epsilon",
        "mip_gap",
        "time_limit_seconds",
    }
)
IRRELEVANT_LIMITS = frozenset({"max_loss_probability", "min_expected_winners"})
_NAME = "Attainable ranges"


@dataclass(frozen=True, slots=True)
class RangesQuestion:
    """``policy`` is JSON: capital, the costs of deals, limits on weights, confidence of CVaR."""

    config: ScenarioConfig
    scenarios: int
    policy: Mapping[str, Any]

    @property
    def matrix_key(self) -> str:
        return matrix_key(config=self.config, scenarios=self.scenarios, sample=Sample.OPTIMIZATION)

    @property
    def digest(self) -> str:
        """SHA-256 of the policy: equal policies have equal digests."""
        canonical = json.dumps(self.policy, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def parse_relevant(data: object, *, fund: FundFacts) -> OptimizationRequest:
    """A request of ``fund`` in which only what the ranges depend on is read and checked.

    :raises InvalidInput: with every fault, each naming the field, the value and the rule
    """
    return parse_request(_relevant(data), fund=fund)


def question_of(request: OptimizationRequest, *, fund: FundFacts) -> RangesQuestion:
    limits = replace(
        request.limits, max_loss_probability=None, cvar=None, min_expected_winners=None
    )
    cvar = request.limits.cvar
    buckets = sorted(fund.buckets, key=lambda bucket: str(bucket["key"]))
    return RangesQuestion(
        config=request.config,
        scenarios=request.optimization_scenarios,
        policy={
            "capital_usd": str(request.capital_usd),
            "buckets": [
                {name: bucket[name] for name in ("key", "stage", "sector", "all_in_cost_usd")}
                for bucket in buckets
            ],
            "limits": limits.as_json(),
            "cvar_confidence": cvar.confidence if cvar else DEFAULT_CVAR_CONFIDENCE,
        },
    )


def _relevant(data: object) -> object:
    if not isinstance(data, Mapping):
        return data
    kept = {name: value for name, value in data.items() if name not in IRRELEVANT}
    if isinstance(kept.get("limits"), Mapping):
        kept["limits"] = _relevant_limits(kept["limits"])
    return {**kept, "name": _NAME}


def _relevant_limits(limits: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in limits.items() if name not in IRRELEVANT_LIMITS}
    if isinstance(kept.get("cvar"), Mapping):
        # How much may be lost is what the answer says; of the limit only the confidence counts.
        kept["cvar"] = {**kept["cvar"], "max": 1.0}
    return kept

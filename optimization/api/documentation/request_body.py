"""The body of POST /optimizations as JSON Schema, for readers and generators of clients.

`optimization.request.checked_request.parse_request` has the rules; this names the same bounds where
they are constants, and a test holds that it refuses nothing that those rules accept.
"""

from typing import Any

from optimization.api.documentation.scenario_law import SCENARIO_LAW
from optimization.api.documentation.shapes import Shape
from optimization.request.checked_request import (
    DEFAULT_MIP_GAP,
    DEFAULT_OPTIMIZATION_SCENARIOS,
    DEFAULT_PRIMARY_LOCK_EPSILON,
    DEFAULT_SCENARIOS_OF_MANY_BUCKETS,
    DEFAULT_SOBOL_SCENARIOS,
    DEFAULT_SOBOL_SCENARIOS_OF_MANY_BUCKETS,
    DEFAULT_TIME_LIMIT_SECONDS,
    DEFAULT_VALIDATION_SCENARIOS,
    FEWEST_VALIDATION_SCENARIOS,
    MANY_BUCKETS,
    MOST_FRONTIER_VALIDATION_SCENARIOS,
    MOST_VALIDATION_SCENARIOS,
)
from optimization.solver.frontier.grid import FEWEST_POINTS, MOST_POINTS, VARIED_LIMITS
from optimization.solver.stated.limits import MAX_EXPECTED_WINNERS
from scenarios.simulation.configuration.config_regimes import MAX_REGIMES

FRACTION: dict[str, Any] = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
WEIGHT_RANGES: dict[str, Any] = {
    "type": ["object", "null"],
    "additionalProperties": {
        "type": ["object", "null"],
        "properties": {"min": FRACTION, "max": FRACTION},
        "additionalProperties": False,
    },
}

LIMITS: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "Every limit is optional. Fractions are of capital, or of scenarios.",
    "properties": {
        "max_loss_probability": {
            **FRACTION,
            "description": "Share of scenarios in which the portfolio returns less than its cost.",
        },
        "cvar": {
            "type": ["object", "null"],
            "description": "Mean loss of the worst 1 - confidence of scenarios.",
            "properties": {
                "confidence": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                "max": {"type": "number", "minimum": 0, "maximum": 1},
            },
            "required": ["confidence", "max"],
            "additionalProperties": False,
        },
        "min_expected_winners": {
            "type": ["number", "null"],
            "minimum": 0,
            "maximum": MAX_EXPECTED_WINNERS,
            "description": "Expected number of deals that return at least 10x on all-in cost.",
        },
        "max_bucket_weight": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1},
        "sectors": {**WEIGHT_RANGES, "description": "By sector key of the fund."},
        "stages": {**WEIGHT_RANGES, "description": "By stage key of the fund."},
    },
    "additionalProperties": False,
}

FRONTIER: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "Instead of one allocation: the highest expected multiple at each of `points`"
    " evenly spaced values of one limit, which take the place of the one in `limits`. Every other"
    " limit stays, and none is ever relaxed. Null: an allocation.",
    "properties": {
        "limit": {"type": "string", "enum": list(VARIED_LIMITS)},
        "from": {"type": "number", "minimum": 0, "maximum": 1},
        "to": {"type": "number", "minimum": 0, "maximum": 1, "description": "Above `from`."},
        "points": {"type": "integer", "minimum": FEWEST_POINTS, "maximum": MOST_POINTS},
    },
    "required": ["limit", "from", "to", "points"],
    "additionalProperties": False,
}

REGIMES: dict[str, Any] = {
    "type": ["array", "null"],
    "description": "From worst to best, in place of those of the calibration; the probabilities"
    " sum to 1.",
    "minItems": 1,
    "maxItems": MAX_REGIMES,
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "probability": {"type": "number", "minimum": 0, "maximum": 1},
            "shock_min": {"type": "number"},
            "shock_max": {"type": "number"},
        },
        "required": ["name", "probability", "shock_min", "shock_max"],
        "additionalProperties": False,
    },
}

REQUEST_BODY = Shape(
    "OptimizationRequest",
    {
        "type": "object",
        "properties": {
            "fund": {"type": "string", "format": "uuid"},
            "name": {"type": "string", "minLength": 1, "maxLength": 200},
            "capital_usd": {
                "type": ["string", "number", "null"],
                "description": "At most two decimals; a string is never rounded on its way."
                " Default: the fund's size, which is also the most.",
            },
            "calibration": {
                "type": ["string", "null"],
                "description": "A version that the fund may use. Default: the fund's.",
            },
            "optimization_scenarios": {
                "type": ["integer", "null"],
                "minimum": 64,
                "maximum": 5000,
                "description": f"Default: {DEFAULT_OPTIMIZATION_SCENARIOS}, or"
                f" {DEFAULT_SOBOL_SCENARIOS} if sampling is sobol; with more than {MANY_BUCKETS}"
                f" buckets {DEFAULT_SCENARIOS_OF_MANY_BUCKETS}, or"
                f" {DEFAULT_SOBOL_SCENARIOS_OF_MANY_BUCKETS}.",
            },
            "validation_scenarios": {
                "type": ["integer", "null"],
                "minimum": FEWEST_VALIDATION_SCENARIOS,
                "maximum": MOST_VALIDATION_SCENARIOS,
                "default": DEFAULT_VALIDATION_SCENARIOS,
                "description": "Fresh scenarios on which what was found is measured, for a frontier"
                f" at most {MOST_FRONTIER_VALIDATION_SCENARIOS}.",
            },
            "seed": {
                "type": ["string", "null"],
                "maxLength": 64,
                "description": "Another seed draws other scenarios of the same law.",
            },
            "regimes": REGIMES,
            "scenario_law": SCENARIO_LAW,
            "limits": LIMITS,
            "frontier": FRONTIER,
            "relax": {
                "type": ["boolean", "null"],
                "description": "Whether limits give way, the least protected first and each by the"
                " least that works, when no allocation keeps all of them. Otherwise the session"
                " fails and says why. Default: true; with a frontier false, and nothing else.",
            },
            "primary_lock_epsilon": {
                "type": ["number", "null"],
                "default": DEFAULT_PRIMARY_LOCK_EPSILON,
                "description": "Share of the optimal expected multiple that may be given up for a"
                " more even allocation.",
            },
            "mip_gap": {"type": ["number", "null"], "default": DEFAULT_MIP_GAP},
            "time_limit_seconds": {
                "type": ["number", "null"],
                "default": DEFAULT_TIME_LIMIT_SECONDS,
                "description": "Of the search; for a frontier, of each of its points.",
            },
        },
        "required": ["fund", "name"],
        "additionalProperties": False,
    },
)

EXAMPLE: dict[str, Any] = {
    "fund": "0f0e2b38-6c0d-4f4e-9f5f-0d0c8f3f7a11",
    "name": "Base case",
    "capital_usd": "100000000.00",
    "limits": {
        "max_loss_probability": 0.3,
        "cvar": {"confidence": 0.95, "max": 0.5},
        "max_bucket_weight": 0.3,
        "sectors": {"saas": {"min": 0.2, "max": 0.6}},
    },
}

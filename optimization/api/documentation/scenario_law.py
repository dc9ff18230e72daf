"""The scenario law of a request as JSON Schema: what it may state in place of its calibration."""

from typing import Any, get_args

from scenarios.simulation.configuration.config_copula import LARGEST_DEGREES, SMALLEST_DEGREES
from scenarios.simulation.configuration.config_recycling import DEFAULT_VINTAGE_CORRELATION
from scenarios.simulation.configuration.config_sections import EXIT_LAW_FIELDS
from scenarios.simulation.configuration.parameters import (
    CopulaFamily,
    SamplingName,
    ShareLevel,
    UnspentReserves,
)
from scenarios.simulation.dependence.variance_presets import PRESET_SHARES
from scenarios.simulation.pacing.cash_flow_years import YEARS

SHARE: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}


def _record(description: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """An object or null; fields that may be null may also be left out."""
    return {
        "type": ["object", "null"],
        "description": description,
        "properties": fields,
        "required": [name for name, schema in fields.items() if "null" not in schema["type"]],
        "additionalProperties": False,
    }


def _choice(description: str, *choices: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "description": description, "enum": [*choices, None]}


SCENARIO_LAW: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "Each member replaces that of the calibration as a whole; without it, or null,"
    " the calibration's applies.",
    "properties": {
        "exit_law": _record(
            "How multiples of successful exits are spread. `lognormal_pareto` needs tail_index and"
            " multiple_cap, `pareto` multiple_cap alone, `lognormal` neither.",
            law={"type": "string", "enum": list(EXIT_LAW_FIELDS)},
            tail_index={"type": ["number", "null"], "minimum": 0.1, "maximum": 10},
            multiple_cap={"type": ["number", "null"], "minimum": 1, "maximum": 1_000_000},
        ),
        "variance_shares": {
            "description": "How much of the variance comes from the economy, from stages and"
            " sectors, and from single deals: a preset, or own shares that sum to 1. Shares that"
            " no portfolio can have are refused with the closest.",
            "oneOf": [
                _choice("A preset.", *PRESET_SHARES),
                _record("Own shares.", macro=SHARE, bucket=SHARE, idiosyncratic=SHARE)
                | {"type": "object"},
            ],
        },
        "share_level": _choice(
            "What own variance_shares hold for; reference_portfolio by default.",
            *get_args(ShareLevel),
        ),
        "copula": _record(
            "How extremes come together. The t copula, with degrees_of_freedom, lets the market,"
            " sectors and deals reach extremes at once; the Gaussian takes none. What all deals"
            " share under t counts as macro, so few degrees need other variance_shares: stress, or"
            " own shares at share_level deal.",
            family={"type": "string", "enum": list(get_args(CopulaFamily))},
            degrees_of_freedom={
                "type": ["integer", "null"],
                "minimum": SMALLEST_DEGREES,
                "maximum": LARGEST_DEGREES,
            },
        ),
        "factor_shares": _record(
            "How the common factor of a bucket splits; the three sum to 1. Not together with"
            " bucket_correlation.",
            sector=SHARE,
            stage=SHARE,
            bucket=SHARE,
        ),
        "bucket_correlation": _record(
            "Correlations of the buckets' common factors, in place of factor_shares: every active"
            " bucket of the fund once; symmetric, 1 on the diagonal, no eigenvalue below 0.",
            buckets={"type": "array", "items": {"type": "string"}},
            matrix={"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        ),
        "value_path_coupling": {
            "type": ["number", "null"],
            "minimum": 0,
            "maximum": 0.95,
            "description": "How strongly better exits take longer paths.",
        },
        "failure_recovery": _record(
            "What failed companies return: at best `maximum` per invested dollar, nothing below"
            " the rank `threshold` among failures.",
            threshold={"type": "number", "minimum": 0, "maximum": 0.999},
            maximum=SHARE,
        ),
        "unspent_reserves": _choice(
            "Whether reserves that no deal calls come back as cash or are lost.",
            *get_args(UnspentReserves),
        ),
        "recycling": _record(
            "What early exits return goes into new deals of the same bucket, once: at most"
            " utilization_fraction of it, cost_multiple times the cost, and the cost of max_deals"
            " deals, from exits up to deadline_years. Any of the four at 0 recycles nothing.",
            utilization_fraction=SHARE,
            cost_multiple={"type": "number", "minimum": 0, "maximum": 10},
            max_deals={"type": "integer", "minimum": 0, "maximum": 100},
            deadline_years={"type": "number", "minimum": 0, "maximum": YEARS},
            vintage_correlation={
                "type": ["number", "null"],
                "minimum": 0,
                "maximum": 1,
                "default": DEFAULT_VINTAGE_CORRELATION,
            },
        ),
        "sampling": _choice(
            "How the optimization scenarios are drawn. Validation scenarios are always"
            " independent.",
            *get_args(SamplingName),
        ),
    },
    "additionalProperties": False,
}

"""The result of a session as the OpenAPI document shows it: `results.session_result`."""

from typing import get_args

from optimization.api.documentation.allocation_shapes import ALLOCATION
from optimization.api.documentation.fund_shapes import CALIBRATION_KIND
from optimization.api.documentation.matrices import LOADINGS, MATRIX_WARNINGS, VARIANCE_SHARES
from optimization.api.documentation.round_shapes import ROUNDS
from optimization.api.documentation.session_shapes import SESSION_FIELDS
from optimization.api.documentation.shapes import (
    COUNT,
    FLAG,
    MONEY_USD,
    NUMBER,
    PROBABILITY,
    SHA256,
    TEXT,
    a_list,
    a_record,
    one_of,
    or_null,
)
from optimization.api.documentation.validation_shapes import (
    CASH_FLOWS,
    DISTRIBUTION,
    IRR,
    VALIDATION,
)
from scenarios.matrix_cache import Tier
from scenarios.simulation.configuration.parameters import UnspentReserves

INTERVAL = a_list(NUMBER, minItems=2, maxItems=2, description="95 % interval, low and high.")
STANDARD_ERROR = {
    **NUMBER,
    "minimum": 0,
    "description": "0: exact. Only what recycling adds is estimated.",
}
LIMIT = or_null({**NUMBER, "description": "As requested. Null: not limited."})
GRANTED = or_null({**NUMBER, "description": "Differs from `limit` when that was relaxed."})

RESULT_BUCKET = a_record(
    "ResultBucket",
    {
        "key": TEXT,
        "stage": TEXT,
        "stage_label": TEXT,
        "sector": TEXT,
        "sector_label": TEXT,
        "weight": PROBABILITY,
        "dollars_usd": MONEY_USD,
        "deals": {**NUMBER, "description": "Dollars divided by the all-in cost of a deal."},
        "initial_cheque_usd": MONEY_USD,
        "all_in_cost_usd": MONEY_USD,
        "reserves_usd": MONEY_USD,
        "expected_reserve_calls_usd": MONEY_USD,
        "expected_multiple": {**NUMBER, "description": "Of the law, per allocated dollar."},
        "expected_multiple_standard_error": STANDARD_ERROR,
        "deal_win_probability": {**PROBABILITY, "description": "That one deal returns 10x."},
        "loss_probability": {**PROBABILITY, "description": "Held alone, out of sample."},
        "variance_shares": or_null(VARIANCE_SHARES),
        "loadings": or_null(LOADINGS),
    },
)
EXPECTED_MULTIPLE = a_record(
    "ExpectedMultipleRisk",
    {
        "exact": {**NUMBER, "description": "The mean of the law."},
        "standard_error": {**STANDARD_ERROR, "description": "Of `exact`, at most; 0: it is exact."},
        "in_sample": NUMBER,
        "out_of_sample": NUMBER,
        "interval": INTERVAL,
        "limit": {"type": "null"},
    },
)
LOSS_PROBABILITY = a_record(
    "LossProbabilityRisk",
    {
        "in_sample": PROBABILITY,
        "out_of_sample": PROBABILITY,
        "interval": INTERVAL,
        "limit": LIMIT,
        "granted": GRANTED,
    },
)
CVAR = a_record(
    "CvarRisk",
    {
        "in_sample": NUMBER,
        "out_of_sample": NUMBER,
        "interval": INTERVAL,
        "limit": LIMIT,
        "granted": GRANTED,
        "confidence": PROBABILITY,
    },
)
RISK = a_record(
    "Risk",
    {
        "expected_multiple": EXPECTED_MULTIPLE,
        "loss_probability": LOSS_PROBABILITY,
        "cvar": CVAR,
        "expected_winners": a_record(
            "ExpectedWinnersRisk", {"exact": NUMBER, "limit": LIMIT, "granted": GRANTED}
        ),
    },
    description="In sample: the optimization scenarios. Out of sample: fresh ones.",
)
MATRIX_IN_RESULT = a_record(
    "ResultMatrix",
    {
        "key": SHA256,
        "sha256": SHA256,
        "scenarios": COUNT,
        "was_cached": FLAG,
        "tier": one_of("MatrixTier", Tier),
        "kernel_version": TEXT,
        "unspent_reserves": one_of("UnspentReserves", get_args(UnspentReserves)),
        "variance_shares": VARIANCE_SHARES,
        "allocation_variance_shares": or_null(VARIANCE_SHARES),
        "warnings": MATRIX_WARNINGS,
    },
    description="`tier` is where the optimizer had the scenarios from; `was_cached` whether they"
    " existed before the request. `variance_shares` are those of equal weights.",
)
CALIBRATION = a_record(
    "CalibrationUsed",
    {
        "version": TEXT,
        "label": TEXT,
        "kind": CALIBRATION_KIND,
        "sample_size": {
            **COUNT,
            "description": "Companies of the fund, or financings of the benchmark.",
        },
    },
)
SECONDS = or_null({**NUMBER, "description": "Null: skipped."})
TIMINGS = a_record(
    "TimingsSeconds",
    {"matrix": SECONDS, "optimization": SECONDS, "validation": SECONDS, "total": SECONDS},
)
NOTE = a_record(
    "Note",
    {
        "level": one_of("NoteLevel", ["warning", "info"]),
        "code": or_null({**TEXT, "description": "As DIVERSIFICATION_MISMATCH; null: none."}),
        "title": TEXT,
        "text": TEXT,
    },
    description="What to know before reading the figures, in plain words.",
)
SESSION_RESULT = a_record(
    "SessionResult",
    {
        **SESSION_FIELDS,
        "allocation": ALLOCATION,
        "buckets": a_list(RESULT_BUCKET, description="In the fund's order."),
        "risk": RISK,
        "distribution": DISTRIBUTION,
        "irr": or_null(IRR),
        "cash_flows": or_null(CASH_FLOWS),
        "validation": VALIDATION,
        "calibration": CALIBRATION,
        "matrix": MATRIX_IN_RESULT,
        "rounds": or_null(ROUNDS),
        "timings_seconds": TIMINGS,
        "notes": a_list(NOTE),
    },
    description="All of the session's status, and what was found. A figure that was not yet"
    " measured when the session was completed is null.",
)

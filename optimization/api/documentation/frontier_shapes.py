"""The result of a frontier session as the OpenAPI document shows it: `frontier.results`."""

from typing import get_args

from optimization.api.documentation.result_shapes import (
    CALIBRATION,
    MATRIX_IN_RESULT,
    SESSION_RESULT,
    TIMINGS,
)
from optimization.api.documentation.session_shapes import SESSION_FIELDS
from optimization.api.documentation.shapes import (
    COUNT,
    FLAG,
    NUMBER,
    PROBABILITY,
    TEXT,
    Shape,
    a_list,
    a_record,
    by_name,
    one_of,
    or_null,
)
from optimization.api.documentation.validation_shapes import ESTIMATE
from optimization.solver.exact.search_budget import Stop
from optimization.solver.frontier.grid import VARIED_LIMITS
from optimization.solver.frontier.point import PointStatus

FRESH_FIGURES = a_record(
    "FrontierFreshFigures",
    {
        "loss_probability": a_record("FreshLossProbability", ESTIMATE),
        "cvar": a_record("FreshCvar", ESTIMATE),
        "mean_multiple": a_record("FreshMeanMultiple", ESTIMATE),
    },
    description="All points on the same scenarios, which are those of the validation of an"
    " allocation. Each interval holds for its own point.",
)
POINT = a_record(
    "FrontierPoint",
    {
        "limit": {**PROBABILITY, "description": "The value of the limit that is varied."},
        "status": one_of("FrontierPointStatus", get_args(PointStatus)),
        "weights": by_name(PROBABILITY, description="By bucket; empty without an allocation."),
        "expected_multiple": or_null({**NUMBER, "description": "Null: no allocation was found."}),
        "sample_expected_multiple": or_null(NUMBER),
        "best_bound": or_null(
            {
                **NUMBER,
                "description": "No allocation within the limits is better. Null: none exists.",
            }
        ),
        "mip_gap": or_null(
            {**NUMBER, "description": "From expected_multiple to best_bound, relative."}
        ),
        "loss_probability": or_null(PROBABILITY),
        "cvar": or_null(NUMBER),
        "expected_winners": or_null(NUMBER),
        "found_at": or_null(
            {
                **PROBABILITY,
                "description": "The limit whose search found these weights: an allocation can be"
                " the best one at several limits.",
            }
        ),
        "stopped_by": {
            "type": ["string", "null"],
            "enum": [*get_args(Stop), None],
            "description": "The budget that ended the search before the gap was reached.",
        },
        "out_of_sample": or_null(FRESH_FIGURES),
    },
    description="The highest expected multiple with this value of the limit and every other as"
    " requested. Along the frontier, expected_multiple and best_bound never fall.",
)
FRONTIER_SOLVER = a_record(
    "FrontierSolver",
    {"seconds": NUMBER, "nodes": COUNT, "iterations": COUNT},
    description="Of all points together.",
)
FRONTIER_RESULT = a_record(
    "FrontierResult",
    {
        **SESSION_FIELDS,
        "frontier": a_record(
            "Frontier",
            {
                "limit": one_of("VariedLimit", VARIED_LIMITS),
                "cvar_confidence": PROBABILITY,
                "points": a_list(POINT, description="From the tightest limit to the loosest."),
                "solver": FRONTIER_SOLVER,
            },
        ),
        "buckets": a_list(
            a_record(
                "FrontierBucket",
                dict.fromkeys(("key", "stage", "stage_label", "sector", "sector_label"), TEXT),
            ),
            description="In the fund's order.",
        ),
        "validation": a_record(
            "FrontierValidation",
            {
                "scenarios": COUNT,
                "checks": a_list(
                    a_record("FrontierCheck", {"name": TEXT, "passed": FLAG, "detail": TEXT})
                ),
            },
        ),
        "calibration": CALIBRATION,
        "matrix": MATRIX_IN_RESULT,
        "timings_seconds": TIMINGS,
    },
    description="What a session with `session_type` frontier has found.",
)
RESULT = Shape(
    "OptimizationResult",
    {
        "oneOf": [SESSION_RESULT, FRONTIER_RESULT],
        "description": "`session_type` tells which: allocation or frontier.",
    },
)

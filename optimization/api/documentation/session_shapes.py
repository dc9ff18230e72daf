"""The status of a session as the OpenAPI document shows it: `results.session_status`."""

from optimization.api.documentation.request_body import FRONTIER, LIMITS, REGIMES
from optimization.api.documentation.scenario_law import SCENARIO_LAW
from optimization.api.documentation.shapes import (
    COUNT,
    FLAG,
    MOMENT,
    MONEY_USD,
    NUMBER,
    TEXT,
    UUID,
    JsonSchema,
    a_list,
    a_page,
    a_record,
    one_of,
    or_null,
)
from optimization.models import OptimizationSession

STATUS = one_of("SessionStatus", OptimizationSession.Status.values)

FUND_NAME = a_record(
    "FundName",
    {"id": UUID, "name": TEXT, "is_sample": {**FLAG, "description": "Made-up data, to try Keel."}},
)
STEP = a_record(
    "SessionStep",
    {
        "status": STATUS,
        "label": TEXT,
        "at": or_null({**MOMENT, "description": "The last time. Null: not reached, or skipped."}),
        "seconds": or_null({**NUMBER, "description": "In all. Null until the step has ended."}),
    },
)
CHECKED_REQUEST = a_record(
    "CheckedRequest",
    {
        "name": TEXT,
        "capital_usd": MONEY_USD,
        "calibration": TEXT,
        "optimization_scenarios": COUNT,
        "validation_scenarios": COUNT,
        "seed": or_null(TEXT),
        "regimes": REGIMES,
        "scenario_law": SCENARIO_LAW,
        "limits": LIMITS,
        "frontier": FRONTIER,
        "relax": or_null({**FLAG, "description": "Null: asked when limits could not give way."}),
        "primary_lock_epsilon": NUMBER,
        "mip_gap": NUMBER,
        "time_limit_seconds": NUMBER,
    },
    description="The request with its defaults filled in.",
)
SESSION_TYPE = one_of("SessionType", OptimizationSession.SessionType.values)
FRONTIER_PROGRESS = a_record(
    "FrontierProgress",
    {"done": COUNT, "total": COUNT},
    description="Points of the frontier that are solved. Null: an allocation was asked for.",
)
VALIDATION_PROGRESS = a_record(
    "ValidationProgress",
    {"done": COUNT, "total": COUNT},
    description="Fresh scenarios. Null: not validating, or none are done yet.",
)
SESSION_FIELDS: JsonSchema = {
    "id": UUID,
    "session_type": SESSION_TYPE,
    "name": TEXT,
    "fund": FUND_NAME,
    "status": STATUS,
    "status_label": TEXT,
    "progress_percent": {"type": "integer", "minimum": 0, "maximum": 100},
    "frontier_progress": or_null(FRONTIER_PROGRESS),
    "validation_progress": or_null(VALIDATION_PROGRESS),
    "current_step": TEXT,
    "searches_done": {
        **COUNT,
        "description": "Each but the first in scenarios with the deals that the one before buys.",
    },
    "requested_by": TEXT,
    "requested_at": MOMENT,
    "finished_at": or_null(MOMENT),
    "version": {**COUNT, "description": "Rises with every change of status or progress."},
    "is_finished": FLAG,
    "failure_reason": or_null(TEXT),
    "steps": a_list(STEP),
    "request": CHECKED_REQUEST,
}
SESSION = a_record(
    "Session", SESSION_FIELDS, description="One optimization request and where it stands."
)
SESSION_PAGE = a_page("SessionPage", SESSION)

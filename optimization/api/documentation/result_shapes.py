"""The result of a session as the OpenAPI document shows it: `results.session_result`."""

from optimization.api.documentation.session_shapes import SESSION_FIELDS
from optimization.api.documentation.shapes import a_record

SESSION_RESULT = a_record(
    "SessionResult",
    {**SESSION_FIELDS},
    description="All of the session's status, and what was found.",
)

"""Funds as the OpenAPI document shows them."""

from funds.models import CalibrationSnapshot
from optimization.api.documentation.request_body import LIMITS
from optimization.api.documentation.shapes import (
    COUNT,
    FLAG,
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

DAY: JsonSchema = {"type": "string", "format": "date"}
FUND_FIELDS: JsonSchema = {
    "id": UUID,
    "name": TEXT,
    "organisation": a_record("Organisation", {"id": UUID, "name": TEXT}),
    "is_sample": {**FLAG, "description": "Made-up data, to try Keel."},
    "size_usd": MONEY_USD,
    "taxonomy": {**TEXT, "description": "Version of the stages and sectors in use."},
    "default_calibration": or_null(TEXT),
    "may_request": {**FLAG, "description": "Whether you may request optimizations."},
}
FUND = a_record("Fund", FUND_FIELDS)
FUND_PAGE = a_page("FundPage", FUND)
CALIBRATION_KIND = one_of("CalibrationKind", CalibrationSnapshot.Kind.values)
CALIBRATION = a_record(
    "CalibrationChoice",
    {
        "version": TEXT,
        "label": TEXT,
        "kind": CALIBRATION_KIND,
        "sample_size": {
            **COUNT,
            "description": "Financings behind a benchmark, companies behind a fund's own.",
        },
        "window_start": DAY,
        "window_end": DAY,
    },
)
BUCKET_POLICY = a_record(
    "BucketPolicy",
    {
        "key": TEXT,
        "stage": TEXT,
        "stage_label": TEXT,
        "sector": TEXT,
        "sector_label": TEXT,
        "initial_cheque_usd": MONEY_USD,
        "all_in_cost_usd": {**MONEY_USD, "description": "Initial cheque and full reserves."},
        "reserve_ratio": {**NUMBER, "description": "Follow-on dollars per initial dollar."},
        "reference_deals": {**NUMBER, "description": "Deals the bucket is simulated with."},
        "cheque_variation": {**NUMBER, "description": "Of cheque sizes, relative to their mean."},
        "risk_multiplier": NUMBER,
        "return_multiplier": NUMBER,
    },
    description="How the fund would invest in one stage of one sector.",
)
FUND_DETAIL = a_record(
    "FundDetail",
    {
        **FUND_FIELDS,
        "calibrations": a_list(CALIBRATION, description="Those that a request may name."),
        "stages": a_list(TEXT, description="Keys, in the fund's order."),
        "sectors": a_list(TEXT, description="Keys, in the fund's order."),
        "buckets": a_list(BUCKET_POLICY),
        "default_limits": {**LIMITS, "description": "Limits that a request may start from."},
    },
)

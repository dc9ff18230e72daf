"""The shipped fund as facts without a database, and its request form."""

from datetime import date
from decimal import Decimal
from typing import Any

from funds.shipped import benchmark_calibration, default_fund, taxonomy
from optimization.request.checked_request import FundFacts
from optimization.request_form.calibrations import CalibrationChoice
from optimization.request_form.form import RequestForm

VERSION = "v2025_industry_benchmark"
CHOICE = CalibrationChoice(
    version=VERSION,
    label="Benchmark",
    is_own=False,
    sample_size=21_640,
    window=(date(2004, 1, 1), date(2013, 12, 31)),
    is_default=True,
)


def shipped_facts() -> FundFacts:
    fund, words = default_fund(), taxonomy()
    labels = {word["key"]: word["label"] for word in (*words["stages"], *words["sectors"])}
    return FundFacts(
        size_usd=Decimal(fund["size_usd"]),
        buckets=tuple(
            {
                **bucket,
                "key": f"{bucket['stage']}/{bucket['sector']}",
                "stage_label": labels[bucket["stage"]],
                "sector_label": labels[bucket["sector"]],
                "all_in_cost_usd": str(
                    Decimal(bucket["initial_cheque_usd"])
                    * (1 + Decimal(str(bucket["reserve_ratio"])))
                ),
            }
            for bucket in fund["buckets"]
        ),
        calibrations={VERSION: benchmark_calibration()["parameters"]},
        default_calibration=VERSION,
    )


def typed_request(**changes: str) -> dict[str, str]:
    """What is typed into a form that only has a name, a capital and the given fields."""
    return {"name": "Base case", "capital_usd": "100", "calibration": VERSION} | {
        name.replace("__", "-"): text for name, text in changes.items()
    }


def request_form(
    typed: dict[str, str] | None, files: Any = None, /, **start_from: Any
) -> RequestForm:
    return RequestForm(
        typed,
        files,
        facts=shipped_facts(),
        calibrations=[CHOICE],
        defaults=start_from,
        start_from=start_from,
    )

from typing import Any

from optimization.request.checked_request import FundFacts, parse_request
from optimization.request_form.copied import copied_start, lost_in_copy
from tests.optimization.pages.requests import VERSION, shipped_facts

FACTS = shipped_facts()
REGIMES = FACTS.calibrations[VERSION]["regimes"]


def request(**fields: Any) -> dict[str, Any]:
    return parse_request({"name": "Base case", **fields}, fund=FACTS).as_json()


def test_a_request_made_on_the_page_is_copied_whole() -> None:
    regimes = [
        {**regime, "probability": share}
        for regime, share in zip(REGIMES, (0.3, 0.5, 0.2), strict=True)
    ]
    made = request(regimes=regimes, limits={"stages": {"seed": {"min": 0.2}}})

    assert copied_start(made, FACTS) == made
    assert lost_in_copy(made, FACTS) == []


def test_regimes_with_shocks_of_their_own_are_not_copied_in_part() -> None:
    made = request(
        regimes=[
            {"name": "bad", "probability": 0.4, "shock_min": -2.0, "shock_max": -1.0},
            {"name": "good", "probability": 0.6, "shock_min": 0.0, "shock_max": 1.0},
        ]
    )

    assert copied_start(made, FACTS)["regimes"] is None
    (words,) = lost_in_copy(made, FACTS)
    assert "only the API can state" in words


def test_limits_on_a_stage_that_the_fund_left_are_named() -> None:
    made = request(limits={"stages": {"series_c": {"max": 0.2}}, "sectors": {"saas": {"max": 0.5}}})
    facts = FundFacts(
        size_usd=FACTS.size_usd,
        buckets=tuple(bucket for bucket in FACTS.buckets if bucket["stage"] != "series_c"),
        calibrations=FACTS.calibrations,
        default_calibration=VERSION,
    )

    assert lost_in_copy(made, facts) == [
        "Its limits on the stage series_c are left out: the fund has no active bucket there."
    ]


def test_a_calibration_that_is_gone_is_named() -> None:
    made = {**request(), "calibration": "older"}

    assert lost_in_copy(made, FACTS) == ["Its calibration older is no longer available."]

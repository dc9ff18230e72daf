"""One completed session and its result, made once for all the tests that only read it."""

from functools import cache
from typing import Any

from optimization.models import OptimizationSession
from optimization.results.session_results import session_result
from tests.funds.factories import FundFactory
from tests.optimization.work import completed

# No round number, so that the cents show whether they add up.
CAPITAL = "99999999.97"
LIMITS = {
    "max_loss_probability": 0.5,
    "cvar": {"confidence": 0.9, "max": 0.6},
    "min_expected_winners": 0.5,
    "max_bucket_weight": 0.4,
    "sectors": {"saas": {"min": 0.55}},
}


@cache
def _session_and_result() -> tuple[OptimizationSession, dict[str, Any]]:
    """In memory: the rows are gone with the test that was the first to ask."""
    done = completed(FundFactory.create(), limits=LIMITS, capital_usd=CAPITAL)
    return done, session_result(done)


def session() -> OptimizationSession:
    return _session_and_result()[0]


def result() -> dict[str, Any]:
    return _session_and_result()[1]


def fresh() -> dict[str, Any]:
    """What validation found on fresh scenarios."""
    metrics = session().validation_metrics
    assert metrics is not None
    figures: dict[str, Any] = metrics["out_of_sample"]
    return figures


def at(path: str) -> Any:
    value: Any = result()
    for name in filter(None, path.split(".")):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value

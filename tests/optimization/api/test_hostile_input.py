"""Whatever is sent, the answer is the one asked for or a problem, and never a server fault.

The test client raises what a view does not handle, so each call that returns is already half the
assertion; the other half is that every answer is checked against the OpenAPI document.
"""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funds.models import Fund
from optimization.models import OptimizationSession

FIELDS = [
    "fund", "name", "capital_usd", "calibration", "optimization_scenarios", "validation_scenarios",
    "seed", "regimes", "limits", "primary_lock_epsilon", "mip_gap", "time_limit_seconds",
    "max_loss_probability", "cvar", "confidence", "max", "min", "min_expected_winners",
    "max_bucket_weight", "sectors", "stages", "saas", "seed", "probability", "shock_min",
    "shock_max", "", ".", "a.b", "[0]", "\x00", "\ud800", "__proto__",
]  # fmt: skip
names = st.sampled_from(FIELDS) | st.text(max_size=5)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(
        ["NaN", "1e400", "-0", "1" * 300, "saas", "v2025_industry_benchmark", "\ud800"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
# The client lives through all examples of a test: what one leaves behind must not break the next.
many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def post(client: Client, body: str | bytes) -> Any:
    return client.post("/api/v1/optimizations", data=body, content_type="application/json")


@many
@given(fields=st.dictionaries(names, values, max_size=6))
def test_any_fields_are_accepted_or_refused(
    analyst: Client, fund: Fund, fields: dict[str, Any]
) -> None:
    sessions = OptimizationSession.objects.count()

    response = post(analyst, json.dumps({"name": "x", **fields, "fund": str(fund.pk)}))

    assert response.status_code in (202, 400)
    made = OptimizationSession.objects.count() - sessions
    assert made == (1 if response.status_code == 202 else 0)


@many
@given(limits=st.dictionaries(names, values, max_size=4))
def test_any_limits_are_accepted_or_refused(
    analyst: Client, fund: Fund, limits: dict[str, Any]
) -> None:
    response = post(analyst, json.dumps({"name": "x", "fund": str(fund.pk), "limits": limits}))

    assert response.status_code in (202, 400)


@many
@given(body=values.map(json.dumps) | st.text(max_size=30) | st.binary(max_size=30))
def test_any_body_is_refused(analyst: Client, body: str | bytes) -> None:
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")

    assert post(analyst, body).status_code == 400


@many
@given(
    parameters=st.dictionaries(
        st.sampled_from(["limit", "cursor", "status", "fund", "format"]) | st.text(max_size=3),
        st.text(max_size=12) | st.integers().map(str),
        max_size=3,
    )
)
@pytest.mark.parametrize("list_name", ["optimizations", "funds"])
def test_any_query_is_answered_or_refused(
    analyst: Client, list_name: str, parameters: dict[str, str]
) -> None:
    response = analyst.get(f"/api/v1/{list_name}", query_params=parameters)

    assert response.status_code in (200, 400)


@many
@given(
    name=st.sampled_from(["Idempotency-Key", "X-Request-Id", "If-None-Match", "Accept"]),
    value=st.text(st.characters(codec="latin-1"), max_size=30),
)
def test_any_header_is_used_or_refused(analyst: Client, fund: Fund, name: str, value: str) -> None:
    listed = analyst.get("/api/v1/optimizations", headers={name: value})
    made = analyst.post(
        "/api/v1/optimizations",
        data={"fund": str(fund.pk), "name": "x"},
        content_type="application/json",
        headers={name: value},
    )

    assert listed.status_code in (200, 406)
    assert made.status_code in (202, 400, 406)

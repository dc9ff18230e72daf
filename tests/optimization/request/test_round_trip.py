"""A stored request is read again when it is retried and when it is solved: it must not change."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.request.checked_request import parse_request
from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.randomness.sample import Sample
from tests.optimization.small_fund import VERSION, small_facts

FUND = small_facts()

fractions = st.floats(min_value=0, max_value=1)
names = st.text(min_size=1, max_size=200).filter(lambda text: text.strip() and text.isprintable())
# Below one half each, so that no two of them contradict one another.
weight_ranges = st.fixed_dictionaries(
    {}, optional={"min": st.floats(0, 0.4), "max": st.floats(0.5, 1)}
)


@st.composite
def regimes(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Two regimes from worse to better, whose probabilities are percents that sum to 1."""
    percent = draw(st.integers(min_value=1, max_value=99))
    return [
        {"name": "worse", "probability": percent / 100, "shock_min": -1.0, "shock_max": -0.1},
        {"name": "better", "probability": 1 - percent / 100, "shock_min": 0.1, "shock_max": 1.0},
    ]


limits = st.fixed_dictionaries(
    {},
    optional={
        "max_loss_probability": st.floats(min_value=0.02, max_value=1) | st.just(0),
        "cvar": st.fixed_dictionaries(
            {"confidence": st.floats(min_value=0.001, max_value=0.999), "max": fractions}
        ),
        "min_expected_winners": st.floats(min_value=0, max_value=10_000),
        "max_bucket_weight": st.floats(min_value=0.25, max_value=1),
        "sectors": st.fixed_dictionaries({}, optional={"saas": weight_ranges}),
        "stages": st.fixed_dictionaries({}, optional={"seed": weight_ranges}),
    },
)
scenario_laws = st.fixed_dictionaries(
    {},
    optional={
        "exit_law": st.sampled_from(
            [
                {"law": "lognormal"},
                {"law": "pareto", "multiple_cap": 1000},
                {"law": "lognormal_pareto", "tail_index": 1.2, "multiple_cap": 250.5},
            ]
        ),
        "variance_shares": st.sampled_from(["calm", "market"]),
        "copula": st.just({"family": "gaussian"}),
        "factor_shares": st.just({"sector": 0.1, "stage": 0.2, "bucket": 0.7}),
        "value_path_coupling": st.floats(0, 0.95) | st.just(0),
        "failure_recovery": st.fixed_dictionaries(
            {"threshold": st.floats(0, 0.999), "maximum": fractions}
        ),
        "recycling": st.fixed_dictionaries(
            {
                "utilization_fraction": fractions,
                "cost_multiple": st.floats(0, 10),
                "max_deals": st.integers(0, 100),
                "deadline_years": st.floats(0, 16),
            }
        ),
        "unspent_reserves": st.sampled_from(["idle", "returned", None]),
        "sampling": st.sampled_from(["iid", "antithetic", "sobol"]),
    },
)
scenario_laws |= st.just(
    {
        "copula": {"family": "t", "degrees_of_freedom": 6},
        "variance_shares": {"macro": 0.3, "bucket": 0.3, "idiosyncratic": 0.4},
        "share_level": "deal",
    }
)
requests = st.fixed_dictionaries(
    {"name": names},
    optional={
        "capital_usd": st.decimals(min_value="0.01", max_value=100_000_000, places=2).map(str),
        "calibration": st.just(VERSION),
        "optimization_scenarios": st.integers(min_value=64, max_value=5000),
        "validation_scenarios": st.integers(min_value=5000, max_value=10_000_000),
        "seed": names.filter(lambda text: len(text) <= 64),
        "regimes": regimes(),
        "scenario_law": scenario_laws | st.none(),
        "limits": limits,
        "relax": st.booleans(),
        "primary_lock_epsilon": st.floats(min_value=0, max_value=0.1),
        "mip_gap": st.floats(min_value=1e-6, max_value=0.1),
        "time_limit_seconds": st.floats(min_value=1, max_value=240),
    },
)


@settings(deadline=None)
@given(data=requests)
def test_stored_request_reads_as_the_same_request(data: dict[str, Any]) -> None:
    request = parse_request(data, fund=FUND)
    stored = json.loads(json.dumps(request.as_json(), allow_nan=False))
    again = parse_request(stored, fund=FUND)
    assert again == request
    assert again.as_json() == request.as_json()


@settings(deadline=None)
@given(data=requests)
def test_stored_request_needs_the_same_matrix(data: dict[str, Any]) -> None:
    request = parse_request(data, fund=FUND)
    again = parse_request(json.loads(json.dumps(request.as_json())), fund=FUND)
    assert _key(again.config) == _key(request.config)


def _key(config: Any) -> str:
    return matrix_key(config=config, scenarios=400, sample=Sample.OPTIMIZATION)

"""No configuration that passes the checks gives a number that is not one.

The configurations are extreme on purpose: rare exits, no failures, a rare regime far out, huge
tails.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import bucket_data, config_data, stage_data


def assert_sound(model: ScenarioModel) -> None:
    drawn = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=2000)
    assert np.all(np.isfinite(drawn))
    assert np.all(drawn >= 0)
    for deals in model.pooled:
        assert np.all(np.isfinite(deals.table.multiples))
        assert np.all(deals.table.multiples >= 0)
    assert 0 < model.expected_multiples[0] < np.inf
    assert 0 <= model.deal_win_probabilities[0] <= 1
    assert 0 <= model.expected_reserve_call_fractions[0] <= 1 + 1e-12
    assert 0 < model.expected_years[0] <= 16
    assert 0 <= model.late_value_fractions[0] <= 1
    assert 0 <= model.expected_multiple_standard_errors[0] < np.inf
    assert_cash_flows_are_sound(model)


def assert_cash_flows_are_sound(model: ScenarioModel) -> None:
    drawn = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=500)
    flows = model.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=0, count=500)
    for amounts in (flows.calls, flows.distributions):
        assert np.all(np.isfinite(amounts))
        assert np.all(amounts >= 0)
    net = flows.distributions.sum(axis=0, dtype=float) - flows.calls.sum(axis=0, dtype=float)
    # Some thirty additions in float32 on either side, each to 6e-8 of the sum.
    np.testing.assert_allclose(net, drawn.astype(float) - 1, rtol=4e-6, atol=1e-5)


RECYCLING = st.fixed_dictionaries(
    {
        "utilization_fraction": st.floats(0.001, 1),
        "cost_multiple": st.sampled_from([0.001, 10.0]),
        "max_deals": st.integers(1, 20),
        "deadline_years": st.floats(0.001, 16),
        "vintage_correlation": st.sampled_from([0.0, 0.5, 1.0]),
    }
)


# Loadings stated outright: nothing to calibrate.
DEPENDENCE = st.builds(
    lambda shares, copula: {
        **config_data()["dependence"],
        "variance_shares": dict(zip(("macro", "bucket", "idiosyncratic"), shares, strict=True)),
        "share_level": "deal",
        "copula": copula,
    },
    st.sampled_from([(0.99, 0.0, 0.01), (0.0, 0.99, 0.01), (0.0, 0.0, 1.0), (0.3, 0.3, 0.4)]),
    st.one_of(
        st.none(),
        st.builds(lambda nu: {"family": "t", "degrees_of_freedom": nu}, st.integers(3, 100)),
    ),
)


@st.composite
def extreme_configs(draw: st.DrawFn) -> dict[str, object]:
    def stage(*, is_last: bool) -> dict[str, object]:
        parts = [draw(st.floats(0.001, 1)) for _ in range(4)]
        total = sum(parts)
        median = draw(st.floats(0.01, 20))
        return stage_data(
            parts[0] / total,
            0.0 if is_last else parts[1] / total,
            draw(st.sampled_from([0.0, parts[2] / total])),
            median,
            median * draw(st.floats(1.01, 14.99)),
            None if is_last else draw(st.floats(0.2, 10)),
            2.0,
        )

    boom = draw(st.sampled_from([0.0001, 0.01, 0.5, 1.0]))
    return config_data(
        regimes=[
            {"name": "bust", "probability": 1 - boom, "shock_min": -1.0, "shock_max": -0.9},
            {"name": "boom", "probability": boom, "shock_min": -0.5, "shock_max": 1.0},
        ],
        stages={"seed": stage(is_last=False), "series_a": stage(is_last=True)},
        exit_law=draw(
            st.one_of(
                st.just({"law": "lognormal"}),
                st.just({"law": "pareto", "multiple_cap": 1_000_000}),
                st.fixed_dictionaries(
                    {
                        "law": st.just("lognormal_pareto"),
                        "tail_index": st.floats(0.1, 10),
                        "multiple_cap": st.just(1_000_000),
                    }
                ),
            )
        ),
        dependence=draw(st.one_of(st.just(config_data()["dependence"]), DEPENDENCE)),
        sampling=draw(st.sampled_from(["iid", "antithetic", "sobol"])),
        unspent_reserves=draw(st.sampled_from(["returned", "idle"])),
        recycling=draw(st.one_of(st.none(), RECYCLING)),
        buckets=[
            bucket_data(
                "seed",
                reserve_ratio=draw(st.floats(0, 5)),
                reference_deals=draw(st.floats(1, 30)),
                cheque_variation=draw(st.floats(0, 5)),
            )
        ],
    )


@settings(max_examples=40, deadline=None)
@given(data=extreme_configs())
def test_no_valid_config_gives_infinite_missing_or_negative_values(data: dict[str, object]) -> None:
    assert_sound(build_model(parse_config(data)))


def test_exits_may_be_exactly_as_rare_as_a_far_away_regime() -> None:
    # The score has no density between the regimes, and the failure boundary lies there.
    data = config_data(
        regimes=[
            {"name": "usual", "probability": 0.9999, "shock_min": 0.0, "shock_max": 0.001},
            {"name": "miracle", "probability": 0.0001, "shock_min": 9.0, "shock_max": 9.001},
        ],
        stages={"seed": stage_data(0.0001, 0.0, 0.9999, 2.0, 10.0, None, 2.0)},
        buckets=[bucket_data("seed")],
    )
    data["dependence"]["variance_shares"] = "crisis_prone"
    assert_sound(build_model(parse_config(data)))


@pytest.mark.parametrize(
    ("median", "p90", "cap"),
    # A tail index of 1.6 million; a nearly uniform logarithm up to just below the cap; P90 next
    # to the cap; a spread of five orders of magnitude.
    [(1.0, 1.000001, 300), (1.0, 15.7, 32), (9.99, 9.997, 10), (0.001, 90.0, 1_000_000)],
)
def test_pareto_laws_at_the_ends_of_their_range(median: float, p90: float, cap: float) -> None:
    stages = {"seed": stage_data(0.5, 0.0, 0.4, median, p90, None, 2.0)}
    exit_law = {"law": "pareto", "multiple_cap": cap}
    data = config_data(stages=stages, exit_law=exit_law, buckets=[bucket_data("seed")])
    assert_sound(build_model(parse_config(data)))


def test_no_failures_at_all() -> None:
    stages = {"seed": stage_data(0.5, 0.0, 0.0, 2.0, 10.0, None, 2.0)}
    model = build_model(
        parse_config(config_data(stages=stages, buckets=[bucket_data("seed", reserve_ratio=0)]))
    )
    assert_sound(model)

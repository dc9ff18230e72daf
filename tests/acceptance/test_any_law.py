"""Properties of every law that passes the checks, whatever its options, and of its name."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.randomness.sample import Sample
from tests.acceptance.shipped_law import ENTRY_STAGES, OPTIONS, RECYCLING, bucket, law, model_of

SCENARIOS = 300


def key_of(data: dict[str, Any]) -> str:
    return matrix_key(config=parse_config(data), scenarios=400, sample=Sample.OPTIMIZATION)


@st.composite
def buckets(draw: st.DrawFn) -> list[dict[str, Any]]:
    cells = st.tuples(st.sampled_from(ENTRY_STAGES), st.sampled_from(["saas", "space"]))
    chosen = draw(st.lists(cells, min_size=1, max_size=3, unique=True))
    return [
        bucket(
            stage,
            sector,
            reserve_ratio=draw(st.sampled_from([0.0, 0.01, 1.0, 5.0])),
            reference_deals=draw(st.sampled_from([1.0, 1.5, 7.0, 40.0])),
            cheque_variation=draw(st.sampled_from([0.0, 0.35, 3.0])),
            risk_multiplier=draw(st.sampled_from([0.1, 1.0, 2.0])),
            return_multiplier=draw(st.sampled_from([0.2, 1.0, 3.0])),
        )
        for stage, sector in chosen
    ]


shares_of_a_deal = st.sampled_from(
    [(0.99, 0.0, 0.01), (0.0, 0.99, 0.01), (0.0, 0.0, 1.0), (0.3, 0.3, 0.4)]
)

recyclings = st.fixed_dictionaries(
    {
        "utilization_fraction": st.sampled_from([0.0, 0.3, 1.0]),
        "cost_multiple": st.sampled_from([0.2, 10.0]),
        "max_deals": st.sampled_from([0, 1, 30]),
        "deadline_years": st.sampled_from([0.5, 16.0]),
        "vintage_correlation": st.sampled_from([0.0, 0.5, 1.0]),
    }
)

heavy_tails = st.sampled_from([3, 4, 100]).map(
    lambda degrees: {"copula": {"family": "t", "degrees_of_freedom": degrees}}
)


@st.composite
def laws(draw: st.DrawFn) -> dict[str, Any]:
    """Own shares are those of a deal, which can always be had, up to deals that are all alike."""
    macro, common, own = draw(shares_of_a_deal)
    own_shares = {
        "variance_shares": {"macro": macro, "bucket": common, "idiosyncratic": own},
        "share_level": "deal",
    }
    presets = st.sampled_from(["market", "calm", "crisis_prone", "stress"])
    dependence = draw(
        st.one_of(
            st.just(own_shares),
            heavy_tails.map(lambda copula: {**own_shares, **copula}),
            presets.map(lambda name: {"variance_shares": name}),
        )
    )
    exit_law = st.one_of(
        st.just({"law": "lognormal"}),
        st.just({"law": "pareto", "multiple_cap": 1_000}),
        st.fixed_dictionaries(
            {
                "law": st.just("lognormal_pareto"),
                "tail_index": st.sampled_from([0.2, 1.0, 9.0]),
                "multiple_cap": st.sampled_from([100, 1_000_000]),
            }
        ),
    )
    return law(
        buckets=draw(buckets()),
        dependence={**dependence, "value_path_coupling": draw(st.sampled_from([0.0, 0.25, 0.95]))},
        exit_law=draw(exit_law),
        failure_recovery=draw(
            st.sampled_from([{"threshold": 0.0, "maximum": 1.0}, {"threshold": 0.9, "maximum": 0}])
        ),
        sampling=draw(st.sampled_from(["iid", "antithetic", "sobol"])),
        unspent_reserves=draw(st.sampled_from(["returned", "idle"])),
        seed=draw(st.sampled_from([None, 0, "x"])),
        recycling=draw(st.one_of(st.none(), recyclings)),
    )


@settings(max_examples=40, deadline=None)
@given(data=laws(), first=st.sampled_from([0, 3, 10**9]))
def test_every_number_of_every_law_is_finite_and_at_least_zero(
    data: dict[str, Any], first: int
) -> None:
    model = model_of(data)
    asked: dict[str, Any] = {
        "sample": Sample.OPTIMIZATION,
        "first_scenario": first % 2**20 if data["sampling"] == "sobol" else first,
        "count": SCENARIOS,
    }
    flows = model.cash_flows(**asked)
    arrays: dict[str, NDArray[Any]] = {
        "multiples": model.multiples(**asked),
        "calls": flows.calls,
        "distributions": flows.distributions,
        "expected multiples": model.expected_multiples,
        "win probabilities": model.deal_win_probabilities,
        "reserve calls": model.expected_reserve_call_fractions,
        "years": model.expected_years,
    }
    for name, values in arrays.items():
        assert np.all(np.isfinite(values)), name
        assert np.all(values >= 0.0), name


# A name changes exactly when the canonical configuration does.

OtherWords = Callable[[dict[str, Any]], None]


def _turn_fields_round(data: dict[str, Any]) -> None:
    for section in (data, data["dependence"], data["financing"]):
        for field in sorted(section, reverse=True):
            section[field] = section.pop(field)


def _turn_buckets_round(data: dict[str, Any]) -> None:
    data["buckets"].reverse()


def _state_independent_sampling(data: dict[str, Any]) -> None:
    data.setdefault("sampling", "iid")


def _write_whole_numbers_as_floats(data: dict[str, Any]) -> None:
    data["financing"]["max_rounds"] = float(data["financing"]["max_rounds"])


def _state_the_gaussian_copula(data: dict[str, Any]) -> None:
    data["dependence"].setdefault("copula", {"family": "gaussian"})


def _recycle_nothing(data: dict[str, Any]) -> None:
    if not data.get("recycling"):
        data["recycling"] = {**RECYCLING, "max_deals": 0}


def _move_below_the_grid(data: dict[str, Any]) -> None:
    data["financing"]["dilution_per_round"] += 2e-10


SAME_LAW: tuple[OtherWords, ...] = (
    _turn_fields_round,
    _turn_buckets_round,
    _state_independent_sampling,
    _write_whole_numbers_as_floats,
    _state_the_gaussian_copula,
    _recycle_nothing,
    _move_below_the_grid,
)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(OPTIONS)), ways=st.lists(st.sampled_from(SAME_LAW), max_size=5))
def test_other_words_for_the_same_law_have_the_same_name(name: str, ways: list[OtherWords]) -> None:
    data = law(**copy.deepcopy(OPTIONS[name]))
    said_otherwise = copy.deepcopy(data)
    for way in ways:
        way(said_otherwise)
    assert key_of(said_otherwise) == key_of(data)


@settings(max_examples=60, deadline=None)
@given(one=laws(), other=laws(), same=st.booleans(), seed=st.integers(0, 99))
def test_two_laws_have_one_name_exactly_if_their_canonical_configurations_agree(
    one: dict[str, Any], other: dict[str, Any], same: bool, seed: int
) -> None:
    if same:
        other = copy.deepcopy(one)
        random.Random(seed).shuffle(other["buckets"])  # noqa: S311 - not for secrets
    forms = [parse_config(data).canonical_json() for data in (one, other)]
    assert (key_of(one) == key_of(other)) == (forms[0] == forms[1])
    again = json.loads(json.dumps(forms[0]))
    assert key_of(again) == key_of(one)


def test_every_option_has_a_name_of_its_own() -> None:
    # The market preset is the calibration's, so it is no option.
    others = [name for name in OPTIONS if name != "market"]
    names = {key_of(law(**OPTIONS[name])) for name in others} | {key_of(law())}
    assert len(names) == len(others) + 1
    assert key_of(law(**OPTIONS["market"])) == key_of(law())


EVERY_OPTION = law(
    dependence={
        "variance_shares": {"macro": 0.45, "bucket": 0.25, "idiosyncratic": 0.30},
        "share_level": "deal",
        "copula": {"family": "t", "degrees_of_freedom": 4},
        "factor_shares": {"sector": 0.5, "stage": 0.2, "bucket": 0.3},
    },
    buckets=[bucket("seed"), bucket("series_b", "space")],
    recycling=RECYCLING,
)

NESTED_NUMBERS = {
    "own macro share": ("dependence", "variance_shares", "macro"),
    "own idiosyncratic share": ("dependence", "variance_shares", "idiosyncratic"),
    "sector share": ("dependence", "factor_shares", "sector"),
    "coupling": ("dependence", "value_path_coupling"),
    "regime": ("regimes", 0, "shock_max"),
    "later stage": ("stages", "late", "exit_probability"),
    "bucket": ("buckets", 1, "cheque_variation"),
    **{
        f"recycling {field}": ("recycling", field)
        for field in ("utilization_fraction", "cost_multiple", "deadline_years")
    },
    "vintage correlation": ("recycling", "vintage_correlation"),
}
COUNTERWEIGHTS = {
    "own macro share": ("dependence", "variance_shares", "bucket"),
    "own idiosyncratic share": ("dependence", "variance_shares", "bucket"),
    "sector share": ("dependence", "factor_shares", "bucket"),
}
"""What moves the other way, where numbers must sum to 1."""


def moved(name: str, step: float) -> dict[str, Any]:
    data = copy.deepcopy(EVERY_OPTION)
    for path, change in ((NESTED_NUMBERS[name], step), (COUNTERWEIGHTS.get(name), -step)):
        if path is not None:
            holder: Any = data
            for field in path[:-1]:
                holder = holder[field]
            holder[path[-1]] += change
    return data


@pytest.mark.parametrize("name", NESTED_NUMBERS)
def test_nested_number_changes_the_name_at_the_sixth_decimal_and_not_below(name: str) -> None:
    assert key_of(moved(name, -2e-6)) != key_of(EVERY_OPTION)
    assert key_of(moved(name, -2e-10)) == key_of(EVERY_OPTION)


@pytest.mark.parametrize(
    "path", [("dependence", "copula", "degrees_of_freedom"), ("recycling", "max_deals")]
)
def test_nested_whole_number_changes_the_name(path: tuple[str, ...]) -> None:
    data = copy.deepcopy(EVERY_OPTION)
    holder: Any = data
    for field in path[:-1]:
        holder = holder[field]
    holder[path[-1]] += 1
    assert key_of(data) != key_of(EVERY_OPTION)

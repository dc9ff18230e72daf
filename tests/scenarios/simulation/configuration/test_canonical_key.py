"""The matrix key changes exactly when what is simulated changes."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.simulation.configuration import canonical_key
from scenarios.simulation.configuration.canonical_key import matrix_key, random_key_of
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import bucket_data, config_data, sample_config


def key(data: dict[str, Any], *, scenarios: int = 400, sample: Sample = Sample.OPTIMIZATION) -> str:
    return matrix_key(config=parse_config(data), scenarios=scenarios, sample=sample)


def small_config() -> dict[str, Any]:
    return config_data(buckets=[bucket_data("seed"), bucket_data("series_c", "fintech")])


REFERENCE = key(small_config())


def number_paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every number stands that is free to change by itself."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from number_paths(value, (*path, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from number_paths(value, (*path, index))
    elif isinstance(data, int | float):
        yield path


def moved(path: tuple[Any, ...], step: float) -> dict[str, Any]:
    """The small configuration with one number moved, rules of sums kept."""
    data = small_config()
    holder: Any = data
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] += step
    if path[-1] == "probability":
        others = [row for index, row in enumerate(data["regimes"]) if index != path[1]]
        others[0]["probability"] -= step
    if "factor_shares" in path:
        other = "stage" if path[-1] == "sector" else "sector"
        holder[other] -= step
    return data


FREE_NUMBERS = [
    path
    for path in number_paths(small_config())
    if path[-1] not in ("schema", "max_rounds")
    # Fixed by rules: the last stage does not graduate.
    and path != ("stages", "late", "graduate_probability")
]


@pytest.mark.parametrize("path", FREE_NUMBERS, ids=lambda path: ".".join(map(str, path)))
def test_every_number_changes_the_key_at_the_sixth_decimal(path: tuple[Any, ...]) -> None:
    # Fields at their upper bound (none here is at the lower) move down.
    for step in (2e-6, -2e-6):
        assert key(moved(path, step)) != REFERENCE


@pytest.mark.parametrize("path", FREE_NUMBERS, ids=lambda path: ".".join(map(str, path)))
def test_no_number_changes_the_key_below_the_grid(path: tuple[Any, ...]) -> None:
    assert key(moved(path, 2e-10)) == REFERENCE


@pytest.mark.parametrize(
    "change",
    [
        {"unspent_reserves": "idle"},
        {"seed": "another world"},
        {"seed": 0},
        {"random_numbers_of": "0" * 64},
        {"exit_law": {"law": "lognormal", "tail_index": None, "multiple_cap": None}},
        {"exit_law": {"law": "pareto", "tail_index": None, "multiple_cap": 300}},
        {"financing": {**config_data()["financing"], "max_rounds": 9}},
        {"dependence": {**config_data()["dependence"], "variance_shares": "calm"}},
        {"buckets": [bucket_data("seed")]},
        {"buckets": [bucket_data("seed"), bucket_data("series_c", "climate")]},
    ],
)
def test_every_choice_changes_the_key(change: dict[str, Any]) -> None:
    assert key({**small_config(), **change}) != REFERENCE


def test_name_of_a_regime_changes_the_key() -> None:
    data = small_config()
    data["regimes"][0]["name"] = "slump"
    assert key(data) != REFERENCE


def test_count_and_sample_change_the_key() -> None:
    keys = {key(small_config(), scenarios=n, sample=s) for n in (400, 401) for s in Sample}
    assert len(keys) == 6


def shuffled(value: Any, generator: random.Random) -> Any:
    """The same JSON with the fields of every object, and the buckets, in another order."""
    if isinstance(value, dict):
        names = list(value)
        generator.shuffle(names)
        return {name: shuffled(value[name], generator) for name in names}
    if isinstance(value, list):
        return [shuffled(item, generator) for item in value]
    return value


@settings(max_examples=30, deadline=None)
@given(seed=st.integers())
def test_order_of_fields_and_buckets_does_not_change_the_key(seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311 - not for secrets
    data = shuffled(small_config(), generator)
    generator.shuffle(data["buckets"])
    assert key(data) == REFERENCE


def test_whole_numbers_and_floats_of_the_same_value_are_one_config() -> None:
    data = small_config()
    data["exit_law"]["multiple_cap"] = 300.0
    data["buckets"][0]["reserve_ratio"] = 1
    data["financing"]["max_rounds"] = 8.0
    assert key(data) == REFERENCE


@pytest.mark.parametrize("sampling", ["antithetic", "sobol"])
def test_way_of_sampling_changes_the_key_of_the_optimization_sample_alone(sampling: str) -> None:
    data = {**small_config(), "sampling": sampling}
    assert key(data) != REFERENCE
    for sample in (Sample.VALIDATION, Sample.PILOT):
        assert key(data, sample=sample) == key(small_config(), sample=sample)


def test_ways_of_sampling_have_their_own_keys_and_share_the_law() -> None:
    configs = [
        parse_config({**small_config(), "sampling": sampling})
        for sampling in ("iid", "antithetic", "sobol")
    ]
    keys = {
        matrix_key(config=config, scenarios=400, sample=Sample.OPTIMIZATION) for config in configs
    }
    assert len(keys) == 3
    assert len({random_key_of(config) for config in configs}) == 1


def test_independent_sampling_is_left_out_of_the_canonical_config() -> None:
    assert key({**small_config(), "sampling": "iid"}) == REFERENCE
    stated = parse_config({**small_config(), "sampling": "iid"})
    assert "sampling" not in stated.canonical_json()
    sobol = parse_config({**small_config(), "sampling": "sobol"})
    assert sobol.canonical_json()["sampling"] == "sobol"
    assert parse_config(sobol.canonical_json()) == sobol


def test_canonical_json_is_a_config_with_the_same_key() -> None:
    config = sample_config()
    again = parse_config(json.loads(json.dumps(config.canonical_json())))
    assert again == config
    assert key(config.canonical_json()) == key(config_data())


def test_parsing_does_not_change_its_input() -> None:
    data = small_config()
    before = copy.deepcopy(data)
    parse_config(data)
    assert data == before


def test_key_is_a_full_sha256() -> None:
    assert len(REFERENCE) == 64
    assert set(REFERENCE) <= set("0123456789abcdef")


def test_kernel_version_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical_key, "KERNEL_VERSION", 999)
    assert key(small_config()) != REFERENCE


def test_law_without_seed_has_its_own_random_numbers_and_a_seed_shares_them() -> None:
    one, other = small_config(), {**small_config(), "unspent_reserves": "idle"}
    assert random_key_of(parse_config(one)) != random_key_of(parse_config(other))
    seeded = [random_key_of(parse_config({**data, "seed": "s"})) for data in (one, other)]
    assert seeded[0] == seeded[1]


def test_seed_may_be_a_number_or_its_text() -> None:
    assert key({**small_config(), "seed": 42}) == key({**small_config(), "seed": "42"})

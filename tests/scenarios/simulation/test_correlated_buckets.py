"""A supplied correlation matrix: what is read, what is refused, and what is drawn."""

from typing import Any

import numpy as np
import pytest

from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.canonical_key import matrix_key, random_key_of
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.configuration.parameters import SamplingName
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.elementary import FloatArray
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.randomness.stream import Stream
from tests.scenarios.simulation.plain_law import SQUARED_LOADINGS
from tests.scenarios.simulation.sample_config import bucket_data, config_data

KEYS = ["series_b/biotech", "seed/saas", "series_a/fintech"]
MATRIX = [[1.0, 0.6, -0.3], [0.6, 1.0, 0.25], [-0.3, 0.25, 1.0]]
MISSING = object()


def correlated_data(
    *, keys: Any = KEYS, matrix: Any = MATRIX, factor_shares: Any = None, **changes: Any
) -> dict[str, Any]:
    correlation = {"buckets": keys, "matrix": matrix}
    dependence = {
        "variance_shares": "market",
        "factor_shares": factor_shares,
        "bucket_correlation": {
            name: value for name, value in correlation.items() if value is not MISSING
        },
        "value_path_coupling": 0.25,
    }
    buckets = [bucket_data(*key.split("/")) for key in KEYS]
    return config_data(buckets=buckets, dependence=dependence, **changes)


def permuted(order: list[int]) -> dict[str, Any]:
    return correlated_data(
        keys=[KEYS[place] for place in order],
        matrix=[[MATRIX[row][column] for column in order] for row in order],
    )


def shared_scores(model: ScenarioModel, count: int, sampling: SamplingName = "iid") -> FloatArray:
    stream = Stream(
        macro_purpose=1,
        factor_purpose=1,
        deal_purpose=1,
        first_scenario=0,
        count=count,
        sampling=sampling,
    )
    return np.array(list(model.systemic.scores(buckets=model.buckets, stream=stream)))


def key(data: dict[str, Any]) -> str:
    return matrix_key(config=parse_config(data), scenarios=400, sample=Sample.OPTIMIZATION)


def drawn(data: dict[str, Any], count: int = 200) -> bytes:
    model = build_model(parse_config(data))
    return model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=count).tobytes()


def faults(data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        parse_config(data)
    start = "dependence.bucket_correlation"
    return [(fault.path.removeprefix(start), fault.code) for fault in refused.value.faults]


def test_covariances_of_scores_are_those_of_macro_and_matrix() -> None:
    model = build_model(parse_config(correlated_data()))
    macro, common = SQUARED_LOADINGS["market"]
    order = [KEYS.index(bucket) for bucket in model.bucket_keys]
    expected = macro + common * np.array(MATRIX)[np.ix_(order, order)]
    # A covariance of variables with variance .165 has standard error .165 * 1.4 / 224 = .001.
    scores = shared_scores(model, 50_000)
    np.testing.assert_allclose(np.cov(scores), expected, rtol=0, atol=0.004)


@pytest.mark.parametrize("sampling", ["antithetic", "sobol"])
def test_better_samples_have_the_same_covariances(sampling: SamplingName) -> None:
    model = build_model(parse_config(correlated_data()))
    one, other = (shared_scores(model, 32_768, mode) for mode in ("iid", sampling))
    np.testing.assert_allclose(np.cov(one), np.cov(other), rtol=0, atol=0.006)


def test_correlation_moves_no_mean_and_no_win_probability() -> None:
    found = build_model(parse_config(correlated_data()))
    data = {**correlated_data(), "dependence": config_data()["dependence"]}
    default = build_model(parse_config(data))
    np.testing.assert_array_equal(found.expected_multiples, default.expected_multiples)
    np.testing.assert_array_equal(found.deal_win_probabilities, default.deal_win_probabilities)


def test_order_of_rows_and_buckets_changes_neither_key_nor_matrix() -> None:
    reference = correlated_data()
    for order in ([1, 2, 0], [2, 1, 0]):
        data = permuted(order)
        data["buckets"].reverse()
        assert key(data) == key(reference)
        assert drawn(data) == drawn(reference)


def test_uncorrelated_matrix_draws_what_bucket_factors_alone_draw() -> None:
    identity = correlated_data(matrix=np.eye(3).tolist(), seed="s")
    dependence = {
        **config_data()["dependence"],
        "factor_shares": {"sector": 0.0, "stage": 0.0, "bucket": 1.0},
    }
    assert drawn(identity) == drawn({**identity, "dependence": dependence})


def test_matrix_changes_the_key_at_the_sixth_decimal_and_not_below() -> None:
    for step, is_same in ((2e-6, False), (2e-10, True)):
        matrix = np.array(MATRIX)
        matrix[0, 2] += step
        matrix[2, 0] += step
        data = correlated_data(matrix=matrix.tolist())
        assert (key(data) == key(correlated_data())) is is_same


def test_canonical_json_is_a_config_with_the_same_key() -> None:
    config = parse_config(correlated_data())
    assert parse_config(config.canonical_json()) == config
    assert config.canonical_json()["dependence"]["bucket_correlation"]["buckets"] == sorted(KEYS)


def test_correlation_is_part_of_the_law() -> None:
    other = [[1.0, 0.5, -0.3], [0.5, 1.0, 0.25], [-0.3, 0.25, 1.0]]
    keys = {
        random_key_of(parse_config(data))
        for data in (correlated_data(), correlated_data(matrix=other))
    }
    assert len(keys) == 2


def test_mirror_images_may_differ_by_rounding() -> None:
    matrix = [[1.0 + 1e-12, 0.1 + 0.2 - 1e-10, 0.0], [0.3, 1.0, 0.0], [0.0, 0.0, 1.0]]
    correlation = parse_config(correlated_data(matrix=matrix)).dependence.bucket_correlation
    assert correlation is not None
    # In the order of the keys, where the two that are correlated are first and last.
    assert correlation.buckets == (KEYS[1], KEYS[2], KEYS[0])
    assert correlation.matrix == ((1.0, 0.0, 0.3), (0.0, 1.0, 0.0), (0.3, 0.0, 1.0))


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"matrix": [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]}, "", "NOT_PSD"),
        ({"matrix": [[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1]]}, "[0][1]", "INVALID"),
        ({"matrix": [[1, 0, 0], [0, 0.99, 0], [0, 0, 1]]}, "[1][1]", "INVALID"),
        ({"matrix": [[1, 0], [0, 1]]}, "", "INVALID"),
        ({"matrix": [[1, 0, 0], [0, 1], [0, 0, 1]]}, "", "INVALID"),
        ({"matrix": "none"}, "", "INVALID"),
    ],
    ids=["impossible", "lopsided", "diagonal", "too small", "ragged", "text"],
)
def test_a_matrix_that_is_no_correlation_is_refused(
    changes: dict[str, Any], path: str, code: str
) -> None:
    assert faults(correlated_data(**changes)) == [(f".matrix{path}", f"CORRELATION_{code}")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.1, "OUT_OF_RANGE"),
        ("1", "NOT_A_NUMBER"),
        (float("nan"), "NOT_FINITE"),
        (None, "REQUIRED"),
    ],
)
def test_an_entry_that_is_no_correlation_is_named(value: object, code: str) -> None:
    matrix = [[1, 0, 0], [0, 1, value], [0, 0, 1]]
    assert faults(correlated_data(matrix=matrix)) == [(".matrix[1][2]", code)]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ([*KEYS[:2], "seed/space"], "CORRELATION_INVALID"),
        ([KEYS[0], KEYS[1], KEYS[1]], "CORRELATION_INVALID"),
        ("seed/saas", "CORRELATION_INVALID"),
        ([1, 2, 3], "CORRELATION_INVALID"),
        ([f"bucket {number}" for number in range(101)], "TOO_LONG"),
        (MISSING, "REQUIRED"),
    ],
    ids=["unknown", "twice", "text", "numbers", "many", "missing"],
)
def test_names_of_rows_must_be_the_buckets(keys: Any, code: str) -> None:
    found = faults(correlated_data(keys=keys))
    assert set(found) == {(".buckets", code)}


def test_bucket_without_a_row_is_named() -> None:
    data = correlated_data(keys=KEYS[:2], matrix=[[1, 0], [0, 1]])
    with pytest.raises(InvalidInput, match="misses series_a/fintech"):
        parse_config(data)


def test_smallest_eigenvalue_is_told() -> None:
    matrix = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]
    with pytest.raises(InvalidInput, match=r"has the eigenvalue -0\.8, must have none below 0"):
        parse_config(correlated_data(matrix=matrix))


def test_factor_shares_and_correlation_exclude_each_other() -> None:
    shares = {"sector": 0.5, "stage": 0.2, "bucket": 0.3}
    assert faults(correlated_data(factor_shares=shares)) == [
        ("dependence.factor_shares", "CORRELATION_INVALID")
    ]
    neither = config_data()
    del neither["dependence"]["factor_shares"]
    assert faults(neither) == [
        (f"dependence.factor_shares.{field}", "REQUIRED") for field in ("sector", "stage", "bucket")
    ]


def test_matrix_may_be_missing_only_as_a_whole() -> None:
    assert faults(correlated_data(matrix=MISSING)) == [(".matrix", "REQUIRED")]
    none = config_data()
    none["dependence"]["bucket_correlation"] = None
    assert key(none) == key(config_data())

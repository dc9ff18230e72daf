"""The offline command: what it writes, what it prints and how it refuses."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.dependence.variance_presets import STRESS_LOADINGS
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import bucket_data, config_data, stage_data


def written(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def run(*arguments: object) -> dict[str, Any]:
    output = io.StringIO()
    call_command("simulate_matrix", *map(str, arguments), stdout=output)
    printed: dict[str, Any] = json.loads(output.getvalue())
    return printed


def refusal(*arguments: object) -> list[str]:
    """Lines on stderr of a run that must end with exit code 2 and print nothing."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("simulate_matrix", *map(str, arguments), stdout=output, stderr=errors)
    assert stopped.value.code == 2
    assert output.getvalue() == ""
    return errors.getvalue().splitlines()


def simulate(directory: Path, config: Any, sample: str = "optimization") -> dict[str, Any]:
    path = written(directory / "config.json", config)
    out = directory / "m.npy"
    return run(path, "--scenarios", 200, "--sample", sample, "--out", out)


def refused_config(directory: Path, config: Any) -> list[str]:
    path = written(directory / "config.json", config)
    out = directory / "m.npy"
    lines = refusal(path, "--scenarios", 200, "--sample", "optimization", "--out", out)
    assert not out.exists()
    return lines


def test_matrix_and_report_are_those_of_the_model(tmp_path: Path) -> None:
    printed = simulate(tmp_path, config_data())
    config = parse_config(config_data())
    model = build_model(config)
    expected = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=200)
    matrix = np.load(tmp_path / "m.npy")
    np.testing.assert_array_equal(matrix, expected, strict=True)
    assert printed["matrix_key"] == matrix_key(
        config=config, scenarios=200, sample=Sample.OPTIMIZATION
    )
    assert printed["sha256"] == hashlib.sha256(matrix.astype("<f4").tobytes()).hexdigest()
    assert [row["key"] for row in printed["buckets"]] == list(model.bucket_keys)
    first = printed["buckets"][0]
    assert first["expected_multiple"] == model.expected_multiples[0]
    assert first["deal_win_probability"] == model.deal_win_probabilities[0]
    assert first["median"] == np.median(matrix[0].astype(float))
    assert first["p90"] == np.quantile(matrix[0].astype(float), 0.9)
    assert first["loss_probability"] == np.mean(matrix[0] < 1 - 1e-6)


def test_report_has_the_promised_fields(tmp_path: Path) -> None:
    printed = simulate(tmp_path, config_data(buckets=[bucket_data()]))
    assert set(printed) == {
        "matrix_key",
        "sha256",
        "buckets",
        "variance_shares",
        "warnings",
        "seconds",
    }
    assert set(printed["buckets"][0]) == {
        "key",
        "expected_multiple",
        "expected_multiple_standard_error",
        "deal_win_probability",
        "median",
        "p90",
        "loss_probability",
        "variance_shares",
        "loadings",
    }
    assert set(printed["variance_shares"]) == {"macro", "bucket", "idiosyncratic"}
    assert printed["seconds"] >= 0


def with_dependence(**dependence: Any) -> dict[str, Any]:
    data = config_data(dependence={**config_data()["dependence"], **dependence})
    data["buckets"] = [bucket_data("seed"), bucket_data("series_b", reference_deals=1.0)]
    return data


def test_buckets_show_their_shares_and_loadings(tmp_path: Path) -> None:
    printed = simulate(tmp_path, with_dependence(variance_shares="stress"))
    seed, series_b = printed["buckets"]
    assert seed["loadings"] == {
        "macro_squared": STRESS_LOADINGS["seed"].macro_squared,
        "bucket_squared": STRESS_LOADINGS["seed"].bucket_squared,
    }
    assert series_b["loadings"] != seed["loadings"]
    for bucket in (seed, series_b):
        assert sum(bucket["variance_shares"].values()) == pytest.approx(1, abs=1e-12)
    # Stress means ten deals; a single one varies mostly by itself.
    assert series_b["variance_shares"]["idiosyncratic"] > 0.5
    assert seed["variance_shares"]["macro"] == pytest.approx(0.5, abs=0.04)
    assert printed["warnings"] == []


def test_doubtful_pricing_of_follow_ons_is_a_warning(tmp_path: Path) -> None:
    config = config_data(buckets=[bucket_data("seed")])
    config["stages"]["seed"]["step_up"] = 10.0
    (warning,) = simulate(tmp_path, config)["warnings"]
    assert warning["code"] == "FOLLOW_ON_PRICING"
    assert "check the step-up of seed" in warning["message"]


def test_multiple_that_never_varies_has_no_shares(tmp_path: Path) -> None:
    # Every company exits in its first round, at multiples that float32 cannot tell apart.
    stage = stage_data(1.0, 0.0, 0.0, 1000.0, 1000.000001, 2.0, 2.0)
    printed = simulate(
        tmp_path,
        config_data(
            buckets=[bucket_data("series_c", reserve_ratio=0.0)],
            exit_law={"law": "lognormal", "tail_index": None, "multiple_cap": None},
            stages={**config_data()["stages"], "series_c": stage},
        ),
    )
    (warning,) = printed["warnings"]
    assert warning["code"] == "NO_VARIANCE"
    assert "is the same in 8192 scenarios" in warning["message"]
    assert printed["variance_shares"] is None
    assert printed["buckets"][0]["variance_shares"] is None


@pytest.mark.parametrize(
    ("dependence", "line"),
    [
        (
            {"variance_shares": {"macro": 0.5, "bucket": 0.2, "idiosyncratic": 0.2}},
            "dependence.variance_shares: sum to 0.9, must sum to 1 [SHARES_SUM]",
        ),
        (
            {
                "variance_shares": {"macro": 0.5, "bucket": 0.5, "idiosyncratic": 0.0},
                "share_level": "deal",
            },
            "dependence.variance_shares.idiosyncratic: is 0, must be at least 0.01 at share_level "
            "'deal': deals need a part of their own [LOADS_INVALID]",
        ),
        (
            {"copula": {"family": "t", "degrees_of_freedom": 2}},
            "dependence.copula.degrees_of_freedom: is 2, must be at least 3 and at most 100",
        ),
        (
            {"share_level": "entry"},
            "dependence.share_level: is set, which only own variance_shares may have",
        ),
    ],
)
def test_faulty_dependence_is_refused_by_field(
    tmp_path: Path, dependence: dict[str, Any], line: str
) -> None:
    assert refused_config(tmp_path, with_dependence(**dependence)) == [line]


def test_shares_out_of_reach_are_refused_with_what_was_reached(tmp_path: Path) -> None:
    config = with_dependence(
        variance_shares={"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25}, share_level="entry"
    )
    config["buckets"] = [bucket_data("seed", reference_deals=1.0), bucket_data("series_b")]
    (line,) = refused_config(tmp_path, config)
    assert line.startswith(
        "dependence.variance_shares: cannot hold in seed/saas: asked for 0.500 / 0.250 / 0.250,"
        " the closest is 0."
    )
    assert line.endswith("[SHARES_UNATTAINABLE]")


def test_mean_under_recycling_has_its_standard_error(tmp_path: Path) -> None:
    recycling = {
        "utilization_fraction": 0.5,
        "cost_multiple": 1,
        "max_deals": 3,
        "deadline_years": 6,
    }
    (plain,) = simulate(tmp_path, config_data(buckets=[bucket_data()]))["buckets"]
    recycled_config = config_data(buckets=[bucket_data()], recycling=recycling)
    (recycled,) = simulate(tmp_path, recycled_config)["buckets"]
    assert plain["expected_multiple_standard_error"] == 0
    assert 0 < recycled["expected_multiple_standard_error"] < 0.01
    assert recycled["expected_multiple"] > plain["expected_multiple"]


def test_validation_sample_is_another_matrix(tmp_path: Path) -> None:
    one = simulate(tmp_path, config_data(buckets=[bucket_data()]))
    other = simulate(tmp_path, config_data(buckets=[bucket_data()]), sample="validation")
    assert one["sha256"] != other["sha256"]
    assert one["matrix_key"] != other["matrix_key"]
    assert one["buckets"][0]["expected_multiple"] == other["buckets"][0]["expected_multiple"]


def test_way_of_sampling_changes_the_optimization_sample_alone(tmp_path: Path) -> None:
    plain = config_data(buckets=[bucket_data()])
    sobol = {**plain, "sampling": "sobol"}
    for sample, is_same in (("optimization", False), ("validation", True)):
        one, other = (simulate(tmp_path, config, sample=sample) for config in (plain, sobol))
        assert (one["sha256"] == other["sha256"]) is is_same
        assert (one["matrix_key"] == other["matrix_key"]) is is_same


def test_printed_default_config_can_be_simulated(tmp_path: Path) -> None:
    default = run("--print-default-config")
    assert len(default["buckets"]) >= 12
    assert parse_config(default).canonical_json() == default
    assert len(simulate(tmp_path, default)["buckets"]) == len(default["buckets"])


def test_every_fault_has_a_line(tmp_path: Path) -> None:
    config = config_data()
    config["regimes"][0]["probability"] = 0.3
    config["buckets"][2]["reference_deals"] = 0.5
    assert refused_config(tmp_path, config) == [
        "regimes: have probabilities that sum to 1.05, must sum to 1 [REGIME_INVALID]",
        "buckets[2].reference_deals: is 0.5, must be at least 1 and at most 1000 [N_REF_INVALID]",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON"),
        ("", "is not valid JSON"),
        ('{"schema": 1, "schema": 1}', "the names schema are repeated"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_text_that_is_no_json_object_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (line,) = refused_config(tmp_path, text)
    assert message in line
    assert line.startswith(str(tmp_path))


def test_number_too_large_for_a_float_is_refused_by_field(tmp_path: Path) -> None:
    config = json.dumps(config_data()).replace('"schema": 1', '"schema": 1e999')
    assert refused_config(tmp_path, config) == [
        "schema: is inf, must be a finite number [NON_FINITE_INPUT]"
    ]


@pytest.mark.parametrize(("word", "shown"), [("NaN", "nan"), ("-Infinity", "-inf")])
def test_number_that_is_not_finite_is_refused_by_field(
    tmp_path: Path, word: str, shown: str
) -> None:
    config = json.dumps(config_data()).replace('"probability": 0.5', f'"probability": {word}')
    line = f"regimes[1].probability: is {shown}, must be a finite number [NON_FINITE_INPUT]"
    assert line in refused_config(tmp_path, config)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b'{"a": "\xff"}')
    (line,) = refusal(
        path, "--scenarios", 5, "--sample", "optimization", "--out", tmp_path / "m.npy"
    )
    assert "is not UTF-8 text" in line


def test_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.json"
    lines = refusal(path, "--scenarios", 5, "--sample", "optimization", "--out", tmp_path / "m.npy")
    assert lines == [f"{path}: cannot be read: No such file or directory"]


def test_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    config = written(tmp_path / "config.json", config_data(buckets=[bucket_data()]))
    out = tmp_path / "nowhere" / "m.npy"
    lines = refusal(config, "--scenarios", 5, "--sample", "optimization", "--out", out)
    assert lines == [f"{out}: cannot be written: No such file or directory"]


@pytest.mark.parametrize("scenarios", [0, -5, 1_000_001])
def test_number_of_scenarios_has_a_range(tmp_path: Path, scenarios: int) -> None:
    config = written(tmp_path / "config.json", config_data())
    lines = refusal(
        config, f"--scenarios={scenarios}", "--sample", "optimization", "--out", tmp_path / "m.npy"
    )
    assert lines == [f"--scenarios: is {scenarios}, must be from 1 to 1000000 [S_RANGE]"]


def test_missing_options_are_named() -> None:
    assert refusal() == [
        "CONFIG.json: is missing",
        "--scenarios: is missing",
        "--sample: is missing",
        "--out: is missing",
    ]

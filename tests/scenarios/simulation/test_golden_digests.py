"""Pinned bytes of small matrices: the same on every processor and in every version."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.matrix_bytes import content_sha256
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import bucket_data, config_data, sample_config

SCENARIOS = 64


def two_bucket_config(law: str, unspent: str) -> dict[str, object]:
    has_tail = law == "lognormal_pareto"
    return config_data(
        buckets=[
            bucket_data("seed", risk_multiplier=1.1, return_multiplier=1.2),
            bucket_data("series_b", "fintech", reference_deals=3.7, cheque_variation=0.2),
        ],
        exit_law={
            "law": law,
            "tail_index": 1.42 if has_tail else None,
            "multiple_cap": 500 if has_tail else None,
        },
        unspent_reserves=unspent,
    )


CONFIGS = {
    "default": config_data(),
    "lognormal idle": two_bucket_config("lognormal", "idle"),
    "truncated pareto": config_data(
        buckets=[bucket_data("seed", return_multiplier=1.2), bucket_data("series_b", "fintech")],
        exit_law={"law": "pareto", "multiple_cap": 250},
    ),
    "correlated": config_data(
        buckets=[bucket_data("seed"), bucket_data("series_b", "fintech")],
        dependence={
            "variance_shares": "calm",
            "bucket_correlation": {
                "buckets": ["seed/saas", "series_b/fintech"],
                "matrix": [[1, 0.37], [0.37, 1]],
            },
            "value_path_coupling": 0.25,
        },
    ),
    "antithetic": config_data(sampling="antithetic"),
    "sobol": config_data(sampling="sobol"),
    "heavier tail": two_bucket_config("lognormal_pareto", "returned"),
    "own shares": config_data(
        buckets=[bucket_data("seed", reference_deals=4.0), bucket_data("series_b", "fintech")],
        dependence={
            **config_data()["dependence"],
            "variance_shares": {"macro": 0.35, "bucket": 0.3, "idiosyncratic": 0.35},
            "share_level": "entry",
        },
    ),
    "t copula": config_data(
        buckets=[bucket_data("seed"), bucket_data("series_b", "fintech", reference_deals=3.7)],
        dependence={
            **config_data()["dependence"],
            "variance_shares": {"macro": 0.2, "bucket": 0.25, "idiosyncratic": 0.55},
            "share_level": "deal",
            "copula": {"family": "t", "degrees_of_freedom": 5},
        },
    ),
    "calibrated t copula": config_data(
        buckets=[bucket_data("seed", reference_deals=4.0)],
        dependence={
            **config_data()["dependence"],
            "variance_shares": {"macro": 0.5, "bucket": 0.2, "idiosyncratic": 0.3},
            "share_level": "entry",
            "copula": {"family": "t", "degrees_of_freedom": 8},
        },
    ),
    "stress": config_data(dependence={**config_data()["dependence"], "variance_shares": "stress"}),
}

# These values are the determinism contract: a stored matrix is found by its key and trusted by
# its digest. They may change together with KERNEL_VERSION and for no other reason.
DIGESTS = {
    ("default", "optimization"): (
        "b272f300747fd9fb2316d5be578bc67218ffd411d890cf143287a2fabdf9c0c9"
    ),
    ("default", "validation"): ("0ceb43daa567f83bd48be7381d78522e7091215e43ca21249fcb3b04e757bb45"),
    ("lognormal idle", "optimization"): (
        "96d51afee91c37696505949b4260392c6ed4e5eb58870e2b7a48e799bbe8ae56"
    ),
    ("truncated pareto", "optimization"): (
        "7254303bd93422459fbe2f01fca6e6fb0b77bca2f8cff5c4095044e130b865ce"
    ),
    ("correlated", "optimization"): (
        "042ff769ab6c7dfcd963795693fd3da85f2cf42529f57ec2628101e0c16f0132"
    ),
    ("antithetic", "optimization"): (
        "3b20f16546d1c27051ca281787038fd87cd10a64958f16b23c9fffdb519a5962"
    ),
    ("sobol", "optimization"): ("e11af760d7baaaadc46ef8f2a2be0d71e2ce6ae9b8672d1e276c8a6e3084d1df"),
    ("heavier tail", "optimization"): (
        "7afdfdfae1fe0e300424fde501c35b1e948c267716870565589b3f8d607b85bb"
    ),
    ("own shares", "optimization"): (
        "35775499b7f81db94e9e3e0485c221335c37a0a2aee3a5748762a0aef9ab926d"
    ),
    ("t copula", "optimization"): (
        "09ac08ea24f82738f782247ee132fbcabf856f5a1b1f9c3a2054fb951c878241"
    ),
    ("calibrated t copula", "optimization"): (
        "e5f2aa82a4729a4289efc964d98c05edf1060afb9d5f11aeaaef94740fd560e9"
    ),
    ("stress", "optimization"): (
        "34ea41544c1fcf10b9e1425c4489d762a39b94cde2ae385a052f20a3c37731e0"
    ),
}
EXACT_VALUES = {
    "seed/saas": ("0x1.a10ee483f39eep+0", "0x1.b656a0a413262p-6"),
    "series_a/saas": ("0x1.e019103aad592p+0", "0x1.c3c1dcd076f81p-6"),
    "series_b/saas": ("0x1.eacbc5fe8dba4p+0", "0x1.89c605145546dp-6"),
    "series_c/saas": ("0x1.d602a9b4703e3p+0", "0x1.36acfdc97d880p-6"),
}
MATRIX_KEY = "8c75a357d370f5f1cb33fafc572f4fa16514eac56cd754d793c8dea5b8390d2d"


def digest(name: str, sample: str) -> str:
    model = build_model(parse_config(CONFIGS[name]))
    return content_sha256(model.multiples(sample=Sample(sample), first_scenario=0, count=SCENARIOS))


def exact_values() -> dict[str, tuple[str, str]]:
    """Expected multiple and deal win probability of four buckets, bit for bit."""
    model = build_model(sample_config())
    values = zip(
        model.bucket_keys,
        model.expected_multiples.tolist(),
        model.deal_win_probabilities.tolist(),
        strict=True,
    )
    return {key: (mean.hex(), win.hex()) for key, mean, win in values if key in EXACT_VALUES}


@pytest.mark.parametrize(("name", "sample"), DIGESTS)
def test_small_matrices_have_their_pinned_digests(name: str, sample: str) -> None:
    assert digest(name, sample) == DIGESTS[name, sample]


def test_exact_values_have_their_pinned_bits() -> None:
    assert exact_values() == EXACT_VALUES


def test_matrix_key_of_the_default_config_is_pinned() -> None:
    key = matrix_key(config=sample_config(), scenarios=SCENARIOS, sample=Sample.OPTIMIZATION)
    assert key == MATRIX_KEY


# Prints the optional features that are on, so that the test can see they are off.
IN_ANOTHER_PROCESS = """
import json
from tests.scenarios.simulation import test_golden_digests as golden
digests = [golden.digest(*key) for key in golden.DIGESTS]
answer = {"on": golden.features_on(), "digests": digests, "exact": golden.exact_values()}
print(json.dumps(answer))
"""


def features_on() -> list[str]:
    """Processor features beyond its baseline that numpy uses here."""
    found: list[str] = np.show_config("dicts")["SIMD Extensions"].get("found", [])
    return found


def test_bytes_are_the_same_with_every_optional_processor_feature_off() -> None:
    features = features_on()
    finished = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(features)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(finished.stdout)
    assert answer["on"] == []
    assert answer["digests"] == list(DIGESTS.values())
    assert answer["exact"] == {key: list(values) for key, values in EXACT_VALUES.items()}

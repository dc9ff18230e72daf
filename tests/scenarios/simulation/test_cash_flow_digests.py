"""Pinned bytes of small cash flows, and of all that recycling gives: the same on every processor
and in every version."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenarios.simulation.configuration.config import parse_config
from scenarios.simulation.matrix_bytes import content_sha256
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from tests.scenarios.simulation.sample_config import bucket_data, config_data

CONFIGS = {
    "default": config_data(),
    "idle lognormal": config_data(
        buckets=[
            bucket_data("seed", risk_multiplier=1.1, return_multiplier=1.2),
            bucket_data("series_b", "fintech", reference_deals=3.7, cheque_variation=0.2),
        ],
        exit_law={"law": "lognormal"},
        unspent_reserves="idle",
    ),
    "sobol": config_data(sampling="sobol"),
    "recycling": config_data(
        buckets=[bucket_data("seed"), bucket_data("series_b", "fintech", reference_deals=3.7)],
        recycling={
            "utilization_fraction": 0.6,
            "cost_multiple": 0.9,
            "max_deals": 3,
            "deadline_years": 6.5,
            "vintage_correlation": 0.4,
        },
    ),
}

# As for matrices: these change together with KERNEL_VERSION and for no other reason.
DIGESTS = {
    "default": "5f39104de43a32976d7ee38486768f6fd0d5ab5c0d1642ecd9a423b8bfad0965",
    "idle lognormal": "207f2018dbd0309097563108eddc55e9ae23016096ce6aa4bf15e0b228804492",
    "sobol": "85c5cc7656c0db039aae79f52d08b051698fb4d1f6ab6a9ec15f12c42a080e8d",
    "recycling": "d4e4a7c2e0b3eedb5f417078d2cb208c7504a0387dc671fc7ec83bdc30e35350",
}
RECYCLING_DIGEST = "bdaabdceec4e6cf79acf79aed30fcc9fbc5af62488508b192ffc1cb0a75f4ad9"
RECYCLING_EXPECTED = ["0x1.be8fe25913dd9p+0", "0x1.2bdffb0c6ffb2p+1"]
RECYCLING_STANDARD_ERRORS = ["0x1.53ddc89fdd30cp-9", "0x1.c092984c0dc5ap-8"]


def digest(name: str) -> str:
    """SHA-256 over the little-endian calls and distributions of 64 scenarios."""
    flows = build_model(parse_config(CONFIGS[name])).cash_flows(
        sample=Sample.OPTIMIZATION, first_scenario=0, count=64
    )
    both = np.concatenate([flows.calls, flows.distributions]).astype("<f4")
    return hashlib.sha256(both.tobytes()).hexdigest()


def recycling_values() -> tuple[str, list[str], list[str]]:
    """Digest of 64 scenarios; expected multiples and their standard errors bit for bit."""
    model = build_model(parse_config(CONFIGS["recycling"]))
    drawn = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=64)
    expected, errors = model.expected_multiples, model.expected_multiple_standard_errors
    return (
        content_sha256(drawn),
        [value.hex() for value in expected.tolist()],
        [value.hex() for value in errors.tolist()],
    )


@pytest.mark.parametrize("name", DIGESTS)
def test_small_cash_flows_have_their_pinned_digests(name: str) -> None:
    assert digest(name) == DIGESTS[name]


def test_recycling_has_its_pinned_digest_and_bits() -> None:
    pinned = (RECYCLING_DIGEST, RECYCLING_EXPECTED, RECYCLING_STANDARD_ERRORS)
    assert recycling_values() == pinned


IN_ANOTHER_PROCESS = """
import json
import numpy as np
from tests.scenarios.simulation import test_cash_flow_digests as golden
on = np.show_config("dicts")["SIMD Extensions"].get("found", [])
digests = [golden.digest(name) for name in golden.DIGESTS]
print(json.dumps({"on": on, "digests": digests, "recycling": golden.recycling_values()}))
"""


def test_bytes_are_the_same_with_every_optional_processor_feature_off() -> None:
    features = np.show_config("dicts")["SIMD Extensions"].get("found", [])
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
    assert answer["recycling"] == [
        RECYCLING_DIGEST,
        RECYCLING_EXPECTED,
        RECYCLING_STANDARD_ERRORS,
    ]

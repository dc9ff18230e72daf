"""Every option of the law gives the same bytes on a plain processor as on this one.

A second process has every optional processor feature of numpy switched off, says that they are, and
multiplies matrices with the kernels of an old processor, should anything multiply matrices.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scenarios.simulation.randomness.sample import Sample
from tests.acceptance.shipped_law import OPTIONS, bucket, law, model_of

SCENARIOS = 64
OLD_KERNELS = {"OPENBLAS_CORETYPE": "Prescott"}

IN_ANOTHER_PROCESS = """
import json
from tests.acceptance.test_same_bytes import digests, features_on
print(json.dumps({"on": features_on(), "digests": digests()}))
"""


def features_on() -> list[str]:
    """Features beyond its baseline that numpy has found and uses in this process."""
    found: list[str] = np.show_config("dicts")["SIMD Extensions"].get("found", [])
    return found


def digests() -> dict[str, str]:
    """Of matrices, cash flows and exact values, for every option."""
    return {name: _digest(name) for name in OPTIONS}


def _digest(name: str) -> str:
    model = model_of(law(buckets=[bucket("seed"), bucket("series_b", "space")], **OPTIONS[name]))
    content = hashlib.sha256()
    for sample in (Sample.OPTIMIZATION, Sample.VALIDATION):
        matrix = model.multiples(sample=sample, first_scenario=0, count=SCENARIOS)
        flows = model.cash_flows(sample=sample, first_scenario=0, count=SCENARIOS)
        for array in (matrix, flows.calls, flows.distributions):
            content.update(array.tobytes())
    for values in (model.expected_multiples, model.deal_win_probabilities, model.expected_years):
        content.update(values.tobytes())
    return content.hexdigest()


@pytest.fixture(scope="module")
def plain_processor() -> dict[str, object]:
    off = {"NPY_DISABLE_CPU_FEATURES": " ".join(features_on())}
    finished = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        env={**os.environ, **off, **OLD_KERNELS},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, object] = json.loads(finished.stdout)
    return answer


def test_features_are_off_in_the_other_process(plain_processor: dict[str, object]) -> None:
    assert plain_processor["on"] == []


def test_every_option_has_the_same_bytes_without_them(plain_processor: dict[str, object]) -> None:
    here = digests()
    assert plain_processor["digests"] == here
    assert len(set(here.values())) == len(OPTIONS)

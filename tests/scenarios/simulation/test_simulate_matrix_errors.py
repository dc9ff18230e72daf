"""What the offline command prints about rates, exits, deals and recycling that cannot be."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.scenarios.simulation.sample_config import bucket_data, config_data

RECYCLING = {
    "utilization_fraction": 0.5,
    "cost_multiple": 1,
    "max_deals": 3,
    "deadline_years": 6,
}


def seed_stage(**changes: Any) -> dict[str, Any]:
    data = config_data(buckets=[bucket_data("seed")])
    data["stages"]["seed"] |= changes
    return data


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "rates beyond 1": (
        # .171 + .46 + .37 = 1.001
        seed_stage(exit_probability=0.171),
        "stages.seed: exit, graduate and fail probabilities sum to 1.001, must sum to at most 1 "
        "[RATES_INVALID]",
    ),
    "risk multiplier": (
        # 2.8 x .37 = 1.036
        config_data(buckets=[bucket_data("seed", risk_multiplier=2.8)]),
        "buckets[0].risk_multiplier: is 2.8, which lifts the fail probability of seed to 1.036; "
        "it must stay at or below 1 [RISK_MULT_TOO_LARGE]",
    ),
    "P90 below the median": (
        seed_stage(exit_multiple_p90=2.0),
        "stages.seed.exit_multiple_p90: is 2, must be above exit_multiple_median (2.1) "
        "[EXIT_PARAMS]",
    ),
    "P90 at the cap": (
        # 13.5 x 20 = 270
        config_data(
            buckets=[bucket_data("seed", return_multiplier=20)],
            exit_law={"law": "lognormal_pareto", "tail_index": 1.5, "multiple_cap": 250},
        ),
        "buckets[0].return_multiplier: is 20, which lifts the P90 of exits to 270; it must stay "
        "below exit_law.multiple_cap (250) [EXIT_CAP]",
    ),
    "half a deal": (
        config_data(buckets=[bucket_data("seed", reference_deals=0.5)]),
        "buckets[0].reference_deals: is 0.5, must be at least 1 and at most 1000 [N_REF_INVALID]",
    ),
    "more than everything recycled": (
        config_data(recycling={**RECYCLING, "utilization_fraction": 1.2}),
        "recycling.utilization_fraction: is 1.2, must be at least 0 and at most 1 [RECYCLE_RANGE]",
    ),
    "too many recycled deals": (
        config_data(recycling={**RECYCLING, "max_deals": 101}),
        "recycling.max_deals: is 101, must be at least 0 and at most 100 [RECYCLE_RANGE]",
    ),
}


@pytest.mark.parametrize(("config", "line"), CASES.values(), ids=CASES)
def test_command_prints_one_line_with_value_rule_and_name(
    tmp_path: Path, config: dict[str, Any], line: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    errors = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(
            "simulate_matrix",
            *(str(path), "--scenarios", "64", "--sample", "optimization"),
            *("--out", str(tmp_path / "m.npy")),
            stderr=errors,
        )
    assert stopped.value.code == 2
    assert errors.getvalue().splitlines() == [line]

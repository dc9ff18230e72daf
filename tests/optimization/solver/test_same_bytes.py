"""Equal problems get the same bytes from different processes, whatever the order of their sets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.optimization.solver.problems import market_multiples

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def problem_file(tmp_path: Path) -> Path:
    """A limit on loss probability that takes a search and a proof, and limits by name."""
    keys = [
        f"{stage}/{sector}" for stage in ("seed", "series_a") for sector in ("saas", "bio", "c")
    ]
    stated = {
        "capital_usd": "100000000",
        "buckets": [
            {
                "key": key,
                "stage": key.split("/")[0],
                "sector": key.split("/")[1],
                "all_in_cost_usd": 2_000_000,
                "deal_win_probability": 0.05,
            }
            for key in keys
        ],
        "multiples": market_multiples(seed=3, buckets=len(keys), scenarios=80).tolist(),
        "limits": {
            "max_loss_probability": 0.2,
            "cvar": {"confidence": 0.9, "max": 0.75},
            "sectors": {name: {"max": 0.6} for name in ("saas", "bio", "c")},
            "stages": {name: {"min": 0.1} for name in ("series_a", "seed")},
        },
    }
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(stated))
    return file


def solved(problem: Path, *, hash_seed: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "solve_allocation", problem],
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_processes_that_order_names_differently_print_the_same(problem_file: Path) -> None:
    first, second = (solved(problem_file, hash_seed=seed) for seed in ("1", "2"))
    for told in (first, second):
        solver = told["solver"]
        assert isinstance(solver, dict)
        del solver["seconds"]

    assert json.dumps(first) == json.dumps(second)
    assert first["status"] == "optimal"

"""The nearly best allocation that is closest to uniform, found with and without a search."""

import numpy as np
import pytest

from optimization.solver import second_pass
from optimization.solver.allocate import allocate
from optimization.solver.stated.problem import AllocationProblem
from tests.optimization.solver.problems import problem

KEYS = ["seed/saas", "seed/bio", "series_a/saas", "series_a/bio"]


def with_loss_limit(seed: int, *, max_loss_probability: float) -> AllocationProblem:
    draw = np.random.default_rng(seed)
    multiples = np.exp(draw.normal(0.15, 0.7, size=(4, 40)))
    return problem(
        KEYS, multiples, max_loss_probability=max_loss_probability, max_bucket_weight=0.6
    )


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the loss limit always mattered."""
    monkeypatch.setattr(second_pass, "_closest_without_loss_limit", lambda *_: None)


@pytest.mark.parametrize("seed", range(6))
def test_loss_limit_that_does_not_matter_needs_no_search(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_pass, "_choose_losing", pytest.fail)
    allocation = allocate(with_loss_limit(seed, max_loss_probability=0.9))
    assert allocation.solver.second_pass == "optimal"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.usefixtures("searched")
def test_search_finds_the_same_weights(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    loose = with_loss_limit(seed, max_loss_probability=0.9)
    slow = allocate(loose)
    monkeypatch.undo()
    quick = allocate(loose)
    assert quick.weights is not None
    assert slow.weights is not None
    # Both are solved to the solver's feasibility tolerance of 1e-9 in each of 40 rows.
    assert list(quick.weights.values()) == pytest.approx(list(slow.weights.values()), abs=1e-6)


def test_loss_limit_that_matters_is_kept() -> None:
    excess = []
    for seed in range(6):
        free = allocate(with_loss_limit(seed, max_loss_probability=0.9))
        assert free.loss_probability is not None
        # One scenario fewer than lose without the limit.
        limit = free.loss_probability - 1 / 40
        tight = allocate(with_loss_limit(seed, max_loss_probability=limit))
        if tight.loss_probability is not None:
            excess.append(tight.loss_probability - limit)
    assert len(excess) >= 3
    assert max(excess) <= 1e-9

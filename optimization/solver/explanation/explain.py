"""Explains an allocation: what its limits cost, and what its buckets add."""

import math
from collections.abc import Sequence

import numpy as np

from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.explanation.explanation import BucketContribution, Explanation
from optimization.solver.explanation.limit_values import limit_values
from optimization.solver.first_pass import FirstPass
from optimization.solver.measures.contributions import contributions
from optimization.solver.report import cvar_confidence
from optimization.solver.stated.problem import AllocationProblem
from optimization.solver.stated.single_limits import single_limits


def explain(
    problem: AllocationProblem,
    *,
    first: FirstPass,
    weights: Sequence[float],
    binding: Sequence[str],
    keys: Sequence[str],
    highs: BudgetedHighs,
) -> Explanation:
    """Of the allocation ``weights``, in the order of ``problem``, whose limits are those granted.

    ``first`` is the first pass under these limits, ``binding`` the ids of those that bind, and
    ``keys`` the order in which buckets are reported.
    """
    limits = [limit for limit in single_limits(problem.limits) if limit.id in binding]
    parts = {part.key: part for part in bucket_contributions(problem, weights=weights)}
    return Explanation(
        limit_values=limit_values(problem, first=first, binding=limits, highs=highs),
        contributions=tuple(parts[key] for key in keys),
    )


def bucket_contributions(
    problem: AllocationProblem, *, weights: Sequence[float]
) -> tuple[BucketContribution, ...]:
    """One per bucket of ``problem``; they sum to the expected multiple and to the CVaR."""
    parts = contributions(
        weights=np.array(weights),
        multiples=problem.multiples,
        expected_multiples=problem.expected_multiples(),
        confidence=cvar_confidence(problem),
    )
    multiple = math.fsum(parts.expected_multiple.tolist())
    tail_loss = math.fsum(parts.tail_loss.tolist())
    return tuple(
        BucketContribution(
            key=key,
            weight=weight,
            expected_multiple=own_multiple,
            expected_multiple_share=_share(own_multiple, multiple),
            tail_loss=own_loss,
            tail_loss_share=_share(own_loss, tail_loss),
        )
        for key, weight, own_multiple, own_loss in zip(
            problem.bucket_keys,
            weights,
            parts.expected_multiple.tolist(),
            parts.tail_loss.tolist(),
            strict=True,
        )
    )


def _share(part: float, total: float) -> float | None:
    return part / total if total > 0 else None

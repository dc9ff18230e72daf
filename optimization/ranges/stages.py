"""What a worker does to answer a question: load, call the pure core, store with the job's end."""

import time
from decimal import Decimal

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from optimization.ranges.models import AskedRanges
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.ranges.attainable_ranges import attainable_ranges
from optimization.solver.stated.limits import CvarLimit, parse_limits
from optimization.solver.stated.problem import AllocationProblem, Bucket
from outbox.leases import Lease
from outbox.running import PermanentFailure
from scenarios.models import ScenarioMatrix, StatusChanged
from scenarios.regeneration import multiples_of

# The outer stop: the search is budgeted in iterations, of which the largest problems take this.
TIME_LIMIT_SECONDS = 60.0
CONTRADICTION = (
    "No allocation keeps the limits on stages, sectors and the largest bucket together, whatever"
    " the limits on risk. Loosen one of them."
)


def answer(lease: Lease) -> None:
    asked = AskedRanges.objects.filter(pk=lease.subject_id).first()
    if asked is None or asked.status != AskedRanges.Status.WORKING:
        return lease.finish()
    matrix = ScenarioMatrix.objects.without_payload().get(pk=asked.matrix_id)
    cached = multiples_of(matrix, lease=lease)
    found = attainable_ranges(
        problem_of(asked, matrix, cached.multiples),
        highs=BudgetedHighs(TIME_LIMIT_SECONDS, lease.is_lost, clock=time.monotonic),
    )
    if found is None:
        raise PermanentFailure(CONTRADICTION)
    try:
        with transaction.atomic():
            lease.finish()
            asked.complete(found.as_json())
    except StatusChanged:
        # Ended otherwise since it was loaded: the job is done and has no effect.
        return lease.finish()


def problem_of(
    asked: AskedRanges, matrix: ScenarioMatrix, multiples: NDArray[np.float32]
) -> AllocationProblem:
    """``multiples`` float32 (buckets, scenarios), rows in the order of ``matrix.buckets``."""
    policies = {bucket["key"]: bucket for bucket in asked.policy["buckets"]}
    buckets = tuple(
        Bucket(
            key=facts["key"],
            stage=policies[facts["key"]]["stage"],
            sector=policies[facts["key"]]["sector"],
            all_in_cost_usd=Decimal(policies[facts["key"]]["all_in_cost_usd"]),
            deal_win_probability=facts["deal_win_probability"],
            expected_multiple=facts["expected_multiple"],
        )
        for facts in matrix.buckets
    )
    # The limit itself is not looked at, only what confidence it is stated for.
    cvar = CvarLimit(confidence=asked.policy["cvar_confidence"], maximum=1.0)
    return AllocationProblem(
        capital_usd=Decimal(asked.policy["capital_usd"]),
        buckets=buckets,
        multiples=multiples.astype(np.float64),
        limits=parse_limits(
            {**asked.policy["limits"], "cvar": cvar.as_json()},
            sectors={bucket.sector for bucket in buckets},
            stages={bucket.stage for bucket in buckets},
            buckets=buckets,
        ),
    )

"""The allocation problem of a session: its request and buckets, and a matrix's facts."""

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from optimization.models import OptimizationSession
from optimization.request.checked_request import complete
from optimization.solver.stated.limits import parse_limits
from optimization.solver.stated.problem import AllocationProblem, Bucket, SolverSettings
from scenarios.models import ScenarioMatrix


def allocation_problem(
    *, session: OptimizationSession, matrix: ScenarioMatrix, multiples: NDArray[np.float32]
) -> AllocationProblem:
    """``multiples`` float32 (buckets, scenarios), rows in the order of ``matrix.buckets``."""
    request = complete(session.request)
    policies = {bucket["key"]: bucket for bucket in session.buckets}
    costs_usd = all_in_costs_usd(session)
    buckets = tuple(
        Bucket(
            key=facts["key"],
            stage=policies[facts["key"]]["stage"],
            sector=policies[facts["key"]]["sector"],
            all_in_cost_usd=costs_usd[facts["key"]],
            deal_win_probability=facts["deal_win_probability"],
            expected_multiple=facts["expected_multiple"],
        )
        for facts in matrix.buckets
    )
    return AllocationProblem(
        capital_usd=Decimal(request["capital_usd"]),
        buckets=buckets,
        multiples=multiples.astype(np.float64),
        limits=parse_limits(
            request["limits"],
            sectors={bucket.sector for bucket in buckets},
            stages={bucket.stage for bucket in buckets},
            buckets=buckets,
        ),
        settings=SolverSettings(
            primary_lock_epsilon=request["primary_lock_epsilon"],
            mip_gap=request["mip_gap"],
            time_limit_seconds=request["time_limit_seconds"],
        ),
        relax=request["relax"],
    )


def all_in_costs_usd(session: OptimizationSession) -> dict[str, Decimal]:
    """Of one deal in each bucket."""
    return {bucket["key"]: Decimal(bucket["all_in_cost_usd"]) for bucket in session.buckets}

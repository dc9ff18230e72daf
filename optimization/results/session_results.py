"""Stored sessions as plain dicts. Page, API and command line show these and nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from optimization.models import OptimizationSession
from optimization.results.cash_flows import gross_irr
from optimization.results.notes import notes
from optimization.rounds.rounds import Ending
from scenarios.models import ScenarioMatrix

Status = OptimizationSession.Status

CURRENT_STEP = {
    Status.REQUESTED: "Request stored",
    Status.MATRIX_GENERATING: "Simulating the scenarios of every bucket",
    Status.OPTIMIZING: "Searching for the allocation with the highest expected multiple",
    Status.VALIDATING: "Checking the allocation on fresh scenarios",
    Status.COMPLETED: "Done",
    Status.FAILED: "Stopped by a failure",
    Status.CANCELLED: "Cancelled",
}
FRONTIER_STEP = {
    Status.OPTIMIZING: "Tracing the frontier, from loose limits to tight ones",
    Status.VALIDATING: "Measuring every point on the same fresh scenarios",
}
REPEATED_STEP = {
    Status.MATRIX_GENERATING: "Simulating the scenarios again with the deals that were bought",
    Status.OPTIMIZING: "Searching again in scenarios with the deals that were bought",
}
STEPS = (
    Status.REQUESTED,
    Status.MATRIX_GENERATING,
    Status.OPTIMIZING,
    Status.VALIDATING,
    Status.COMPLETED,
)


class NotCompleted(LookupError):
    """The session has no result: it is unfinished, failed or cancelled."""


def session_status(session: OptimizationSession) -> dict[str, Any]:
    """Where the session stands; needs ``fund`` and ``requested_by`` loaded for no extra query."""
    status = Status(session.status)
    return {
        "id": str(session.pk),
        "session_type": session.session_type,
        "name": session.name,
        "fund": {
            "id": str(session.fund_id),
            "name": session.fund.name,
            "is_sample": session.fund.is_sample,
        },
        "status": status.value,
        "status_label": status.label,
        "progress_percent": session.progress_percent,
        "frontier_progress": _frontier_progress(session),
        "validation_progress": _validation_progress(session),
        "current_step": _current_step(session),
        "searches_done": session.searches_done,
        "requested_by": session.requested_by.display_name,
        "requested_at": _iso(session.requested_at),
        "finished_at": _iso(session.finished_at),
        "version": session.version,
        "is_finished": session.is_finished,
        "failure_reason": session.failure_reason or None,
        "steps": _steps(session),
        # What requests of earlier releases could not state.
        "request": {"scenario_law": None, "frontier": None, "relax": None, **session.request},
    }


def _current_step(session: OptimizationSession) -> str:
    status = Status(session.status)
    if session.is_frontier and status in FRONTIER_STEP:
        return FRONTIER_STEP[status]
    if session.searches_done and status in REPEATED_STEP:
        return f"{REPEATED_STEP[status]} (search {1 + session.searches_done})"
    return CURRENT_STEP[status]


def _frontier_progress(session: OptimizationSession) -> dict[str, int] | None:
    """How many points of how many are solved; None for sessions that trace none."""
    if not session.is_frontier:
        return None
    return {"done": session.frontier_points_done, "total": session.request["frontier"]["points"]}


def _validation_progress(session: OptimizationSession) -> dict[str, int] | None:
    """How many fresh scenarios of how many are done; None while there is nothing to count."""
    done = session.validation_scenarios_done
    if session.status != Status.VALIDATING or not done:
        return None
    return {"done": done, "total": session.request["validation_scenarios"]}


@dataclass(frozen=True, slots=True)
class _Completed:
    """A session with everything that a completed one has."""

    session: OptimizationSession
    matrix: ScenarioMatrix
    solution: dict[str, Any]
    matrix_tier: str
    metrics: dict[str, Any]

    @classmethod
    def of(cls, session: OptimizationSession) -> "_Completed":
        allocation, matrix = session.allocation, session.matrix
        metrics = session.validation_metrics
        if session.status != Status.COMPLETED or not (allocation and matrix and metrics):
            raise NotCompleted(f"session {session.pk} is {session.status}")
        return cls(session, matrix, allocation["solution"], allocation["matrix_tier"], metrics)


def session_result(session: OptimizationSession) -> dict[str, Any]:
    """The whole result of a completed session.

    A figure that Keel did not yet measure when the session was completed is None.

    :raises NotCompleted: there is no result
    """
    done = _Completed.of(session)
    fresh = done.metrics["out_of_sample"]
    result = {
        **session_status(session),
        # Allocations of earlier releases were not explained.
        "allocation": {
            "explanation": None,
            **done.solution,
            "solver": _solver(done.solution["solver"]),
        },
        "buckets": _buckets(done),
        "risk": _risk(done),
        "distribution": _distribution(fresh),
        "irr": gross_irr(done.metrics),
        "cash_flows": done.metrics.get("cash_flows"),
        "validation": {
            "scenarios": fresh["scenarios"],
            "greedy": {"weights": None, **done.metrics["greedy"]},
            "checks": done.metrics["checks"],
            "deals_bought": done.metrics["deals_bought"],
        },
        "calibration": calibration_used(session),
        "matrix": _matrix(done),
        "rounds": _rounds(session),
        "timings_seconds": timings(session),
    }
    return {**result, "notes": notes(result)}


def _solver(run: dict[str, Any]) -> dict[str, Any]:
    """How the search ran; earlier releases did not say how they proved an optimum."""
    return {"method": None, "first_pass": None, **run}


def calibration_used(session: OptimizationSession) -> dict[str, Any]:
    used = session.calibration
    return {
        "version": used.version,
        "label": used.label,
        "kind": used.kind,
        "sample_size": used.sample_size,
    }


def _matrix(done: _Completed) -> dict[str, Any]:
    return {
        **matrix_used(done.session, done.matrix, tier=done.matrix_tier),
        "allocation_variance_shares": done.metrics.get("variance_shares"),
    }


def matrix_used(
    session: OptimizationSession, matrix: ScenarioMatrix, *, tier: str
) -> dict[str, Any]:
    return {
        "key": matrix.matrix_key,
        "sha256": matrix.sha256,
        "scenarios": matrix.scenarios,
        "was_cached": session.matrix_was_cached,
        "tier": tier,
        "kernel_version": matrix.kernel_version,
        "unspent_reserves": matrix.config["unspent_reserves"],
        "variance_shares": matrix.variance_shares,
        "allocation_variance_shares": None,
        "warnings": matrix.warnings,
    }


def _rounds(session: OptimizationSession) -> dict[str, Any] | None:
    """The searches, each with the deals that the one before it bought; None: not kept then."""
    if session.rounds is None:
        return None
    return {"is_settled": session.rounds["ending"] == Ending.SETTLED, **session.rounds}


def _buckets(done: _Completed) -> list[dict[str, Any]]:
    facts = {bucket["key"]: bucket for bucket in done.matrix.buckets}
    alone = done.metrics["bucket_loss_probability"]
    rows = []
    for bucket in done.session.buckets:
        key = bucket["key"]
        dollars = Decimal(done.solution["dollars"][key])
        reserve_ratio = Decimal(str(bucket["reserve_ratio"]))
        reserves = (dollars * reserve_ratio / (1 + reserve_ratio)).quantize(Decimal("0.01"))
        called = reserves * Decimal(str(facts[key]["expected_reserve_call_fraction"]))
        rows.append(
            {
                "key": key,
                "stage": bucket["stage"],
                "stage_label": bucket["stage_label"],
                "sector": bucket["sector"],
                "sector_label": bucket["sector_label"],
                "weight": done.solution["weights"][key],
                "dollars_usd": str(dollars),
                "deals": float(dollars / Decimal(bucket["all_in_cost_usd"])),
                "initial_cheque_usd": bucket["initial_cheque_usd"],
                "all_in_cost_usd": bucket["all_in_cost_usd"],
                "reserves_usd": str(reserves),
                "expected_reserve_calls_usd": str(called.quantize(Decimal("0.01"))),
                "expected_multiple": facts[key]["expected_multiple"],
                "expected_multiple_standard_error": _standard_error(facts[key]),
                "deal_win_probability": facts[key]["deal_win_probability"],
                "loss_probability": alone[key],
                "variance_shares": facts[key].get("variance_shares"),
                "loadings": facts[key].get("loadings"),
            }
        )
    return rows


def _risk(done: _Completed) -> dict[str, Any]:
    allocation = done.solution
    fresh = done.metrics["out_of_sample"]
    limits = done.session.request["limits"]
    cvar_limit = limits.get("cvar")
    granted = {row["id"]: row["granted"] for row in allocation["constraints"]}
    return {
        "expected_multiple": {
            "exact": allocation["expected_multiple"],
            "standard_error": _largest_standard_error(done),
            "in_sample": allocation["sample_expected_multiple"],
            **_fresh(fresh["mean_multiple"]),
            "limit": None,
        },
        "loss_probability": {
            "in_sample": allocation["loss_probability"],
            **_fresh(fresh["loss_probability"]),
            "limit": limits.get("max_loss_probability"),
            "granted": granted.get("max_loss_probability"),
        },
        "cvar": {
            "in_sample": allocation["cvar"],
            **_fresh(fresh["cvar"]),
            "limit": cvar_limit["max"] if cvar_limit else None,
            "granted": granted.get("cvar"),
            "confidence": fresh["cvar"]["confidence"],
        },
        "expected_winners": {
            "exact": allocation["expected_winners"],
            "limit": limits.get("min_expected_winners"),
            "granted": granted.get("min_expected_winners"),
        },
    }


def _standard_error(facts: dict[str, Any]) -> float:
    """Of a bucket's expected multiple; it was exact before recycling could be simulated."""
    error: float = facts.get("expected_multiple_standard_error", 0.0)
    return error


def _largest_standard_error(done: _Completed) -> float:
    """Of the allocation's expected multiple: however the errors of its buckets go together."""
    weights: dict[str, float] = done.solution["weights"]
    return sum(weights[facts["key"]] * _standard_error(facts) for facts in done.matrix.buckets)


def _fresh(estimate: dict[str, Any]) -> dict[str, Any]:
    return {
        "out_of_sample": estimate["value"],
        "interval": [estimate["low"], estimate["high"]],
    }


def _distribution(fresh: dict[str, Any]) -> dict[str, Any]:
    histogram = fresh["histogram"]
    return {
        "quantiles": {**fresh["quantiles"], "p50": fresh["median_multiple"]},
        "share_at_least_2x": fresh["share_at_least_2x"],
        "share_at_least_3x": fresh["share_at_least_3x"],
        "histogram": {
            "bin_width": histogram["bin_width"],
            "shares": [count / fresh["scenarios"] for count in histogram["counts"]],
            "share_beyond": histogram["overflow_share"],
        },
    }


def _steps(session: OptimizationSession) -> list[dict[str, Any]]:
    """When each step last began and how long it took in all, unless it is in progress; a step
    that was skipped has no time."""
    events = sorted(session.events.all(), key=lambda event: (event.at, event.pk))
    began = {event.to_status: event.at for event in events}
    took: dict[str, timedelta] = {}
    for event, later in pairwise(events):
        took[event.to_status] = took.get(event.to_status, timedelta()) + (later.at - event.at)
    return [
        {
            "status": step.value,
            "label": step.label,
            "at": _iso(began.get(step)),
            "seconds": None if step == session.status else _seconds(took.get(step)),
        }
        for step in STEPS
    ]


def timings(session: OptimizationSession) -> dict[str, float | None]:
    seconds = {step["status"]: step["seconds"] for step in _steps(session)}
    return {
        "matrix": seconds[Status.MATRIX_GENERATING],
        "optimization": seconds[Status.OPTIMIZING],
        "validation": seconds[Status.VALIDATING],
        "total": _seconds(
            None if session.finished_at is None else session.finished_at - session.requested_at
        ),
    }


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 3)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")

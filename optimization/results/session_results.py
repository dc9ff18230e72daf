"""Completed sessions as plain dicts. Page, API and command line show these and nothing else."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optimization.models import OptimizationSession
from optimization.results.cash_flows import gross_irr
from optimization.results.notes import notes
from optimization.results.session_status import session_status, timings
from optimization.rounds.rounds import Ending
from scenarios.models import ScenarioMatrix

Status = OptimizationSession.Status


class NotCompleted(LookupError):
    """The session has no result: it is unfinished, failed or cancelled."""


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

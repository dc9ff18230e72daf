"""What workers do for a session: the pure core's answer, stored with the transition it belongs to.

Simulator, solver and validation are the real ones, on four buckets and few scenarios.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from funds.models import Fund
from optimization import lifecycle, stages
from optimization.lifecycle import enqueue
from optimization.models import OptimizationSession
from optimization.request.checked_request import parse_request
from optimization.request.fund_facts import fund_facts
from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation
from optimization.solver.stated.problem import AllocationProblem, parse_problem
from optimization.validation import stages as validation_stages
from optimization.validation.metrics import validation_metrics
from outbox.models import OutboxJob
from outbox.running import PermanentFailure
from scenarios.models import ScenarioMatrix
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from tests.optimization.completed import SMALL
from tests.optimization.rows import Status, columns, history
from tests.optimization.work import (
    OPTIMIZATION,
    VALIDATION,
    completed,
    do,
    jobs_of,
    live_jobs_of,
    matrix_of,
    optimizing,
    take,
    validating,
    waiting,
)

pytestmark = pytest.mark.django_db

LIMITS = {
    "cvar": {"confidence": 0.9, "max": 0.6},
    "min_expected_winners": 0.5,
    "max_bucket_weight": 0.4,
    "sectors": {"saas": {"min": 0.55}},
}


def pure_answer(fund: Fund) -> tuple[dict[str, Any], dict[str, Any]]:
    """Solution and validation metrics of `LIMITS` by the pure core alone: no row, no job."""
    facts = fund_facts(fund)
    request = parse_request({"name": "x", "limits": LIMITS, **SMALL}, fund=facts)
    model = build_model(request.config)
    cost_usd = {bucket["key"]: bucket["all_in_cost_usd"] for bucket in facts.buckets}
    problem = parse_problem(
        {
            "capital_usd": str(request.capital_usd),
            "buckets": [
                {
                    "key": key,
                    "stage": key.split("/")[0],
                    "sector": key.split("/")[1],
                    "all_in_cost_usd": cost_usd[key],
                    "deal_win_probability": float(model.deal_win_probabilities[row]),
                    "expected_multiple": float(model.expected_multiples[row]),
                }
                for row, key in enumerate(model.bucket_keys)
            ],
            "limits": LIMITS,
            "mip_gap": request.mip_gap,
            "primary_lock_epsilon": request.primary_lock_epsilon,
            "time_limit_seconds": request.time_limit_seconds,
        },
        multiples=model.multiples(
            sample=Sample.OPTIMIZATION, first_scenario=0, count=SMALL["optimization_scenarios"]
        ),
    )
    solution = allocate(problem).as_json()
    metrics = validation_metrics(
        problem=problem,
        solution=solution,
        config=request.config,
        scenarios=SMALL["validation_scenarios"],
        should_stop=lambda: False,
    )
    return as_stored(solution), as_stored(metrics)


def as_stored(answer: dict[str, Any]) -> dict[str, Any]:
    """As JSON gives it back, without how long the solver took."""
    stored: dict[str, Any] = json.loads(json.dumps(answer, allow_nan=False))
    stored.get("solver", {}).pop("seconds", None)
    return stored


def test_session_passes_through_every_status_to_its_end(fund: Fund) -> None:
    assert history(completed(fund, limits=LIMITS)) == [
        Status.REQUESTED,
        Status.MATRIX_GENERATING,
        Status.OPTIMIZING,
        Status.VALIDATING,
        Status.COMPLETED,
    ]


def test_stored_solution_and_metrics_are_those_of_the_pure_core(fund: Fund) -> None:
    session = completed(fund, limits=LIMITS)
    solution, metrics = pure_answer(fund)
    assert session.allocation is not None
    assert as_stored(session.allocation["solution"]) == solution
    assert session.validation_metrics == metrics


def test_equal_requests_get_equal_answers(fund: Fund) -> None:
    first, second = completed(fund, limits=LIMITS), completed(fund, limits=LIMITS)
    assert first.allocation is not None
    assert second.allocation is not None
    assert json.dumps(first.allocation["solution"]["weights"]) == json.dumps(
        second.allocation["solution"]["weights"]
    )
    assert first.validation_metrics == second.validation_metrics


def test_session_remembers_where_its_scenarios_were_read(fund: Fund) -> None:
    tiers = [session.allocation for session in (validating(fund), validating(fund))]
    assert [stored["matrix_tier"] for stored in tiers if stored] == ["postgresql", "redis"]


def test_optimization_ends_its_job_and_adds_the_next(fund: Fund) -> None:
    session = validating(fund)
    assert jobs_of(session, OPTIMIZATION) == [OutboxJob.Status.DONE]
    assert live_jobs_of(session) == [VALIDATION]


def test_validation_ends_its_job_and_adds_none(fund: Fund) -> None:
    session = completed(fund)
    assert jobs_of(session, VALIDATION) == [OutboxJob.Status.DONE]
    assert live_jobs_of(session) == []


class BrokenTable(Exception):
    """The next job cannot be added."""


def refuse(*_: object) -> None:
    raise BrokenTable


def test_nothing_is_stored_when_the_next_job_cannot_be(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = optimizing(fund)
    before = columns(session)
    lease = take(session)
    monkeypatch.setattr(lifecycle, "enqueue", refuse)
    with pytest.raises(BrokenTable):
        stages.optimize(lease)
    assert columns(session) == before
    assert jobs_of(session) == [OutboxJob.Status.RUNNING]


def failure_of(session: OptimizationSession) -> str:
    with pytest.raises(PermanentFailure) as failure:
        do(session)
    return str(failure.value)


def test_limit_that_no_allocation_meets_is_named_with_what_can_be_had(fund: Fund) -> None:
    session = optimizing(fund, limits={"min_expected_winners": 9000}, relax=False)
    words = failure_of(session)
    assert words.startswith("No allocation meets the minimum of expected winners")
    assert "the limit asks for 9000" in words


def test_limits_that_clash_are_all_named(fund: Fund) -> None:
    limits = {"max_loss_probability": 0, "sectors": {"saas": {"min": 0.5}}}
    words = failure_of(optimizing(fund, limits=limits, relax=False))
    assert "the maximum loss probability" in words


def test_session_whose_limits_cannot_be_kept_completes_with_what_gives_way(fund: Fund) -> None:
    session = completed(fund, limits={"min_expected_winners": 9000, "max_bucket_weight": 0.5})
    assert session.allocation is not None
    solution = session.allocation["solution"]
    assert solution["status"] == "relaxed"
    (relaxation,) = solution["relaxations"]
    # Half the capital each in the two buckets with the most winners: 100 million USD at 2 million
    # a deal are 50 deals. Granted values are rounded down to 1e-9.
    most = sorted(bucket["deal_win_probability"] for bucket in matrix_of(session).buckets)[-2:]
    assert relaxation["granted"] == pytest.approx(50 * sum(most) / 2, abs=1e-8)
    assert relaxation["constraint"] == "min_expected_winners"
    assert relaxation["is_minimal"]
    assert session.validation_metrics is not None
    assert all(check["passed"] for check in session.validation_metrics["checks"])


def test_session_that_asks_for_too_much_twice_is_granted_what_its_weights_need(fund: Fund) -> None:
    session = completed(fund, limits={"max_loss_probability": 0.0, "min_expected_winners": 9000})

    assert session.allocation is not None
    solution = session.allocation["solution"]
    assert solution["status"] == "relaxed"
    granted = {given["constraint"]: given["granted"] for given in solution["relaxations"]}
    assert list(granted) == ["max_loss_probability", "min_expected_winners"]
    # Losses are given up first and by whole scenarios; what they leave bounds the winners, whose
    # granted value is rounded outwards to 1e-9, or up to 1e-7 where programs need it.
    assert granted["max_loss_probability"] == solution["loss_probability"]
    assert granted["min_expected_winners"] <= solution["expected_winners"] + 1e-7
    assert all(row["satisfied"] for row in solution["constraints"])
    assert session.validation_metrics is not None
    assert all(check["passed"] for check in session.validation_metrics["checks"])


def test_search_that_ran_out_of_time_is_told_from_one_that_cannot_succeed(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_time(problem: AllocationProblem, **_: object) -> Allocation:
        # Less than any program takes; a request must allow at least a second.
        settings = replace(problem.settings, time_limit_seconds=1e-9)
        return allocate(replace(problem, settings=settings))

    monkeypatch.setattr(stages, "allocate", without_time)
    words = failure_of(optimizing(fund, limits={**LIMITS, "max_loss_probability": 0.3}))
    assert "time limit was reached" in words


def damage(session: OptimizationSession) -> None:
    """Of the next generation, so that the copy in Redis is another's."""
    matrix = matrix_of(session)
    damaged = bytes(matrix.payload or b"")[:-1]
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(payload=damaged, generation=2)


@pytest.mark.parametrize("make", [optimizing, validating])
def test_damaged_scenarios_are_generated_again_and_the_answer_is_the_same(
    make: Callable[..., OptimizationSession], fund: Fund
) -> None:
    session = make(fund, limits=LIMITS)
    damage(session)
    while live_jobs_of(session):
        do(session)
    session.refresh_from_db()
    assert session.status == Status.COMPLETED
    assert session.allocation is not None
    stored = as_stored(session.allocation["solution"]), session.validation_metrics
    assert stored == pure_answer(fund)
    assert matrix_of(session).incidents.count() == 1


@pytest.mark.parametrize("make", [optimizing, validating])
def test_damaged_scenarios_that_cannot_be_had_again_are_not_used(
    make: Callable[..., OptimizationSession], fund: Fund
) -> None:
    session = make(fund)
    damage(session)
    ScenarioMatrix.objects.filter(sessions=session).update(kernel_version="0")
    before = columns(session)
    assert "are damaged" in failure_of(session)
    assert columns(session) == before


@pytest.mark.parametrize("make", [waiting, validating, completed])
def test_superfluous_optimization_job_ends_without_effect(
    make: Callable[..., OptimizationSession], fund: Fund
) -> None:
    session = make(fund)
    OutboxJob.objects.filter(subject_id=str(session.pk)).cancel()
    enqueue(OPTIMIZATION, session)
    before = columns(session)
    do(session)
    assert columns(session) == before
    assert jobs_of(session, OPTIMIZATION)[-1] == OutboxJob.Status.DONE
    assert live_jobs_of(session) == []


@pytest.mark.parametrize("make", [optimizing, completed])
def test_superfluous_validation_job_ends_without_effect(
    make: Callable[..., OptimizationSession], fund: Fund
) -> None:
    session = make(fund)
    OutboxJob.objects.filter(subject_id=str(session.pk)).cancel()
    enqueue(VALIDATION, session)
    before = columns(session)
    do(session)
    assert columns(session) == before
    assert jobs_of(session, VALIDATION)[-1] == OutboxJob.Status.DONE


def test_session_that_ended_while_the_solver_ran_keeps_its_end(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = optimizing(fund)

    def solve_and_end(problem: AllocationProblem, **_: object) -> Allocation:
        session.cancel()
        return allocate(problem)

    monkeypatch.setattr(stages, "allocate", solve_and_end)
    do(session)
    after = columns(session)
    assert (after["status"], after["allocation"]) == (Status.CANCELLED, None)
    assert jobs_of(session) == [OutboxJob.Status.DONE]


def test_allocation_is_not_validated_under_another_version_of_the_law(fund: Fund) -> None:
    session = validating(fund)
    ScenarioMatrix.objects.filter(sessions=session).update(kernel_version="0")
    with pytest.raises(PermanentFailure, match="scenario law was updated"):
        validation_stages.validate(take(session))

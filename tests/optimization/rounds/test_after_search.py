"""A session whose allocation buys other numbers of deals is searched again with those.

Four buckets of the fund cost 2 million a deal and are simulated with 10 deals each.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import F

from funds.models import Fund
from optimization import lifecycle, stages
from optimization.models import OptimizationSession
from optimization.results.session_results import session_result
from optimization.results.session_status import session_status
from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation
from optimization.solver.stated.problem import AllocationProblem, Limits
from outbox import reaper
from outbox.leases import StaleLease
from outbox.models import OutboxJob
from scenarios.models import ScenarioMatrix
from tests.optimization.rows import Status, columns, history, insert_session
from tests.optimization.work import (
    GENERATION,
    OPTIMIZATION,
    VALIDATION,
    completed,
    do,
    fail,
    jobs_of,
    live_jobs_of,
    matrix_of,
    optimizing,
    search_to_the_end,
    take,
    validating,
)
from tests.outbox.jobs import lapse

pytestmark = pytest.mark.django_db

KEYS = ("seed/fintech", "seed/saas", "series_a/fintech", "series_a/saas")
# A quarter of 20 million in every bucket buys 2.5 deals, whatever the scenarios.
QUARTERS: dict[str, Any] = {
    "capital_usd": "20000000.00",
    "limits": {"max_bucket_weight": 0.25},
}
TWO_AND_A_HALF = dict.fromkeys(KEYS, 2.5)
AGAIN = [
    Status.REQUESTED,
    Status.MATRIX_GENERATING,
    Status.OPTIMIZING,
    Status.MATRIX_GENERATING,
    Status.OPTIMIZING,
    Status.VALIDATING,
]


def searches_of(session: OptimizationSession) -> list[dict[str, Any]]:
    assert session.rounds is not None
    searches: list[dict[str, Any]] = session.rounds["searches"]
    return searches


def ending_of(session: OptimizationSession) -> str:
    assert session.rounds is not None
    ending: str = session.rounds["ending"]
    return ending


def once_more(fund: Fund, **fields: Any) -> OptimizationSession:
    """A session that has searched once and waits for scenarios with 2.5 deals."""
    session = optimizing(fund, **{**QUARTERS, **fields})
    do(session)
    session.refresh_from_db()
    assert session.status == Status.MATRIX_GENERATING
    return session


def test_session_settles_with_the_deals_that_it_buys(fund: Fund) -> None:
    session = validating(fund, **QUARTERS)
    assert history(session) == AGAIN
    first, second = searches_of(session)
    assert first["reference_deals"] == dict.fromkeys(KEYS, 10.0)
    assert first["mismatched"] == list(KEYS)
    assert second["reference_deals"] == TWO_AND_A_HALF
    assert second["mismatched"] == []
    assert ending_of(session) == "settled"


def test_session_is_validated_in_the_scenarios_of_its_last_search(fund: Fund) -> None:
    session = completed(fund, **QUARTERS)
    assert session.validation_metrics is not None
    bought = session.validation_metrics["deals_bought"]["buckets"]
    assert {row["key"]: row["reference_deals"] for row in bought} == TWO_AND_A_HALF
    assert matrix_of(session).matrix_key == searches_of(session)[-1]["matrix_key"]


def test_scenarios_of_a_later_search_have_the_random_numbers_of_the_first(fund: Fund) -> None:
    session = once_more(fund)
    first, second = ScenarioMatrix.objects.order_by("created_at")
    assert second == matrix_of(session)
    assert second.config["random_numbers_of"]
    assert {**second.config, "random_numbers_of": None, "buckets": None} == {
        **first.config,
        "random_numbers_of": None,
        "buckets": None,
    }


def test_session_whose_deals_fit_is_searched_once(fund: Fund) -> None:
    # A quarter of 100 million buys 12.5 deals.
    session = validating(fund, limits={"max_bucket_weight": 0.25})
    assert [one["mismatched"] for one in searches_of(session)] == [[]]
    assert ending_of(session) == "settled"


def test_equal_request_takes_the_scenarios_of_every_search_from_the_cache(fund: Fund) -> None:
    first, second = (validating(fund, **QUARTERS) for _ in range(2))
    assert history(second) == [Status.REQUESTED, Status.OPTIMIZING, Status.VALIDATING]
    assert [one["was_cached"] for one in searches_of(first)] == [False, False]
    assert [one["was_cached"] for one in searches_of(second)] == [True, True]
    assert jobs_of(second, OPTIMIZATION) == [OutboxJob.Status.DONE] * 2
    assert first.allocation is not None
    assert second.allocation is not None
    assert json.dumps(first.allocation["solution"]["weights"]) == json.dumps(
        second.allocation["solution"]["weights"]
    )


def weighing(*answers: Sequence[float]) -> Callable[..., Allocation]:
    """A solver whose answers have these weights, in the order of the keys, one after the other."""
    left = list(answers)

    def solve(problem: AllocationProblem, **_: object) -> Allocation:
        weights = dict(zip(problem.bucket_keys, left.pop(0), strict=True))
        return replace(allocate(problem), weights=weights)

    return solve


def test_session_that_does_not_settle_ends_after_three_repetitions(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 45, 20, 7.5 and 2.5 deals in the first bucket, each time less than half of those before; the
    # others buy 5 to 17.5 of their 10, or none.
    answers = [(0.9, 0.1, 0, 0), (0.4, 0.2, 0.2, 0.2), (0.15, 0.35, 0.25, 0.25)]
    last = (0.05, 0.35, 0.3, 0.3)
    monkeypatch.setattr(stages, "allocate", weighing(*answers, last))
    session = validating(fund)
    assert [one["reference_deals"]["seed/fintech"] for one in searches_of(session)] == [
        10,
        45,
        20,
        7.5,
    ]
    assert [one["mismatched"] for one in searches_of(session)] == [["seed/fintech"]] * 4
    assert ending_of(session) == "most_repeats"
    assert session.allocation is not None
    assert session.allocation["solution"]["weights"] == dict(zip(KEYS, last, strict=True))


def test_session_that_comes_back_to_numbers_it_had_is_searched_no_more(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 45, 15 and again 45 deals in the first bucket.
    few = (0.3, 0.3, 0.2, 0.2)
    monkeypatch.setattr(stages, "allocate", weighing((0.9, 0.1, 0, 0), few, (0.9, 0.1, 0, 0)))
    session = validating(fund)
    assert len(searches_of(session)) == 3
    assert ending_of(session) == "tried_before"


def test_bucket_that_buys_a_third_of_a_deal_is_searched_once_with_one(fund: Fund) -> None:
    # A quarter of 2.666664 million is .666666.
    session = validating(fund, capital_usd="2666664.00", limits={"max_bucket_weight": 0.25})
    assert [set(one["reference_deals"].values()) for one in searches_of(session)] == [{10}, {1}]
    assert ending_of(session) == "nearest"


def test_deals_for_which_there_is_no_such_law_end_the_search_with_its_allocation(
    fund: Fund,
) -> None:
    # With one deal an entry at the seed stage has more than a quarter of its variance from it.
    shares = {"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25}
    session = validating(
        fund,
        capital_usd="8000000.00",
        limits={"max_bucket_weight": 0.25},
        scenario_law={"variance_shares": shares, "share_level": "entry"},
    )
    assert ending_of(session) == "unattainable"
    assert session.rounds is not None
    assert "cannot hold in seed/" in session.rounds["reason"]
    assert len(searches_of(session)) == ScenarioMatrix.objects.count() == 1


def none_after_the_first() -> Callable[..., Allocation]:
    calls: list[AllocationProblem] = []

    def solve(problem: AllocationProblem, **_: object) -> Allocation:
        calls.append(problem)
        if len(calls) == 1:
            return allocate(problem)
        impossible = Limits(min_expected_winners=9000.0)
        return allocate(replace(problem, limits=impossible, relax=False))

    return solve


def test_search_that_finds_nothing_leaves_the_allocation_before_it(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "allocate", none_after_the_first())
    session = once_more(fund)
    kept = session.allocation
    search_to_the_end(session)
    assert session.allocation == kept
    first, second = searches_of(session)
    assert matrix_of(session).matrix_key == first["matrix_key"]
    assert (second["status"], second["expected_multiple"]) == ("infeasible", None)
    assert ending_of(session) == "no_allocation"
    assert session.rounds is not None
    assert "asks for 9000" in session.rounds["reason"]


def test_allocation_that_stands_is_validated_in_its_own_scenarios(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "allocate", none_after_the_first())
    session = completed(fund, **QUARTERS)
    assert session.validation_metrics is not None
    bought = session.validation_metrics["deals_bought"]["buckets"]
    assert {row["reference_deals"] for row in bought} == {10.0}
    result = session_result(session)
    assert result["matrix"]["was_cached"] is False
    (warned,) = [note for note in result["notes"] if note["code"] == "DIVERSIFICATION_MISMATCH"]
    assert "asks for 9000" in str(warned["text"])


def test_scenarios_that_cannot_be_made_leave_the_allocation_before_them(fund: Fund) -> None:
    session = once_more(fund)
    fail(matrix_of(session), reason="Out of paper.")
    session.refresh_from_db()
    assert session.status == Status.VALIDATING
    assert matrix_of(session).matrix_key == searches_of(session)[0]["matrix_key"]
    assert session.rounds is not None
    assert (ending_of(session), session.rounds["reason"]) == ("no_scenarios", "Out of paper.")
    do(session)
    assert columns(session)["status"] == Status.COMPLETED


def test_scenarios_that_cannot_be_made_fail_a_session_that_has_nothing(fund: Fund) -> None:
    searched = once_more(fund)
    waiting = insert_session(Status.MATRIX_GENERATING, fund=fund, matrix=matrix_of(searched))
    fail(matrix_of(searched), reason="Out of paper.")
    assert columns(waiting)["status"] == Status.FAILED
    assert columns(searched)["status"] == Status.VALIDATING


def test_scenarios_of_an_allocation_that_may_stand_are_needed(fund: Fund) -> None:
    session = once_more(fund)
    first, second = ScenarioMatrix.objects.order_by("created_at")
    assert lifecycle.is_needed(first)
    assert lifecycle.is_needed(second)
    search_to_the_end(_done_generating(session))
    assert not lifecycle.is_needed(first)
    assert lifecycle.is_needed(second)


def _done_generating(session: OptimizationSession) -> OptimizationSession:
    do(matrix_of(session))
    session.refresh_from_db()
    return session


def test_session_that_is_cancelled_between_searches_stays_so(fund: Fund) -> None:
    session = once_more(fund)
    lifecycle.cancel_session(session)
    do(matrix_of(session))
    assert columns(session)["status"] == Status.CANCELLED
    assert live_jobs_of(session) == []


def test_session_that_ended_while_it_was_searched_leaves_no_scenarios_to_be_made(
    fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = optimizing(fund, **QUARTERS)

    def solve_and_end(problem: AllocationProblem, **_: object) -> Allocation:
        session.cancel()
        return allocate(problem)

    monkeypatch.setattr(stages, "allocate", solve_and_end)
    do(session)
    after = columns(session)
    assert (after["status"], after["rounds"]) == (Status.CANCELLED, None)
    assert ScenarioMatrix.objects.count() == 1


def test_worker_that_lost_its_job_sends_the_session_nowhere(fund: Fund) -> None:
    session = optimizing(fund, **QUARTERS)
    late = take(session)
    lapse(OutboxJob.objects.live().get(subject_id=str(session.pk)))
    assert reaper.reap() == 1
    before = columns(session)
    with pytest.raises(StaleLease):
        stages.optimize(late)
    assert columns(session) == before
    assert ScenarioMatrix.objects.count() == 1


def test_worker_killed_in_a_later_search_is_replaced_and_the_answer_is_the_same(
    fund: Fund,
) -> None:
    undisturbed = validating(fund, seed="1", **QUARTERS)
    session = _done_generating(once_more(fund, seed="2"))
    take(session)
    lapse(OutboxJob.objects.live().get(subject_id=str(session.pk)))
    assert reaper.reap() == 1
    search_to_the_end(session)
    assert ending_of(session) == ending_of(undisturbed) == "settled"
    assert len(searches_of(session)) == 2
    assert live_jobs_of(session) == [VALIDATION]


@pytest.mark.parametrize("has_scenarios", [True, False])
def test_session_without_a_job_between_searches_gets_the_one_it_is_owed(
    fund: Fund, has_scenarios: bool
) -> None:
    session = once_more(fund)
    if has_scenarios:
        _done_generating(session)
    OutboxJob.objects.all().delete()
    OptimizationSession.objects.update(updated_at=F("requested_at") - lifecycle.RECONCILE_AFTER)
    assert lifecycle.reconcile_sessions() == 1
    owed = session if has_scenarios else matrix_of(session)
    assert live_jobs_of(owed) == [OPTIMIZATION if has_scenarios else GENERATION]


def test_retry_begins_with_the_reference_deals_of_the_fund(fund: Fund) -> None:
    session = completed(fund, **QUARTERS)
    again = lifecycle.retry_session(session=session, user=session.requested_by)
    assert again.rounds is None
    search_to_the_end(again)
    assert [one["reference_deals"] for one in searches_of(again)] == [
        one["reference_deals"] for one in searches_of(session)
    ]


def test_progress_never_falls_while_a_session_is_searched_again(fund: Fund) -> None:
    session = optimizing(fund, **QUARTERS)
    shown = [session.progress_percent]
    while session.status != Status.VALIDATING:
        waits = session.status == Status.MATRIX_GENERATING
        do(matrix_of(session) if waits else session)
        session.refresh_from_db()
        shown.append(session.progress_percent)
    assert shown == sorted(set(shown))


def test_status_counts_the_searches_and_adds_up_the_time_of_each_step(fund: Fund) -> None:
    session = once_more(fund)
    status = session_status(session)
    assert status["searches_done"] == 1
    assert status["current_step"].endswith("(search 2)")
    seconds = {step["status"]: step["seconds"] for step in status["steps"]}
    assert seconds["MATRIX_GENERATING"] is None
    assert seconds["OPTIMIZING"] is not None

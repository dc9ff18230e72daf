"""A frontier over workers: split, traced, merged, measured; repaired and stopped."""

from typing import Any

import pytest
from django.db import transaction

from funds.models import Fund
from optimization import lifecycle
from optimization.frontier import split as frontier_split
from optimization.frontier import stages as frontier_stages
from optimization.frontier.segment import FrontierSegment
from optimization.models import OptimizationSession
from optimization.solver.frontier.point import FrontierPoint
from outbox.leases import Lease, StaleLease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure
from scenarios.models import StatusChanged
from tests.optimization.frontier.sessions import (
    ASKED,
    GRID,
    RANGES,
    completed_frontier,
    do_segments,
    frontier_in_one_process,
    segment_jobs,
    segments_of,
    split,
    traced,
    without_seconds,
)
from tests.optimization.rows import Status, columns, history
from tests.optimization.work import (
    FRONTIER_MERGE,
    OPTIMIZATION,
    SEGMENT,
    VALIDATION,
    do,
    fail,
    jobs_of,
    live_jobs_of,
    optimizing,
    take,
)

pytestmark = pytest.mark.django_db


def stale(session: OptimizationSession) -> None:
    OptimizationSession.objects.filter(pk=session.pk).update(
        updated_at=OptimizationSession.objects.get(pk=session.pk).updated_at
        - 2 * lifecycle.RECONCILE_AFTER
    )


def test_frontier_is_split_into_segments_with_a_job_each(fund: Fund) -> None:
    session = split(fund)
    segments = segments_of(session)
    assert session.session_type == OptimizationSession.SessionType.FRONTIER
    assert [(segment.first_point, segment.points) for segment in segments] == RANGES
    assert [live_jobs_of(segment) for segment in segments] == [[SEGMENT]] * 3
    assert (session.status, live_jobs_of(session)) == (Status.OPTIMIZING, [])


def test_jobs_of_others_come_before_segments(fund: Fund) -> None:
    session = split(fund)
    other = optimizing(fund, seed="other")
    priorities = OutboxJob.objects.values_list("priority", flat=True)
    (of_other,) = priorities.filter(subject_id=str(other.pk), kind=OPTIMIZATION)
    of_segments = priorities.filter(subject_id=str(segments_of(session)[0].pk))
    assert of_other < min(of_segments)


def test_last_segment_adds_the_job_that_merges(fund: Fund) -> None:
    session = split(fund)
    for segment in segments_of(session)[:-1]:
        do(segment)
        assert live_jobs_of(session) == []
    do(segments_of(session)[-1])
    assert live_jobs_of(session) == [FRONTIER_MERGE]


def test_session_passes_through_the_states_of_any_other(fund: Fund) -> None:
    session = completed_frontier(fund)
    assert history(session)[-3:] == [Status.OPTIMIZING, Status.VALIDATING, Status.COMPLETED]
    assert jobs_of(session, OPTIMIZATION, FRONTIER_MERGE, VALIDATION) == ["done"] * 3
    assert not FrontierSegment.objects.exists()


def test_answer_is_that_of_one_process_whoever_did_what(fund: Fund) -> None:
    session = completed_frontier(fund)
    assert session.frontier is not None
    frontier, metrics = frontier_in_one_process(session)
    assert without_seconds(session.frontier["solution"]) == without_seconds(frontier.as_json())
    assert session.validation_metrics == metrics
    assert session.allocation is None


def test_points_that_are_solved_are_counted(fund: Fund) -> None:
    session = split(fund)
    before = session.progress_percent
    do(segments_of(session)[0])
    session.refresh_from_db()
    assert session.frontier_points_done == 2
    # 39 % of the bar lie between optimizing and validating.
    assert session.progress_percent == before + 39 * 2 // 7
    do_rest(session)
    session.refresh_from_db()
    assert session.frontier_points_done == 7


def do_rest(session: OptimizationSession) -> None:
    for segment in session.frontier_segments.waiting():
        do(segment)


def test_count_of_points_never_falls_when_a_segment_begins_again(fund: Fund) -> None:
    session = split(fund)
    segment = segments_of(session)[2]
    for points_done in (2, 1):
        frontier_split.record_progress(segment, points_done)
    session.refresh_from_db()
    assert session.frontier_points_done == 2


def test_segment_whose_session_was_cancelled_meanwhile_stops(fund: Fund) -> None:
    session = split(fund)
    lease = take(segments_of(session)[0])
    # Another transaction holds the job's row at that moment, so that it was not cancelled.
    OptimizationSession.objects.get(pk=session.pk).cancel()
    frontier_stages.trace_segment(lease)
    assert columns(session)["frontier_points_done"] == 0
    assert segment_jobs(session)[0] == OutboxJob.Status.DONE


def test_cancelled_session_leaves_no_segment_and_no_job(fund: Fund) -> None:
    session = split(fund)
    do(segments_of(session)[0])
    lifecycle.cancel_session(session)
    assert not FrontierSegment.objects.exists()
    assert segment_jobs(session) == ["done", "cancelled", "cancelled"]
    assert columns(session)["status"] == Status.CANCELLED


def test_worker_of_a_cancelled_segment_stores_nothing(fund: Fund) -> None:
    session = split(fund)
    lease = take(segments_of(session)[0])
    lifecycle.cancel_session(session)
    with pytest.raises(StaleLease):
        lease.finish()
    assert not FrontierSegment.objects.exists()


def test_worker_that_lost_its_segment_shows_no_progress(fund: Fund) -> None:
    session = split(fund)
    segment = segments_of(session)[0]
    stopped = take(segment)
    OutboxJob.objects.filter(job_id=stopped.job_id).update(lease_token=stopped.token + 1)
    with pytest.raises(StaleLease):
        frontier_stages.trace_segment(stopped)
    assert columns(session)["frontier_points_done"] == 0


def test_cancelling_while_points_are_validated_ends_the_session(fund: Fund) -> None:
    session = traced(fund)
    lifecycle.cancel_session(session)
    assert columns(session)["status"] == Status.CANCELLED
    assert live_jobs_of(session) == []


def test_segment_that_cannot_be_done_fails_the_session_and_stops_the_others(fund: Fund) -> None:
    session = split(fund)
    fail(segments_of(session)[1], reason="The worker died 2 times.")
    assert columns(session)["status"] == Status.FAILED
    assert columns(session)["failure_reason"] == "The worker died 2 times."
    assert sorted(segment_jobs(session)) == ["cancelled", "cancelled", "failed"]
    assert not FrontierSegment.objects.exists()


def test_merge_that_cannot_be_done_fails_the_session(fund: Fund) -> None:
    session = split(fund)
    do_segments(session)
    fail(session, reason="Too little memory.")
    assert columns(session)["status"] == Status.FAILED
    assert not FrontierSegment.objects.exists()


def test_second_segment_of_the_same_points_is_not_stored(fund: Fund) -> None:
    session = split(fund)
    segment = segments_of(session)[0]
    do(segment)
    with pytest.raises(StatusChanged):
        frontier_split.complete_segment(segment, {"points": []})


def test_session_is_not_split_twice(fund: Fund) -> None:
    session = split(fund)
    with transaction.atomic(), pytest.raises(StatusChanged, match="split before"):
        frontier_split.split_frontier(session)


@pytest.mark.parametrize("waits_for", ["the split", "a segment", "the merge", "the validation"])
def test_session_without_a_job_is_given_the_one_it_is_owed(fund: Fund, waits_for: str) -> None:
    session = {
        "the split": lambda: optimizing(fund, **ASKED),
        "a segment": lambda: split(fund),
        "the merge": lambda: split(fund),
        "the validation": lambda: traced(fund),
    }[waits_for]()
    if waits_for == "the merge":
        do_segments(session)
    OutboxJob.objects.live().delete()
    stale(session)
    lifecycle.reconcile_sessions()
    kinds = list(OutboxJob.objects.live().order_by("id").values_list("kind", flat=True))
    assert (
        kinds
        == {
            "the split": [OPTIMIZATION],
            "a segment": [SEGMENT] * 3,
            "the merge": [FRONTIER_MERGE],
            "the validation": [VALIDATION],
        }[waits_for]
    )


def test_session_whose_segments_are_at_work_needs_no_repair(fund: Fund) -> None:
    session = split(fund)
    stale(session)
    assert lifecycle.reconcile_sessions() == 0
    assert live_jobs_of(session) == []


def test_retried_frontier_is_a_frontier_again(fund: Fund) -> None:
    session = split(fund)
    lifecycle.cancel_session(session)
    again = lifecycle.retry_session(session=session, user=session.requested_by)
    assert again.is_frontier
    assert again.request["frontier"] == GRID


def test_frontier_without_any_allocation_fails_and_says_why(fund: Fund) -> None:
    session = split(fund, limits={"min_expected_winners": 9999})
    do_segments(session)
    with pytest.raises(PermanentFailure, match=r"expected winners.*looser limit"):
        do(session)


@pytest.mark.parametrize(
    ("stopped_by", "words"),
    [
        ("time_limit", "allow more time"),
        ("iteration_limit", "more time changes nothing"),
        ("node_limit", "more time changes nothing"),
    ],
)
def test_frontier_of_which_nothing_was_found_says_whether_more_time_helps(
    fund: Fund, monkeypatch: pytest.MonkeyPatch, stopped_by: Any, words: str
) -> None:
    def nothing(_problem: object, *, limits: Any, **_: object) -> tuple[FrontierPoint, ...]:
        return tuple(
            FrontierPoint(limit=limit, status="time_limit", best_bound=3.0, stopped_by=stopped_by)
            for limit in limits
        )

    session = split(fund)
    monkeypatch.setattr(frontier_stages, "trace_stretch", nothing)
    do_segments(session)
    with pytest.raises(PermanentFailure, match=words):
        do(session)


def test_cvar_is_varied_at_the_confidence_that_the_request_states(fund: Fund) -> None:
    session = completed_frontier(
        fund,
        frontier={"limit": "cvar", "from": 0.1, "to": 0.6, "points": 3},
        limits={"cvar": {"confidence": 0.9, "max": 0.5}},
    )
    assert session.frontier is not None
    assert session.frontier["solution"]["cvar_confidence"] == 0.9
    assert session.validation_metrics is not None
    assert session.validation_metrics["cvar_confidence"] == 0.9


def test_lease_is_asked_for_at_every_point(fund: Fund, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed = []
    monkeypatch.setattr(Lease, "confirm", lambda lease: confirmed.append(lease.job_id))
    session = split(fund)
    do(segments_of(session)[2])
    assert len(confirmed) == 3

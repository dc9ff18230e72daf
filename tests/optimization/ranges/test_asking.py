from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from funds.models import Fund
from optimization.ranges import asking
from optimization.ranges.models import AskedRanges
from optimization.ranges.stages import CONTRADICTION
from outbox import upkeep as outbox_upkeep
from outbox.models import OutboxJob
from scenarios import upkeep
from scenarios.models import ScenarioMatrix
from tests.funds.factories import FundFactory
from tests.optimization.ranges.questions import asked, question
from tests.optimization.work import (
    GENERATION_FOR_RANGES,
    RANGES,
    do,
    fail,
    jobs_of,
    live_jobs_of,
    run,
)

Status = AskedRanges.Status


def answered(fund: Fund, **fields: object) -> AskedRanges:
    found = asked(fund, **fields)
    if found.status == Status.WAITING:
        do(found.matrix)
    do(found)
    found.refresh_from_db()
    return found


def age(found: AskedRanges, **fields: timedelta) -> None:
    past = {name: Now() - by for name, by in fields.items()}
    AskedRanges.objects.filter(pk=found.pk).update(**past)


def test_first_question_starts_its_matrix_and_waits_for_it(fund: Fund) -> None:
    found = asked(fund)

    assert found.status == Status.WAITING
    assert live_jobs_of(found.matrix) == [GENERATION_FOR_RANGES]
    assert live_jobs_of(found) == []


def test_end_of_the_matrix_sets_the_question_to_work(fund: Fund) -> None:
    found = asked(fund)

    do(found.matrix)

    found.refresh_from_db()
    assert found.status == Status.WORKING
    assert live_jobs_of(found) == [RANGES]


def test_question_of_a_matrix_that_exists_is_set_to_work_at_once(fund: Fund) -> None:
    answered(fund)

    other = asked(fund, limits={"max_bucket_weight": 0.5})

    assert other.status == Status.WORKING
    assert live_jobs_of(other) == [RANGES]
    assert ScenarioMatrix.objects.count() == 1


def test_question_with_its_scenarios_goes_before_the_scenarios_of_later_ones(fund: Fund) -> None:
    first = asked(fund, seed="first")
    asked(fund, seed="second")

    do(first.matrix)

    # The order in which due jobs are dispatched.
    due = OutboxJob.objects.live().order_by("priority", "next_run_at", "id")
    assert list(due.values_list("kind", flat=True)) == [RANGES, GENERATION_FOR_RANGES]


def test_worker_stores_the_answer_with_the_end_of_its_job(fund: Fund) -> None:
    found = answered(fund)

    assert found.status == Status.COMPLETE
    assert found.ranges is not None
    losses = found.ranges["loss_probability"]
    assert 0 <= losses["certified"] <= losses["found"] <= 1
    assert found.ranges["scenarios"] == 64
    assert jobs_of(found) == [OutboxJob.Status.DONE]


def test_equal_question_finds_the_answer_and_owes_nothing(fund: Fund) -> None:
    found = answered(fund)

    again = asked(fund, limits={"max_loss_probability": 0.2})

    assert again.pk == found.pk
    assert again.status == Status.COMPLETE
    assert not OutboxJob.objects.live().exists()


def test_equal_question_of_another_fund_is_another_question(fund: Fund) -> None:
    assert asked(FundFactory.create()).pk != asked(fund).pk


def test_answer_outlives_the_numbers_of_its_matrix(fund: Fund) -> None:
    found = answered(fund)
    ScenarioMatrix.objects.without_payload().get().evict()

    assert asked(fund).pk == found.pk
    assert ScenarioMatrix.objects.get().status == ScenarioMatrix.Status.EVICTED


def test_question_fails_with_the_matrix_it_waits_for(fund: Fund) -> None:
    found = asked(fund)

    fail(found.matrix, reason="There is no paper.")

    found.refresh_from_db()
    assert (found.status, found.failure_reason) == (Status.FAILED, "There is no paper.")


def test_question_fails_with_its_job_and_can_be_asked_again(fund: Fund) -> None:
    found = asked(fund)
    do(found.matrix)
    fail(found, reason="There is no ink.")
    found.refresh_from_db()
    assert (found.status, found.failure_reason) == (Status.FAILED, "There is no ink.")

    again = asked(fund)

    assert (again.pk, again.status, again.failure_reason) == (found.pk, Status.WORKING, "")
    do(again)
    again.refresh_from_db()
    assert again.status == Status.COMPLETE


def test_question_that_failed_with_its_matrix_waits_for_it_when_asked_again(fund: Fund) -> None:
    found = asked(fund)
    fail(found.matrix, reason="There is no paper.")

    again = asked(fund)

    assert (again.pk, again.status) == (found.pk, Status.WAITING)
    assert live_jobs_of(again.matrix) == [GENERATION_FOR_RANGES]


@pytest.mark.django_db(transaction=True)
def test_policy_limits_that_contradict_one_another_are_said_to(fund: Fund) -> None:
    # All of it in seed: .4 in fintech and, the bucket maximum being .5, .5 in saas at most.
    found = asked(
        fund,
        limits={
            "stages": {"seed": {"min": 1.0}},
            "sectors": {"fintech": {"max": 0.4}, "saas": {"max": 0.6}},
            "max_bucket_weight": 0.5,
        },
    )
    do(found.matrix)

    run(OutboxJob.objects.live().get(subject_id=str(found.pk)))

    found.refresh_from_db()
    assert (found.status, found.failure_reason) == (Status.FAILED, CONTRADICTION)


def test_job_of_a_question_that_has_ended_has_no_effect(fund: Fund) -> None:
    found = asked(fund)
    do(found.matrix)
    AskedRanges.objects.filter(pk=found.pk).fail(reason="Enough.")

    do(found)

    found.refresh_from_db()
    assert (found.status, found.failure_reason) == (Status.FAILED, "Enough.")
    assert jobs_of(found) == [OutboxJob.Status.DONE]


def test_matrix_that_a_question_waits_for_is_not_evicted(fund: Fund) -> None:
    answered(fund)
    other = asked(fund, limits={"max_bucket_weight": 0.5})
    ScenarioMatrix.objects.update(
        completed_at=Now() - timedelta(days=90), last_read_at=Now() - timedelta(days=90)
    )

    assert upkeep.evict_unused() == 0
    do(other)
    ScenarioMatrix.objects.update(last_read_at=Now() - timedelta(days=90))
    assert upkeep.evict_unused() == 1


def test_reconciler_gives_a_working_question_the_job_it_lost(fund: Fund) -> None:
    found = asked(fund)
    do(found.matrix)
    OutboxJob.objects.filter(kind=RANGES).delete()
    assert outbox_upkeep.reconcile() == 0

    age(found, status_since=timedelta(minutes=2))

    assert outbox_upkeep.reconcile() == 1
    assert live_jobs_of(found) == [RANGES]


def test_reconciler_wakes_a_question_whose_matrix_is_complete(fund: Fund) -> None:
    found = answered(fund)
    AskedRanges.objects.filter(pk=found.pk).update(
        status=Status.WAITING, ranges=None, finished_at=None
    )
    age(found, status_since=timedelta(minutes=2))

    assert outbox_upkeep.reconcile() == 1
    assert live_jobs_of(found) == [RANGES]


def test_reconciler_gives_a_matrix_that_a_question_waits_for_its_job(fund: Fund) -> None:
    found = asked(fund)
    OutboxJob.objects.all().delete()
    age(found, status_since=timedelta(minutes=2))

    assert outbox_upkeep.reconcile() == 1
    assert live_jobs_of(found.matrix) == [GENERATION_FOR_RANGES]


def test_what_was_not_asked_for_long_is_forgotten(fund: Fund) -> None:
    old = answered(fund)
    wanted = answered(fund, limits={"max_bucket_weight": 0.5})
    unfinished = asked(fund, limits={"max_bucket_weight": 0.6})
    for found in (old, wanted):
        age(found, finished_at=timedelta(days=60))
    for found in (old, unfinished):
        age(found, last_asked_at=timedelta(days=60))

    assert asking.prune_questions() == 1
    assert set(AskedRanges.objects.all()) == {wanted, unfinished}


def test_asking_again_keeps_an_answer(fund: Fund) -> None:
    found = answered(fund)
    age(found, last_asked_at=timedelta(days=60), finished_at=timedelta(days=60))

    asked(fund)

    assert asking.prune_questions() == 0


@pytest.mark.parametrize(
    "values",
    [
        {"status": "complete"},
        {"ranges": {}},
        {"status": "failed", "finished_at": Now()},
        {"status": "working", "failure_reason": "none"},
        {"digest": "short"},
    ],
)
def test_database_refuses_what_no_question_can_be(fund: Fund, values: dict[str, object]) -> None:
    found = asked(fund)

    with pytest.raises(IntegrityError), transaction.atomic():
        AskedRanges.objects.filter(pk=found.pk).update(**values)


def test_database_keeps_one_question_per_matrix_and_policy(fund: Fund) -> None:
    found = asked(fund)

    with pytest.raises(IntegrityError), transaction.atomic():
        AskedRanges.objects.create(
            fund=fund,
            matrix=found.matrix,
            policy={},
            digest=question(fund).digest,
        )

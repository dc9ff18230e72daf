"""`run_demo` goes the way of a web client and prints the result, or says why there is none."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from funds.demo import load_demo
from funds.models import Fund
from optimization.models import OptimizationSession
from optimization.results.session_results import session_result
from optimization.solver.allocate import allocate
from optimization.solver.allocation import Allocation
from optimization.solver.stated.problem import AllocationProblem
from tests.optimization.rows import Status
from tests.optimization.work import run_all
from tests.outbox.brokers import real_redis
from tests.outbox.threads import PATIENCE_SECONDS, background, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def demo(settings: Settings) -> Iterator[None]:
    settings.EMBEDDED_SERVICES = True
    load_demo()
    with real_redis(prefix=f"keel-test:{uuid.uuid4()}:"):
        yield


def work_off_the_first_session() -> None:
    wait_until(OptimizationSession.objects.exists)
    run_all()


def printed(*arguments: str) -> str:
    """What the command prints while another thread does the work of the workers."""
    out = StringIO()
    with background() as start:
        worker = start(work_off_the_first_session)
        call_command("run_demo", *arguments, stdout=out)
        worker.result(PATIENCE_SECONDS)
    return out.getvalue()


def test_json_is_one_object_with_the_result_and_the_timings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = json.loads(printed("--json"))
    (session,) = OptimizationSession.objects.all()
    assert answer["session"] == session_result(session)
    timings = dict(answer["timings_seconds"])
    assert timings.pop("request_to_result") >= timings["total"]
    assert timings == answer["session"]["timings_seconds"]
    assert "100%  COMPLETED" in capsys.readouterr().err


def test_text_shows_the_allocation_of_the_sample_fund() -> None:
    report = printed()
    (session,) = OptimizationSession.objects.all()
    assert f"Session {session.pk} COMPLETED" in report
    assert "Harbour Light Ventures II, sample data" in report


def test_session_that_fails_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def allocate_without_relaxing(problem: AllocationProblem, **options: Any) -> Allocation:
        return allocate(replace(problem, relax=False), **options)

    monkeypatch.setattr("optimization.stages.allocate", allocate_without_relaxing)
    Fund.objects.update(default_limits={"min_expected_winners": 9000})
    with pytest.raises(
        CommandError, match="FAILED: No allocation meets the minimum of expected winners"
    ):
        printed()


def test_request_that_is_refused_is_an_error_with_its_faults() -> None:
    Fund.objects.update(default_limits={"max_bucket_weight": 0.01})
    with pytest.raises(CommandError, match="max_bucket_weight"):
        call_command("run_demo")
    assert not OptimizationSession.objects.exists()


def test_wait_without_workers_ends_with_where_the_session_stands() -> None:
    with pytest.raises(CommandError, match="the session is MATRIX_GENERATING"):
        call_command("run_demo", timeout_seconds=0.3)
    assert OptimizationSession.objects.get().status == Status.MATRIX_GENERATING


def test_command_refuses_where_the_services_are_real(settings: Settings) -> None:
    settings.EMBEDDED_SERVICES = False
    with pytest.raises(CommandError, match="embedded services"):
        call_command("run_demo")
    assert not OptimizationSession.objects.exists()

"""/metrics: for staff alone, and every figure is what the database holds."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from knox.models import AuthToken
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from funds.models import User
from optimization.models import OptimizationSession
from outbox.counters import RECONCILED_SUBJECTS, RESCUED_JOBS, count
from outbox.models import OutboxJob
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.matrix_cache import Outcome, read_multiples
from scenarios.models import MatrixIncident, ScenarioMatrix
from tests.funds.factories import UserFactory
from tests.optimization.rows import insert_session
from tests.outbox.jobs import make_job
from tests.scenarios.matrices import complete_matrix, started_matrix

pytestmark = pytest.mark.django_db

ADDRESS = "/metrics"


@pytest.fixture
def staff() -> User:
    user: User = UserFactory.create(is_staff=True)
    return user


def bearer(user: User) -> Client:
    _, token = AuthToken.objects.create(user)
    return Client(headers={"authorization": f"Bearer {token}"})


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def figures(client: Client) -> dict[tuple[str, ...], float]:
    """Name of each sample and its label values, with its value."""
    text = client.get(ADDRESS).content.decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("come_in", [bearer, logged_in])
def test_staff_are_answered(come_in: object, staff: User) -> None:
    assert callable(come_in)
    response = come_in(staff).get(ADDRESS)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("come_in", [bearer, logged_in])
def test_others_are_refused(come_in: object) -> None:
    assert callable(come_in)
    assert come_in(UserFactory.create()).get(ADDRESS).status_code == 403


def test_anonymous_callers_are_told_to_prove_who_they_are() -> None:
    response = Client().get(ADDRESS)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_staff_who_left_are_refused(staff: User) -> None:
    client = bearer(staff)
    User.objects.update(is_active=False)
    assert client.get(ADDRESS).status_code == 401


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text", "text/html"])
def test_there_is_one_format_whatever_is_asked_for(accept: str, staff: User) -> None:
    response = logged_in(staff).get(ADDRESS, headers={"accept": accept})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")


def test_metrics_are_read_alone(staff: User) -> None:
    assert logged_in(staff).post(ADDRESS).status_code == 405


def test_everything_is_shown_before_anything_has_happened(staff: User, settings: Settings) -> None:
    shown = figures(logged_in(staff))
    assert set(shown.values()) == {0.0}
    kinds = len(settings.OUTBOX_JOB_KINDS)
    assert len(shown) == (
        len(OptimizationSession.Status)
        + len(Outcome)
        + 2 * len(ScenarioMatrix.Status)
        + len(MatrixIncident.Outcome)
        + kinds * len(OutboxJob.Status)
        + kinds
        + len(["cash flows", "rescues", "repairs"])
    )


def test_sessions_are_counted_by_status(staff: User) -> None:
    for status in ("COMPLETED", "COMPLETED", "OPTIMIZING"):
        insert_session(status)
    shown = figures(logged_in(staff))
    assert shown["keel_sessions", "COMPLETED"] == 2
    assert shown["keel_sessions", "OPTIMIZING"] == 1
    assert shown["keel_sessions", "FAILED"] == 0


def test_jobs_are_counted_by_kind_and_status(staff: User) -> None:
    for kind, status in (("optimization", "running"), ("optimization", "done")):
        make_job(kind=kind, status=status)
    make_job(kind="validation", status="done")
    shown = figures(logged_in(staff))
    assert shown["keel_jobs", "optimization", "running"] == 1
    assert shown["keel_jobs", "optimization", "done"] == 1
    assert shown["keel_jobs", "validation", "done"] == 1
    assert shown["keel_jobs", "validation", "running"] == 0


def test_age_is_that_of_the_oldest_job_that_waits(staff: User) -> None:
    for minutes in (1, 10):
        make_job(kind="optimization", created_at=Now() - timedelta(minutes=minutes))
    make_job(kind="optimization", status="done", created_at=Now() - timedelta(days=1))
    shown = figures(logged_in(staff))
    # Ten minutes, and what the test itself has taken.
    assert 600 <= shown["keel_oldest_pending_job_age_seconds", "optimization"] < 3600
    assert shown["keel_oldest_pending_job_age_seconds", "validation"] == 0


def test_rescues_and_repairs_outlive_the_jobs(staff: User) -> None:
    count(RESCUED_JOBS, by=2)
    count(RECONCILED_SUBJECTS, by=3)
    shown = figures(logged_in(staff))
    assert shown[("keel_job_rescues_total",)] == 2
    assert shown[("keel_reconciled_subjects_total",)] == 3


def test_matrices_are_counted_and_weighed_by_status(staff: User) -> None:
    matrices = [complete_matrix(), complete_matrix()]
    payloads = ScenarioMatrix.objects.values_list("payload", flat=True)
    stored_bytes = sum(len(payload or b"") for payload in payloads)
    started_matrix()
    complete_matrix().evict()
    shown = figures(logged_in(staff))
    assert shown["keel_matrices", "complete"] == len(matrices)
    assert shown["keel_matrices", "generating"] == 1
    assert shown["keel_matrices", "evicted"] == 1
    assert shown["keel_matrix_payload_bytes", "complete"] == stored_bytes
    assert shown["keel_matrix_payload_bytes", "evicted"] == 0
    flows = MatrixCashFlows.objects.values_list("payload", flat=True)
    assert shown[("keel_cash_flow_payload_bytes",)] == sum(map(len, flows))


def test_reads_and_incidents_are_counted_by_outcome(staff: User) -> None:
    matrix = complete_matrix()
    for _ in range(3):
        read_multiples(matrix)
    MatrixIncident.objects.create(
        matrix=matrix, generation=1, found="noise", outcome="other_kernel"
    )
    shown = figures(logged_in(staff))
    assert shown["keel_matrix_reads_total", "postgresql_hit"] == 1
    assert shown["keel_matrix_reads_total", "redis_hit"] == 2
    assert shown["keel_matrix_reads_total", "corrupt_copy"] == 0
    assert shown["keel_matrix_incidents_total", "other_kernel"] == 1

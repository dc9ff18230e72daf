"""Staff see what is stored, and can have it dropped and made again; nothing is edited by hand."""

import re
from typing import Any

import pytest
from django.conf import settings as declared
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.asserts import assertContains, assertNotContains
from redis import Redis

from funds.models import Fund
from optimization.models import OptimizationSession
from outbox.models import OutboxJob
from scenarios.matrix_cache import read_multiples
from scenarios.models import MatrixIncident, ScenarioMatrix
from tests.funds.factories import FundFactory, UserFactory
from tests.optimization.rows import Status as SessionStatus
from tests.optimization.work import GENERATION, do, live_jobs_of, matrix_of, optimizing, waiting
from tests.scenarios.matrices import columns, complete_matrix, simulated, started_matrix

pytestmark = pytest.mark.django_db

Status = ScenarioMatrix.Status
LISTS = ["admin:scenarios_scenariomatrix_changelist", "admin:scenarios_matrixincident_changelist"]


def real_matrix() -> ScenarioMatrix:
    matrix = started_matrix()
    matrix.complete(simulated(matrix))
    return ScenarioMatrix.objects.without_payload().get(pk=matrix.pk)


def add_incident(matrix: ScenarioMatrix) -> MatrixIncident:
    return MatrixIncident.objects.create(
        matrix=matrix, generation=1, found="one bit flipped", outcome="regenerated"
    )


def page_of(row: ScenarioMatrix | MatrixIncident, name: str = "change") -> str:
    return reverse(f"admin:scenarios_{row._meta.model_name}_{name}", args=[row.pk])


def act(client: Client, action: str, *matrices: ScenarioMatrix, **fields: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(matrix.pk) for matrix in matrices]}
    return client.post(reverse(LISTS[0]), chosen | fields, follow=True)


def confirm(client: Client, action: str, *matrices: ScenarioMatrix) -> Any:
    return act(client, action, *matrices, confirmed="yes")


@pytest.mark.parametrize("address", LISTS)
def test_list_asks_no_more_of_the_database_for_more_rows(
    address: str, admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_incident(complete_matrix())
    with CaptureQueriesContext(connection) as for_one_row:
        assertContains(admin_client.get(reverse(address)), "1 ")
    for _ in range(3):
        add_incident(complete_matrix())
    with django_assert_num_queries(len(for_one_row)):
        admin_client.get(reverse(address))


def test_no_page_takes_the_numbers_out_of_the_database(admin_client: Client) -> None:
    incident = add_incident(complete_matrix())
    with CaptureQueriesContext(connection) as queries:
        for address in (*map(reverse, LISTS), page_of(incident.matrix), page_of(incident)):
            assert admin_client.get(address).status_code == 200
    column = re.compile(r'(?<!LENGTH\()"scenario_matrix(_cash_flows)?"\."payload"')
    assert not [query["sql"] for query in queries if column.search(query["sql"])]


def test_page_shows_what_is_stored_and_what_was_wrong_with_it(admin_client: Client) -> None:
    matrix = complete_matrix()
    add_incident(matrix)
    read_multiples(matrix)
    response = admin_client.get(page_of(matrix))
    for shown in ("2 x 64", "zlib", "float32-le-row-major", matrix.sha256, "one bit flipped"):
        assertContains(response, shown)
    payload = bytes(ScenarioMatrix.objects.get(pk=matrix.pk).payload or b"")
    # In PostgreSQL and, as the same bytes, in Redis.
    assertContains(response, f"{len(payload)}\xa0bytes", count=2)
    assertContains(response, "expires in")
    assertContains(response, f"{len(bytes(matrix.cash_flows.payload))}\xa0bytes")


def test_page_says_that_there_is_no_copy_in_redis(admin_client: Client) -> None:
    response = admin_client.get(page_of(complete_matrix()))
    assertContains(response, '<div class="readonly">none</div>')


@pytest.mark.usefixtures("unconnected")
def test_page_opens_while_redis_is_away(
    admin_client: Client, settings: Settings, tmp_path: Any
) -> None:
    matrix = complete_matrix()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody-listens.sock?db=0"
    assertContains(admin_client.get(page_of(matrix)), "unknown: ")


@pytest.mark.parametrize("name", ["change", "delete"])
def test_nothing_is_edited_or_deleted_by_hand(name: str, admin_client: Client) -> None:
    incident = add_incident(complete_matrix())
    for row in (incident.matrix, incident):
        assert admin_client.post(page_of(row, name), {"post": "yes"}).status_code == 403
    assert admin_client.get(reverse("admin:scenarios_scenariomatrix_add")).status_code == 403
    assert admin_client.get(reverse("admin:scenarios_matrixincident_add")).status_code == 403
    assertNotContains(admin_client.get(page_of(incident.matrix)), 'name="_save"')


@pytest.mark.parametrize("action", ["drop_copies", "generate_again"])
def test_action_asks_first_and_does_nothing_yet(action: str, admin_client: Client) -> None:
    matrix = real_matrix()
    read_multiples(matrix)
    before = columns(matrix)
    response = act(admin_client, action, matrix)
    assertContains(response, matrix.matrix_key)
    assertContains(response, 'value="Yes, I')
    assert columns(matrix) == before
    assert not OutboxJob.objects.exists()
    assert read_multiples(matrix).tier == "redis"


def test_dropped_copy_is_gone_and_the_numbers_stay(admin_client: Client) -> None:
    matrix, other = real_matrix(), real_matrix()
    read_multiples(matrix)
    read_multiples(other)
    before = columns(matrix)
    assertContains(confirm(admin_client, "drop_copies", matrix), "Dropped the copy in Redis")
    with Redis.from_url(declared.REDIS_URL) as redis:
        assert redis.keys(f"keel:matrix:{matrix.pk}:*") == []
        assert redis.keys(f"keel:matrix:{other.pk}:*") != []
    assert columns(matrix) == before


@pytest.mark.usefixtures("unconnected")
def test_copy_that_cannot_be_dropped_is_said_to_be_still_there(
    admin_client: Client, settings: Settings, tmp_path: Any
) -> None:
    matrix = complete_matrix()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody-listens.sock?db=0"
    assertContains(confirm(admin_client, "drop_copies", matrix), "Nothing done: ")
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("ending", ["complete", "evicted", "failed"])
def test_matrix_is_generated_again_however_it_ended(ending: str, admin_client: Client) -> None:
    matrix = started_matrix()
    if ending == "failed":
        matrix.fail(reason="Out of paper.")
    else:
        matrix.complete(simulated(matrix))
    if ending == "evicted":
        matrix.evict()
    before = columns(matrix)
    confirm(admin_client, "generate_again", matrix)
    assert columns(matrix) == before | {
        "status": Status.GENERATING,
        "generation": 2,
        "payload": None,
        "completed_at": None,
        "failure_reason": "",
    }
    do(matrix)
    after = ScenarioMatrix.objects.get(pk=matrix.pk)
    assert (after.status, after.encoded()) == (Status.COMPLETE, simulated(matrix).encoded)


def test_matrix_that_is_being_generated_is_not_started_twice(admin_client: Client) -> None:
    matrix = real_matrix()
    for _ in range(2):
        response = confirm(admin_client, "generate_again", matrix)
    assertContains(response, "Nothing done: ")
    assert live_jobs_of(matrix) == [GENERATION]
    assert ScenarioMatrix.objects.get(pk=matrix.pk).generation == 2


def test_numbers_that_this_version_cannot_make_again_are_kept(admin_client: Client) -> None:
    matrix = real_matrix()
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(kernel_version="0")
    before = columns(matrix)
    assertContains(confirm(admin_client, "generate_again", matrix), "of kernel 0")
    assert columns(matrix) == before


def test_sessions_go_on_while_their_matrix_is_generated_again(admin_client: Client) -> None:
    fund: Fund = FundFactory.create()
    session = optimizing(fund)
    confirm(admin_client, "generate_again", matrix_of(session))
    late = waiting(fund)
    assert late.status == SessionStatus.MATRIX_GENERATING
    do(session)
    do(matrix_of(session))
    for subject in (late, session, late):
        do(subject)
    statuses = OptimizationSession.objects.values_list("status", flat=True)
    assert list(statuses) == [SessionStatus.COMPLETED] * 2


def test_one_matrix_that_is_refused_does_not_hinder_another(admin_client: Client) -> None:
    generating, complete = started_matrix(), real_matrix()
    response = confirm(admin_client, "generate_again", generating, complete)
    assertContains(response, "Nothing done: ")
    assertContains(response, "To be generated again")
    assert live_jobs_of(complete) == [GENERATION]


@pytest.mark.parametrize("action", ["drop_copies", "generate_again"])
def test_history_says_who_did_it(action: str, admin_client: Client, admin_user: Any) -> None:
    matrix = real_matrix()
    confirm(admin_client, action, matrix)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin_user, str(matrix.pk))


@pytest.mark.parametrize("action", ["drop_copies", "generate_again"])
@pytest.mark.parametrize("may_maintain", [True, False])
def test_staff_need_the_permission_to_act(action: str, may_maintain: bool, client: Client) -> None:
    staff = UserFactory.create(is_staff=True)
    names = ["view_scenariomatrix", *(["maintain_scenariomatrix"] if may_maintain else [])]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(staff)
    matrix = real_matrix()
    confirm(client, action, matrix)
    assert LogEntry.objects.exists() is may_maintain

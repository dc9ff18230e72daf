"""Staff can look at jobs and their history, and change nothing."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from outbox.models import JobEvent, OutboxJob
from tests.outbox.jobs import Status, columns, make_job

pytestmark = pytest.mark.django_db

LIST_PAGES = ["admin:outbox_outboxjob_changelist", "admin:outbox_jobevent_changelist"]


def page_of(row: OutboxJob | JobEvent, action: str = "change") -> str:
    return reverse(f"admin:outbox_{row._meta.model_name}_{action}", args=[row.pk])


def rows() -> list[OutboxJob | JobEvent]:
    job = make_job(status=Status.FAILED, error_class="E", error_traceback="the whole traceback")
    return [job, job.events.get()]


@pytest.mark.parametrize("page", LIST_PAGES)
def test_list_shows_every_status(page: str, admin_client: Client) -> None:
    for status in Status:
        make_job(status=status)
    response = admin_client.get(reverse(page))
    text = response.content.decode()
    assert response.status_code == 200
    assert all(status in text for status in Status)


@pytest.mark.parametrize("page", LIST_PAGES)
def test_list_asks_no_more_of_the_database_for_more_rows(
    page: str, admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_job()
    with CaptureQueriesContext(connection) as for_one_row:
        admin_client.get(reverse(page))
    for _ in range(5):
        make_job()
    with django_assert_num_queries(len(for_one_row)):
        admin_client.get(reverse(page))


def test_job_is_found_by_its_id_and_its_subject(admin_client: Client) -> None:
    wanted, other = make_job(subject_id="wanted"), make_job(subject_id="other")
    for term in ("wanted", str(wanted.job_id)):
        response = admin_client.get(reverse(LIST_PAGES[0]), {"q": term})
        text = response.content.decode()
        assert page_of(wanted) in text
        assert page_of(other) not in text


def test_page_of_a_job_shows_its_traceback_and_its_history(admin_client: Client) -> None:
    job, event = rows()
    text = admin_client.get(page_of(job)).content.decode()
    assert "the whole traceback" in text
    assert str(event) in text


def test_pages_offer_no_way_to_save(admin_client: Client) -> None:
    for row in rows():
        text = admin_client.get(page_of(row)).content.decode()
        assert 'name="_save"' not in text
        assert "Delete</a>" not in text


def test_change_that_is_posted_all_the_same_is_refused(admin_client: Client) -> None:
    job, event = rows()
    assert isinstance(job, OutboxJob)
    before = columns(job)
    for row in (job, event):
        response = admin_client.post(page_of(row), {"status": "pending", "to_status": "pending"})
        assert response.status_code == 403
    assert columns(job) == before


def test_deletion_is_refused(admin_client: Client) -> None:
    for row in rows():
        response = admin_client.post(page_of(row, "delete"), {"post": "yes"})
        assert response.status_code == 403
    assert OutboxJob.objects.count() == JobEvent.objects.count() == 1


@pytest.mark.parametrize("page", LIST_PAGES)
def test_list_offers_no_deletion_of_many(page: str, admin_client: Client) -> None:
    ids = [row.pk for row in rows()]
    admin_client.post(
        reverse(page), {"action": "delete_selected", "_selected_action": ids, "post": "yes"}
    )
    assert OutboxJob.objects.count() == JobEvent.objects.count() == 1


@pytest.mark.parametrize("model", ["outboxjob", "jobevent"])
def test_no_row_can_be_added(model: str, admin_client: Client) -> None:
    assert admin_client.get(reverse(f"admin:outbox_{model}_add")).status_code == 403
    assert admin_client.post(reverse(f"admin:outbox_{model}_add"), {}).status_code == 403

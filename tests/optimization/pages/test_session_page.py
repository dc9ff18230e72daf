import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from funds.models import Fund
from optimization import lifecycle
from optimization.models import OptimizationSession
from tests.optimization.completed import completed_session
from tests.optimization.factories import requested_session, session_at

Status = OptimizationSession.Status
HTMX = {"HX-Request": "true"}


def page_of(session: OptimizationSession) -> str:
    return reverse("optimization:session", args=[session.pk])


def progress_of(
    session: OptimizationSession, *, version: int | str, status: str = Status.MATRIX_GENERATING
) -> str:
    """What a page asks for that shows this version of the session at this status."""
    address = reverse("optimization:progress", args=[session.pk])
    return f"{address}?version={version}&status={status}"


def linked(address: str) -> str:
    """The address as it stands in HTML."""
    return address.replace("&", "&amp;")


def test_a_running_session_shows_its_steps_and_asks_for_progress(
    analyst: Client, fund: Fund
) -> None:
    session = requested_session(fund=fund)

    answer = analyst.get(page_of(session))

    assertContains(answer, f'hx-get="{linked(progress_of(session, version=session.version))}"')
    assertContains(answer, 'hx-trigger="every 1s"')
    assertContains(answer, 'aria-current="step"', count=1)
    assertContains(answer, 'aria-live="polite"')
    assertContains(answer, "Step 2 of 4: Generating scenarios.")


def test_a_running_session_reloads_itself_without_javascript(analyst: Client, fund: Fund) -> None:
    answer = analyst.get(page_of(requested_session(fund=fund)))

    assertContains(
        answer, '<noscript><meta http-equiv="refresh" content="3"></noscript>', html=False
    )


def test_nothing_is_sent_while_nothing_changes(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)

    answer = analyst.get(progress_of(session, version=session.version), headers=HTMX)

    assert answer.status_code == 204
    assert answer.content == b""


def test_a_new_step_is_sent_with_its_version(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)
    shown_version = session.version
    OptimizationSession.objects.filter(pk=session.pk).move(
        sources=[Status.MATRIX_GENERATING], target=Status.OPTIMIZING
    )

    answer = analyst.get(progress_of(session, version=shown_version), headers=HTMX)

    next_address = progress_of(session, version=shown_version + 1, status=Status.OPTIMIZING)
    assertContains(answer, linked(next_address))
    assertContains(answer, "Step 3 of 4: Optimizing.")
    assertContains(answer, "hx-swap-oob", count=2)
    assertNotContains(answer, "<html")


def test_progress_within_a_step_is_drawn_but_not_spoken(analyst: Client, fund: Fund) -> None:
    session = session_at(Status.VALIDATING, fund=fund)
    known = progress_of(session, version=session.version - 1, status=Status.VALIDATING)

    answer = analyst.get(known, headers=HTMX)

    assertContains(answer, "<progress")
    assertNotContains(answer, "hx-swap-oob")
    assertNotContains(answer, "<title>")


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED, Status.COMPLETED])
def test_the_end_loads_the_whole_page_again(analyst: Client, fund: Fund, status: str) -> None:
    session = session_at(status, fund=fund)

    answer = analyst.get(progress_of(session, version=1), headers=HTMX)

    assert answer["HX-Refresh"] == "true"


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_an_ended_session_asks_for_no_more_progress(
    analyst: Client, fund: Fund, status: str
) -> None:
    answer = analyst.get(page_of(session_at(status, fund=fund)))

    assertNotContains(answer, "hx-trigger")
    assertNotContains(answer, "http-equiv")
    assertNotContains(answer, "Cancel optimization")


def test_a_completed_session_asks_for_no_more_progress(analyst: Client, fund: Fund) -> None:
    answer = analyst.get(page_of(completed_session(fund=fund)))

    assertNotContains(answer, "hx-trigger")
    assertNotContains(answer, "http-equiv")


def test_progress_of_a_strangers_session_is_not_found(stranger: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)

    assert stranger.get(progress_of(session, version=0), headers=HTMX).status_code == 404


def test_progress_after_the_log_in_ended_reloads_the_page(fund: Fund) -> None:
    session = requested_session(fund=fund)

    answer = Client().get(progress_of(session, version=session.version), headers=HTMX)

    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""


def test_progress_opened_as_a_page_leads_to_the_session(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)

    assertRedirects(analyst.get(progress_of(session, version=1)), page_of(session))


def test_a_nonsense_version_gets_the_fragment(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)

    assertContains(analyst.get(progress_of(session, version="x%00"), headers=HTMX), "progress")


def test_a_failed_session_says_why_and_what_to_do(analyst: Client, fund: Fund) -> None:
    session = session_at(Status.FAILED, fund=fund)

    answer = analyst.get(page_of(session))

    assertContains(answer, session.failure_reason)
    assertContains(answer, f"{reverse('optimization:new')}?from={session.pk}")
    assertNotContains(answer, "Traceback")


def test_the_traceback_is_for_the_staff_alone(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)
    OptimizationSession.objects.filter(pk=session.pk).fail(
        reason="The solver ran out of memory.", traceback="Traceback: secret_function"
    )

    answer = analyst.get(page_of(session))

    assertContains(answer, "The solver ran out of memory.")
    assertNotContains(answer, "secret_function")


def test_cancelling_ends_the_session(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)

    answer = analyst.post(reverse("optimization:cancel", args=[session.pk]), follow=True)

    session.refresh_from_db()
    assert session.status == Status.CANCELLED
    assertContains(answer, "The optimization was cancelled.")


def test_cancelling_what_has_ended_changes_nothing_and_says_so(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund)
    lifecycle.cancel_session(session)
    version = session.version

    answer = analyst.post(reverse("optimization:cancel", args=[session.pk]), follow=True)

    session.refresh_from_db()
    assert session.version == version
    assertContains(answer, "Nothing was cancelled")


def test_the_request_is_shown_in_the_funds_words(analyst: Client, fund: Fund) -> None:
    session = requested_session(
        fund=fund,
        limits={
            "cvar": {"confidence": 0.975, "max": 0.6},
            "stages": {"series_a": {"min": 0.1, "max": 0.8}},
        },
    )

    asked = dict(analyst.get(page_of(session)).context["asked"])

    assert asked["CVaR 97.5"] == "at most 60.0%"
    assert asked["series_a"] == "at least 10.0%, at most 80.0%"
    assert "Loss probability" not in asked


def test_names_are_shown_as_typed_and_never_as_markup(analyst: Client, fund: Fund) -> None:
    session = requested_session(fund=fund, name="<script>alert(1)</script> & co")

    answer = analyst.get(page_of(session))

    assertContains(answer, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co")
    assertNotContains(answer, "<script>alert")

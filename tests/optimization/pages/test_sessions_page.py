import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains
from pytest_django.fixtures import DjangoAssertNumQueries

from funds.models import Fund
from optimization.models import OptimizationSession
from tests.funds.factories import FundFactory, UserFactory
from tests.optimization.completed import completed_session
from tests.optimization.factories import requested_session, session_at
from tests.optimization.pages.conftest import client_of

SESSIONS = reverse("optimization:sessions")
Status = OptimizationSession.Status


def test_sessions_are_listed_newest_first(analyst: Client, fund: Fund) -> None:
    requested_session(fund=fund, name="Older")
    requested_session(fund=fund, name="Newer")

    page = analyst.get(SESSIONS).content.decode()

    assert page.index("Newer") < page.index("Older")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.MATRIX_GENERATING, "Generating scenarios"),
        (Status.OPTIMIZING, "Optimizing"),
        (Status.FAILED, "Failed"),
        (Status.CANCELLED, "Cancelled"),
    ],
)
def test_a_session_is_listed_with_its_state_in_words(
    analyst: Client, fund: Fund, status: str, words: str
) -> None:
    session_at(status, fund=fund)

    assertContains(analyst.get(SESSIONS), words)


def test_a_completed_session_is_listed_with_its_out_of_sample_figures(
    analyst: Client, fund: Fund
) -> None:
    session = completed_session(fund=fund)
    fresh = session.validation_metrics["out_of_sample"] if session.validation_metrics else {}

    answer = analyst.get(SESSIONS)

    assertContains(answer, f'<td class="num extra">{fresh["mean_multiple"]["value"]:.2f}</td>')
    assertContains(
        answer, f'<td class="num extra">{100 * fresh["loss_probability"]["value"]:.1f}</td>'
    )


def test_sessions_of_other_organisations_are_not_listed(stranger: Client, fund: Fund) -> None:
    requested_session(fund=fund, name="Secret plan")

    assertNotContains(stranger.get(SESSIONS), "Secret plan")


def test_the_list_can_be_narrowed_to_one_fund(analyst: Client, fund: Fund) -> None:
    other = FundFactory.create(organisation=fund.organisation, taxonomy=fund.taxonomy)
    requested_session(fund=fund, name="Wanted")
    requested_session(fund=other, name="Elsewhere")

    answer = analyst.get(f"{SESSIONS}?fund={fund.pk}")

    assertContains(answer, "Wanted")
    assertNotContains(answer, "Elsewhere")


@pytest.mark.parametrize("page", ["2", "abc", "-1", "99999999999999999999", ""])
def test_every_page_number_gives_a_page(analyst: Client, fund: Fund, page: str) -> None:
    requested_session(fund=fund)

    assert analyst.get(SESSIONS, {"page": page}).status_code == 200


def test_older_sessions_are_on_the_next_page(
    analyst: Client, fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimization.views.SESSIONS_PER_PAGE", 1)
    requested_session(fund=fund, name="Older")
    requested_session(fund=fund, name="Newer")

    first, second = analyst.get(SESSIONS), analyst.get(f"{SESSIONS}?page=2")

    assertContains(first, "Newer")
    assertNotContains(first, "Older</a></th>")
    assertContains(second, ">Older</a>")


def test_an_empty_list_says_what_an_optimization_is(analyst: Client, fund: Fund) -> None:
    assertContains(analyst.get(SESSIONS), "Nothing has been optimized yet")


def test_a_user_without_a_fund_is_told_whom_to_ask(db: None) -> None:
    assertContains(client_of(UserFactory.create()).get(SESSIONS), "No fund yet")


def test_more_sessions_take_no_more_queries(
    analyst: Client, fund: Fund, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        completed_session(fund=fund)
    for _ in range(3):
        requested_session(fund=fund)

    # Log-in session, user, funds, count, sessions, events, requestable funds.
    with django_assert_max_num_queries(7):
        analyst.get(SESSIONS)


def test_sample_data_is_called_sample_data(analyst: Client, fund: Fund) -> None:
    assertNotContains(analyst.get(SESSIONS), "Sample data.")
    fund.is_sample = True
    fund.save(update_fields=["is_sample"])

    assertContains(analyst.get(SESSIONS), "Sample data.")

"""Staff import the rounds of a fund as CSV: all of it becomes a calibration, or nothing does."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from funds.models import CalibrationSnapshot, Fund
from funds.rounds_import import MOST_FAULTS_SHOWN
from tests.funds.calibration.worked_example import LINES, csv_of
from tests.funds.factories import FundFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:funds_calibrationsnapshot_changelist")
IMPORT = reverse("admin:funds_calibrationsnapshot_import")


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """Pages name static files without a manifest of hashed names, which only a release has."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = True
    settings.SECURE_SSL_REDIRECT = False


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def fund() -> Fund:
    fund: Fund = FundFactory.create(buckets=False)
    return fund


def sent(client: Client, owner: Fund, content: bytes, /, **fields: str) -> Any:
    file = SimpleUploadedFile("rounds.csv", content, content_type="text/csv")
    form = {"fund": str(owner.pk), "as_of": "2025-12-31", "rounds": file, **fields}
    return client.post(IMPORT, form)


def own() -> list[CalibrationSnapshot]:
    return list(CalibrationSnapshot.objects.filter(kind="fund"))


def test_rounds_become_a_calibration_of_the_fund(staff: Client, fund: Fund) -> None:
    answer = sent(staff, fund, csv_of(LINES))

    (snapshot,) = own()
    assert answer.url == reverse("admin:funds_calibrationsnapshot_change", args=[snapshot.pk])
    assert snapshot.fund == fund
    assert snapshot.sample_size == 10
    assert snapshot.label == "Own rounds of 10 companies as of 2025-12-31"
    assertContains(staff.get(answer.url), "Requests of the fund can choose it from now on.")


def test_every_wrong_cell_is_listed_by_line_and_column_and_nothing_is_stored(
    staff: Client, fund: Fund
) -> None:
    lines = [*LINES]
    lines[2] = "c02,series_x,2019-01-01,2024-06-30,5000000"
    lines[4] = "c03,seed,2018-01-01,2020-07-02,-1"
    lines[7] = "c05,seed,30.06.2020,,"

    answer = sent(staff, fund, csv_of(lines))

    assert [(fault.row, fault.column) for fault in answer.context["form"].row_faults] == [
        (4, "stage"),
        (6, "proceeds_usd"),
        (9, "date"),
    ]
    assertContains(answer, "3 things are wrong in the file. Nothing has been stored.")
    assertContains(answer, "<td>4</td><td>stage</td>")
    assertContains(answer, "must be 0 or more")
    assert own() == []


def test_file_without_a_column_is_refused_at_its_heading(staff: Client, fund: Fund) -> None:
    answer = sent(staff, fund, csv_of(LINES, header="company,stage,date,disposal_date"))

    assertContains(answer, "<td>1</td><td>proceeds_usd</td><td>is missing</td>")
    assert own() == []


def test_file_that_is_no_text_is_refused_as_a_whole(staff: Client, fund: Fund) -> None:
    answer = sent(staff, fund, b"PK\x03\x04\xff\xfe")

    assertContains(answer, "<td>whole file</td><td>whole line</td><td>is not UTF-8 text")
    assert own() == []


def test_thousands_of_faults_give_a_page_of_ordinary_size(staff: Client, fund: Fund) -> None:
    answer = sent(staff, fund, csv_of([f"c{number},x,2020-01-01,," for number in range(1000)]))

    assertContains(answer, "1,000 things are wrong in the file.")
    assertContains(answer, "<td>stage</td>", count=MOST_FAULTS_SHOWN)
    assertContains(answer, f"And {1000 - MOST_FAULTS_SHOWN} more.")


def test_what_a_cell_holds_is_shown_as_text(staff: Client, fund: Fund) -> None:
    answer = sent(staff, fund, csv_of(["c01,<script>alert(1)</script>,2020-01-01,,"]))

    assertNotContains(answer, "<script>alert")
    assertContains(answer, "&lt;script&gt;alert")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"as_of": ""}, "This field is required."),
        ({"as_of": "31/12/2025"}, "Must be a date as YYYY-MM-DD."),
        ({"zombie_years": "nan"}, "Enter a number."),
        ({"zombie_years": "500"}, "the years without an event are 500, must be from 0.1 to 100"),
        ({"observed_from": "2026-01-01"}, "the record begins on 2026-01-01, which must be before"),
        ({"fund": "00000000-0000-4000-8000-000000000000"}, "Select a valid choice."),
    ],
)
def test_wrong_option_is_said_and_nothing_is_stored(
    staff: Client, fund: Fund, fields: dict[str, str], words: str
) -> None:
    assertContains(sent(staff, fund, csv_of(LINES), **fields), words)
    assert own() == []


def test_options_reach_the_calibration(staff: Client, fund: Fund) -> None:
    sent(staff, fund, csv_of(LINES), zombie_years="9", entered_from="2019-01-01")

    (snapshot,) = own()
    assert "without a round for 9 years count as failed" in snapshot.method
    assert "entered from 2019-01-01" in snapshot.method


def test_rounds_that_tell_nothing_are_not_stored(staff: Client, fund: Fund) -> None:
    answer = sent(staff, fund, csv_of(["acme,seed,2025-06-30,,"]))

    assertContains(answer, "Nothing has been stored: the rounds give no rate or exit multiple")
    assert own() == []


def test_same_rounds_again_are_the_same_calibration(staff: Client, fund: Fund) -> None:
    sent(staff, fund, csv_of(LINES))

    answer = sent(staff, fund, csv_of(LINES))

    assert len(own()) == 1
    assertContains(staff.get(answer.url), "had this calibration already")


def test_staff_without_the_permission_neither_see_nor_open_the_import(
    client: Client, fund: Fund
) -> None:
    looker = UserFactory.create(is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_calibrationsnapshot"))
    client.force_login(looker)

    assertNotContains(client.get(LIST), "Import rounds")
    assert client.get(IMPORT).status_code == 403
    assert sent(client, fund, csv_of(LINES)).status_code == 403
    assert own() == []


def test_list_of_calibrations_leads_to_the_import(staff: Client) -> None:
    assertContains(staff.get(LIST), f'href="{IMPORT}"')
    assertContains(staff.get(IMPORT), "proceeds_usd")


def test_nobody_else_reaches_the_import(client: Client, fund: Fund) -> None:
    assert client.get(IMPORT).status_code == 302
    client.force_login(UserFactory.create())
    assert client.get(IMPORT).status_code == 302

"""Log-in, error pages and the files that every page loads."""

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from tests.funds.factories import UserFactory
from tests.optimization.pages.conftest import client_of

STATIC = Path(settings.BASE_DIR) / "static"
# Of inter-latin-wght-normal.woff2 in @fontsource-variable/inter 5.3.0.
INTER_SHA256 = "3100e775e8616cd2611beecfa23a4263d7037586789b43f035236a2e6fbd4c62"


def test_the_front_page_leads_to_the_log_in_and_on_to_the_sessions(db: None) -> None:
    UserFactory.create(username="ada", password="correct horse")
    client = Client()

    first = client.get("/", follow=True)
    answer = client.post(
        first.redirect_chain[-1][0], {"username": "ada", "password": "correct horse"}
    )

    assertRedirects(answer, reverse("optimization:sessions"))


def test_a_wrong_password_is_said_without_saying_which_part_is_wrong(db: None) -> None:
    answer = Client().post(reverse("login"), {"username": "ada", "password": "guess"})

    assertContains(answer, "User name and password do not match.")


@pytest.mark.parametrize("typed", ["", "\x00", "x" * 300])
def test_nonsense_at_the_log_in_gives_a_message(db: None, typed: str) -> None:
    answer = Client().post(reverse("login"), {"username": typed, "password": typed})

    assertContains(answer, "User name and password do not match.")


def test_logging_out_ends_the_log_in(db: None) -> None:
    client = client_of(UserFactory.create())

    answer = client.post(reverse("logout"))

    assertRedirects(answer, reverse("login"))
    assert client.get(reverse("optimization:sessions")).status_code == 302


def test_an_unknown_address_has_a_page_of_the_same_look(db: None) -> None:
    answer = Client().get("/no/such/page")

    assertContains(answer, "There is no such page", status_code=404)
    assertContains(answer, "app.css", status_code=404)


def test_the_page_of_a_fault_needs_nothing_that_may_be_broken() -> None:
    page = render_to_string("500.html")

    assert "The fault is on Keel" in page
    assert "app.css" in page
    assert "Log out" not in page


def test_the_admin_is_linked_for_staff_alone(db: None) -> None:
    link = f'href="{reverse("admin:index")}"'
    sessions = reverse("optimization:sessions")

    assertContains(client_of(UserFactory.create(is_staff=True)).get(sessions), link)
    assertNotContains(client_of(UserFactory.create()).get(sessions), link)


def test_the_admin_carries_the_name_of_the_site(db: None) -> None:
    answer = client_of(UserFactory.create(is_staff=True)).get(reverse("admin:index"))

    assertContains(answer, "Keel staff")


@pytest.mark.parametrize("address", ["/log-in/", "/no/such/page"])
def test_nothing_inline_is_on_a_page(db: None, address: str) -> None:
    page = Client().get(address).content.decode()

    assert "style=" not in page
    assert "<style" not in page
    assert "<script>" not in page


def test_the_style_sheet_stays_small() -> None:
    # Measured in characters of the file as written; every page waits for it.
    assert len((STATIC / "app.css").read_text(encoding="utf-8")) < 25_000


def test_the_font_is_the_published_one_with_its_licence_beside_it() -> None:
    folder = STATIC / "vendor" / "inter-5.3.0"
    font = (folder / "inter-latin-wght-normal.woff2").read_bytes()

    assert hashlib.sha256(font).hexdigest() == INTER_SHA256
    assert "SIL Open Font License, Version 1.1" in (folder / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["app.css", "keel.js", "keel.svg", "django_htmx/htmx-2.min.js"],
)
def test_every_file_that_pages_load_exists(name: str) -> None:
    assert finders.find(name)

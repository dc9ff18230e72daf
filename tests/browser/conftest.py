"""A real browser in front of the real site. What it writes to its console fails the test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from funds.models import Fund, User
from tests.funds.factories import FundFactory, MembershipFactory

PASSWORD = "correct horse battery"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Chromium's sandbox refuses to run as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with pytest.MonkeyPatch.context() as environment:
        # Playwright keeps an event loop in this thread; the tests' own queries are still safe.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        # Not for the whole session: other tests run without that loop and without that permit.
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(
                executable_path=_chromium(), args=[*ARGUMENTS, *sandbox]
            )
            yield launched
            launched.close()


def _chromium() -> str:
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None or not Path(program).exists():
        pytest.fail(
            "The browser tests need Chromium: install it (Debian: apt-get install chromium) or name"
            " its program in the environment variable CHROMIUM."
        )
    return program


@pytest.fixture
def fund(transactional_db: None) -> Fund:
    fund: Fund = FundFactory.create(
        name="Harbour II",
        is_sample=True,
        default_limits={"max_loss_probability": 0.6, "cvar": {"confidence": 0.95, "max": 0.9}},
    )
    return fund


@pytest.fixture
def analyst(fund: Fund) -> User:
    user: User = MembershipFactory.create(
        organisation=fund.organisation, user__username="ada", user__password=PASSWORD
    ).user
    return user


@pytest.fixture
def console() -> list[str]:
    """What browsers have written to their consoles in this test."""
    return []


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, console: list[str]) -> Iterator[Visit]:
    """Opens an address as ``user`` (or as nobody) and gives the page; options are a context's."""
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            console.append(f"{message.type}: {message.text}")

    def visit(address: str, *, user: User | None = None, **options: object) -> Page:
        context = browser.new_context(**{"base_url": live_server.url, **options})  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(10_000)
        if user is not None:
            _log_in(context, user, url=live_server.url)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: console.append(f"uncaught: {error}"))
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            # The server goes on with a request whose page is gone, while its tables are emptied.
            page.wait_for_load_state("networkidle")
        context.close()
    assert console == []


def _log_in(context: BrowserContext, user: User, *, url: str) -> None:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])

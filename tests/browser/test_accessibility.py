"""Every page in both themes, wide and on a phone: no rule of axe broken, no sideways scroll."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from funds.models import Fund, User
from optimization.models import OptimizationSession
from tests.browser.conftest import Visit
from tests.funds.calibrations import fund_calibration
from tests.optimization.completed import completed_session
from tests.optimization.factories import requested_session, session_at
from tests.optimization.measured import BUCKET_FACTS, METRICS, NO_BUCKET_FACTS, NO_METRICS

Status = OptimizationSession.Status
WIDTHS = (1440, 390)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# axe is injected as a script, which the policy rightly refuses; other tests keep the policy.
FOR_AXE = {"bypass_csp": True}

LIMITS = {
    "max_loss_probability": 0.9,
    "max_bucket_weight": 0.5,
    "stages": {"seed": {"min": 0.2, "max": 0.6}},
}


def _sessions(fund: Fund) -> str:
    completed_session(fund=fund, name="n" * 200)
    for status in (Status.OPTIMIZING, Status.FAILED, Status.CANCELLED):
        session_at(status, fund=fund)
    return "/optimizations/"


def _address(session: OptimizationSession) -> str:
    return f"/optimizations/{session.pk}/"


PAGES: dict[str, Callable[[Fund], str]] = {
    "sessions": _sessions,
    "no sessions": lambda fund: "/optimizations/",
    "request form": lambda fund: "/optimizations/new/",
    "running": lambda fund: _address(requested_session(fund=fund, name="n" * 200)),
    "failed": lambda fund: _address(session_at(Status.FAILED, fund=fund)),
    "cancelled": lambda fund: _address(session_at(Status.CANCELLED, fund=fund)),
    "result": lambda fund: _address(
        completed_session(fund=fund, limits=LIMITS, metrics=METRICS, bucket_facts=BUCKET_FACTS)
    ),
    "result of an earlier release": lambda fund: _address(
        completed_session(fund=fund, metrics=NO_METRICS, bucket_facts=NO_BUCKET_FACTS)
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_every_screen(
    visit: Visit, analyst: User, fund: Fund, name: str
) -> None:
    assert_sound(visit(PAGES[name](fund), user=analyst, **FOR_AXE))


def test_the_log_in_is_accessible_and_fits_every_screen(visit: Visit, fund: Fund) -> None:
    assert_sound(visit("/log-in/", **FOR_AXE))


def test_a_refused_form_is_accessible_and_fits_every_screen(visit: Visit, analyst: User) -> None:
    page = visit("/optimizations/new/", user=analyst, **FOR_AXE)
    page.get_by_label("Name").fill("x" * 300)
    page.get_by_label("Loss probability, at most").fill("9" * 300)
    page.get_by_label("seed, at least").fill("high")
    page.get_by_text("Market regimes, exits").click()
    page.get_by_label("Recession, probability").fill("90")
    page.get_by_label("Sources of variance").select_option("own")
    page.get_by_label("Tail index").fill("heavy")
    page.get_by_label("Correlations between buckets").fill("x" * 300)
    page.get_by_role("button", name="Run optimization").click()
    page.get_by_role("alert").wait_for()

    assert_sound(page)


def test_the_opened_scenario_law_is_accessible_and_fits_every_screen(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    fund_calibration(fund, label="Own rounds of 34 companies")
    page = visit("/optimizations/new/", user=analyst, **FOR_AXE)
    page.get_by_text("Market regimes, exits").click()

    assert_sound(page)


@pytest.mark.parametrize("address", ["/optimizations/", "/optimizations/new/"])
def test_pages_keep_to_the_content_security_policy(
    visit: Visit, analyst: User, address: str
) -> None:
    visit(address, user=analyst)


def assert_sound(page: Page) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            where = f"at {width} px in the {theme} theme"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
            results = Axe().run(page)
            assert results.violations_count == 0, f"{where}\n{results.generate_report()}"

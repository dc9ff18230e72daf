"""A frontier in a browser: asked for in the form, read, and one of its points requested."""

import pytest
from playwright.sync_api import Page, expect

from funds.models import Fund, User
from optimization.models import OptimizationSession
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import FOR_AXE, assert_sound
from tests.optimization.frontier.sessions import completed_frontier, do_segments, split
from tests.optimization.work import do

# Nothing keeps the tightest limits; at the loosest the limit no longer matters.
LIMITS = {"max_bucket_weight": 0.4}


def shown(visit: Visit, session: OptimizationSession, user: User, **options: bool) -> Page:
    return visit(f"/optimizations/{session.pk}/", user=user, **options)


def test_frontier_is_accessible_and_fits_every_screen(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    assert_sound(shown(visit, completed_frontier(fund, limits=LIMITS), analyst, **FOR_AXE))


def test_running_frontier_is_accessible_and_fits_every_screen(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    assert_sound(shown(visit, split(fund, limits=LIMITS), analyst, **FOR_AXE))


def test_form_with_a_frontier_is_accessible_and_fits_every_screen(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    page = visit("/optimizations/new/", user=analyst, **FOR_AXE)
    page.get_by_text("Limit to vary, from, to, points").click()

    assert_sound(page)


def test_analyst_asks_for_a_frontier_and_requests_a_point_of_it(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    page = visit("/optimizations/new/", user=analyst)
    page.get_by_label("Name").fill("What loss is worth")
    page.get_by_label("Optimization scenarios").fill("64")
    page.get_by_label("Validation scenarios").fill("5000")
    page.get_by_text("Limit to vary, from, to, points").click()
    page.get_by_label("Limit to vary").select_option("max_loss_probability")
    page.get_by_label("Tightest value").fill("20")
    page.get_by_label("Loosest value").fill("50")
    page.get_by_label("Points").fill("3")
    page.get_by_role("button", name="Run optimization").click()
    expect(page.get_by_role("heading", name="What loss is worth")).to_be_visible()
    session = OptimizationSession.objects.get()
    assert session.is_frontier
    carry_to_the_end(session)

    # The page loads itself anew once the session has ended.
    expect(page.get_by_role("heading", name="Allocations")).to_be_visible()
    page.get_by_role("link", name="Request this point, loss probability at most 50.00%").click()

    expect(page.get_by_label("Loss probability, at most")).to_have_value("50")
    expect(page.get_by_label("Name")).to_have_value("What loss is worth, at most 50%")


def carry_to_the_end(session: OptimizationSession) -> None:
    """What workers would do."""
    assert session.matrix is not None
    do(session.matrix)
    session.refresh_from_db()
    do(session)
    do_segments(session)
    for _merge_then_validation in range(2):
        do(session)


@pytest.mark.parametrize("width", [1440, 390])
def test_chart_of_a_frontier_needs_no_script(
    visit: Visit, analyst: User, fund: Fund, width: int
) -> None:
    page = shown(visit, completed_frontier(fund, limits=LIMITS), analyst)
    page.set_viewport_size({"width": width, "height": 900})

    assert page.locator("#frontier svg[role=img]:visible").count() == 1
    assert page.locator("#frontier script").count() == 0

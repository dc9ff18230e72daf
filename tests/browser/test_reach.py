"""What limits can reach, as an analyst meets it on the request form."""

import time
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from funds.models import User
from optimization.models import OptimizationSession
from optimization.ranges.models import AskedRanges
from tests.browser.conftest import Visit
from tests.optimization.work import do, fail

PATIENCE_SECONDS = 20.0
Status = AskedRanges.Status


def wait_until(claim: Callable[[], bool], page: Page) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < end, "waited in vain"
        page.wait_for_timeout(50)


def answer_the_question(page: Page) -> None:
    """As the workers do, in scenarios that are few enough to wait for."""
    wait_until(AskedRanges.objects.unfinished().exists, page)
    found = AskedRanges.objects.unfinished().get()
    if found.status == Status.WAITING:
        do(found.matrix)
    do(found)


def test_form_finds_out_by_itself_what_can_be_reached(visit: Visit, analyst: User) -> None:
    page = visit("/optimizations/new/", user=analyst, bypass_csp=True)
    expect(page.locator("#reach")).to_contain_text("Working out what an allocation can reach")
    loss = page.get_by_label("Loss probability, at most")
    loss.fill("0")
    page.get_by_label("Name").fill("Typed before the answer")

    answer_the_question(page)

    track = page.locator("#reach-limits-max_loss_probability")
    expect(track).to_contain_text("of 1,000 simulated scenarios")
    expect(track.locator("svg.track")).to_be_visible()
    expect(track).to_contain_text("No allocation can: every one loses in at least")
    expect(page.get_by_label("Name")).to_have_value("Typed before the answer")
    assert Axe().run(page).response["violations"] == []
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = loss.locator("xpath=ancestor::*[contains(@class, 'field')][1]").bounding_box()
    assert box is not None
    # Label, input, track and words under one another; not a column of single letters.
    assert box["height"] < 300

    loss.fill("100")
    loss.blur()
    expect(track).not_to_contain_text("No allocation can")
    assert AskedRanges.objects.count() == 1
    page.get_by_label("Optimization scenarios").fill("64")
    page.get_by_label("Largest bucket, at most").fill("30")
    page.get_by_label("Largest bucket, at most").blur()
    answer_the_question(page)
    expect(track).to_contain_text("of 64 simulated scenarios")
    assert not OptimizationSession.objects.exists()


def test_what_cannot_be_found_out_is_said(visit: Visit, analyst: User) -> None:
    page = visit("/optimizations/new/", user=analyst)
    wait_until(AskedRanges.objects.exists, page)

    fail(AskedRanges.objects.get().matrix, reason="There is no paper.")

    expect(page.locator("#reach")).to_contain_text(
        "What can be reached is not known. There is no paper."
    )


def test_without_javascript_a_button_tells_and_nothing_typed_is_lost(
    visit: Visit, analyst: User
) -> None:
    page = visit("/optimizations/new/", user=analyst, java_script_enabled=False)
    page.get_by_label("Name").fill("Base case")
    page.get_by_label("Loss probability, at most").fill("0")
    page.get_by_role("button", name="Show what can be reached").click()
    expect(page.locator("#reach")).to_contain_text("again in a few seconds")

    answer_the_question(page)
    page.get_by_role("button", name="Show what can be reached").click()

    expect(page.locator("#reach-limits-max_loss_probability")).to_contain_text(
        "No allocation can: every one loses in at least"
    )
    expect(page.get_by_label("Name")).to_have_value("Base case")
    expect(page.get_by_label("Loss probability, at most")).to_have_value("0")


def test_enter_in_a_field_runs_the_optimization(visit: Visit, analyst: User) -> None:
    page = visit("/optimizations/new/", user=analyst)
    page.get_by_label("Name").fill("By keyboard")

    page.get_by_label("Name").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard")

"""An analyst's way through the site, with and without JavaScript."""

import re

from playwright.sync_api import expect

from funds.models import Fund, User
from optimization.models import OptimizationSession
from optimization.request_form.correlation_text import uncorrelated_table
from tests.browser.conftest import PASSWORD, Visit
from tests.optimization.completed import SMALL, complete, completed_session
from tests.optimization.factories import requested_session, session_at

Status = OptimizationSession.Status


def address_of(session: OptimizationSession) -> str:
    return f"/optimizations/{session.pk}/"


def test_an_analyst_logs_in_corrects_the_form_and_requests_an_optimization(
    visit: Visit, analyst: User
) -> None:
    page = visit("/")
    page.get_by_label("User name").fill(analyst.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.get_by_role("link", name="New optimization").click()
    page.get_by_label("Loss probability, at most").fill("many")
    page.get_by_label("Capital to allocate").fill("1e999")
    page.get_by_role("button", name="Run optimization").click()

    faults = page.get_by_role("alert")
    expect(faults).to_contain_text("3 things to correct.")
    expect(faults).to_contain_text("Loss probability, at most: Must be a number; you entered many.")
    expect(page.get_by_label("Loss probability, at most")).to_have_value("many")

    page.get_by_label("Name").fill("Base case")
    page.get_by_label("Loss probability, at most").fill("60")
    page.get_by_label("Capital to allocate").fill("100")
    page.get_by_role("button", name="Run optimization").click()

    expect(page).to_have_url(re.compile(r"/optimizations/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Base case")
    expect(page.locator("li[aria-current=step]")).to_contain_text("Generating scenarios")


def test_an_analyst_uploads_correlations_and_corrects_the_table_on_the_page(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    keys = ["seed/fintech", "seed/saas", "series_a/fintech", "series_a/saas"]
    wrong = uncorrelated_table(keys).replace("seed/saas,0,1", "seed/saas,0.5,1")
    page = visit("/optimizations/new/", user=analyst)
    page.get_by_label("Name").fill("Correlated")
    expect(page.get_by_label("Or upload the table")).to_be_hidden()
    page.get_by_text("Market regimes, exits").click()
    page.get_by_label("Or upload the table").set_input_files(
        {"name": "table.csv", "mimeType": "text/csv", "buffer": wrong.encode()}
    )
    page.get_by_role("button", name="Run optimization").click()

    table = page.get_by_label("Correlations between buckets")
    expect(page.get_by_role("alert")).to_contain_text(
        "Between seed/fintech and seed/saas: is 0, must equal that of seed/saas and seed/fintech"
    )
    expect(table).to_have_value(wrong)
    table.fill(uncorrelated_table(keys))
    page.get_by_role("button", name="Run optimization").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Correlated")
    law = OptimizationSession.objects.get().request["scenario_law"]
    assert law["bucket_correlation"]["buckets"] == keys


def test_a_refused_form_starts_at_its_faults_and_each_links_to_its_field(
    visit: Visit, analyst: User
) -> None:
    page = visit("/optimizations/new/", user=analyst)
    page.get_by_role("button", name="Run optimization").click()

    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="Name").click()

    expect(page.get_by_label("Name")).to_be_focused()


def test_progress_and_result_appear_by_themselves(visit: Visit, analyst: User, fund: Fund) -> None:
    session = requested_session(fund=fund, user=analyst, **SMALL)
    page = visit(address_of(session), user=analyst)
    expect(page.locator("li[aria-current=step]")).to_contain_text("Generating scenarios")

    OptimizationSession.objects.filter(pk=session.pk).move(
        sources=[Status.MATRIX_GENERATING], target=Status.OPTIMIZING
    )
    expect(page.locator("li[aria-current=step]")).to_contain_text("Optimizing")
    expect(page.get_by_role("status")).to_have_text("Step 3 of 4: Optimizing.")
    expect(page.locator(".meta .chip")).to_have_text("Optimizing")
    expect(page).to_have_title("Base case: Optimizing · Keel")

    OptimizationSession.objects.filter(pk=session.pk).fail(reason="No memory.", traceback="")
    expect(page.get_by_text("The optimization failed.")).to_be_visible()
    expect(page.get_by_text("No memory.")).to_be_visible()


def test_a_long_validation_moves_its_bar_and_speaks_once(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    session = session_at(Status.VALIDATING, fund=fund, user=analyst)
    page = visit(address_of(session), user=analyst)
    expect(page.get_by_role("status")).to_have_text("Step 4 of 4: Validating.")
    spoken = "window.spoken = 0; new MutationObserver(() => window.spoken++).observe("
    page.evaluate(
        f"{spoken}document.querySelector('[role=status]'), {{childList: true, subtree: true}})"
    )

    session.record_validated(50_000)
    expect(page.get_by_text("50,000 of 100,000 fresh scenarios are done.")).to_be_visible()
    session.record_validated(75_000)
    expect(page.get_by_text("75,000 of 100,000 fresh scenarios are done.")).to_be_visible()

    # Three quarters of the way from the 75 percent of its step to 99.
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "93")
    assert page.evaluate("window.spoken") == 0


def test_the_result_replaces_the_progress_of_a_page_that_stays_open(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    session = requested_session(fund=fund, user=analyst, **SMALL)
    page = visit(address_of(session), user=analyst)

    complete(session)

    expect(page.get_by_role("heading", name="Allocation", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Distribution of the fund multiple")).to_be_visible()


def test_nothing_is_swapped_while_nothing_changes(visit: Visit, analyst: User, fund: Fund) -> None:
    session = requested_session(fund=fund, user=analyst)
    page = visit(address_of(session), user=analyst)
    page.evaluate("document.querySelector('#progress').dataset.mine = 'yes'")

    with page.expect_response(re.compile("/progress/")) as first:
        pass
    with page.expect_response(re.compile("/progress/")) as second:
        pass

    assert [first.value.status, second.value.status] == [204, 204]
    assert page.evaluate("document.querySelector('#progress').dataset.mine") == "yes"


def test_cancelling_asks_once_on_the_page(visit: Visit, analyst: User, fund: Fund) -> None:
    session = requested_session(fund=fund, user=analyst)
    page = visit(address_of(session), user=analyst)

    page.get_by_text("Cancel optimization").click()
    page.get_by_role("button", name="Yes, cancel it").click()

    expect(page.get_by_text("The optimization was cancelled.")).to_be_visible()
    session.refresh_from_db()
    assert session.status == Status.CANCELLED


def test_without_javascript_the_progress_page_reloads_itself(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    session = requested_session(fund=fund, user=analyst, **SMALL)
    page = visit(address_of(session), user=analyst, java_script_enabled=False)
    expect(page.get_by_role("link", name="Reload")).to_be_visible()

    complete(session)

    expect(page.get_by_role("heading", name="Allocation", exact=True)).to_be_visible(timeout=10_000)


def test_the_chosen_theme_stays(visit: Visit, analyst: User, fund: Fund) -> None:
    page = visit("/optimizations/", user=analyst, color_scheme="light")
    toggle = page.get_by_role("button", name="Switch between light and dark")

    toggle.click()
    page.reload()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 26)"


def test_the_first_stop_of_the_keyboard_skips_to_the_content(
    visit: Visit, analyst: User, fund: Fund
) -> None:
    page = visit("/optimizations/", user=analyst)

    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()


def test_a_result_prints_all_columns_on_paper(visit: Visit, analyst: User, fund: Fund) -> None:
    page = visit(address_of(completed_session(fund=fund, user=analyst)), user=analyst)

    page.emulate_media(media="print")

    expect(page.get_by_role("columnheader", name="Initial cheque, $M")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()


def test_the_admin_keeps_to_the_content_security_policy(visit: Visit, analyst: User) -> None:
    analyst.is_staff = analyst.is_superuser = True
    analyst.save(update_fields=["is_staff", "is_superuser"])

    page = visit("/admin/", user=analyst)

    expect(page.get_by_role("link", name="Keel staff")).to_be_visible()

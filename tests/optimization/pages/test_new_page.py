import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertRedirects

from funds.models import Fund, User
from optimization.models import OptimizationSession
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import FundFactory
from tests.optimization.factories import requested_session
from tests.optimization.pages.requests import VERSION

NEW = reverse("optimization:new")
NONSENSE = {
    "letters": "abc",
    "not a number": "NaN",
    "beyond every number": "1e999",
    "beyond every exponent": "1e9999999999",
    "negative": "-5",
    "300 characters": "9" * 300,
    "control characters": "1\x00\x1b",
    "markup": "<script>alert(1)</script>",
    "another script": "\N{ARABIC-INDIC DIGIT THREE}\N{EM DASH}",
}


def typed(**changes: str) -> dict[str, str]:
    return {"name": "Base case", "capital_usd": "100", "calibration": VERSION} | changes


def test_the_form_starts_from_the_funds_default_limits(analyst: Client, fund: Fund) -> None:
    fund.default_limits = {
        "max_loss_probability": 0.35,
        "cvar": {"confidence": 0.9, "max": 0.6},
        "stages": {"seed": {"min": 0.15, "max": 0.4}},
    }
    fund.save(update_fields=["default_limits"])

    fields = analyst.get(NEW).context["form"]

    assert fields["limits-max_loss_probability"].value() == "35"
    assert fields["limits-cvar-max"].value() == "60"
    assert fields["limits-cvar-confidence"].value() == "90"
    assert fields["limits-stages-seed-max"].value() == "40"
    assert fields["limits-stages-series_a-max"].value() == ""
    assert fields["capital_usd"].value() == "100"


def test_sending_the_form_untouched_but_for_the_name_asks_for_the_defaults(
    analyst: Client, fund: Fund
) -> None:
    fund.default_limits = {"max_loss_probability": 0.35}
    fund.save(update_fields=["default_limits"])
    form = analyst.get(NEW).context["form"]
    untouched = {field.html_name: field.value() for field in form}

    analyst.post(NEW, untouched | {"name": "Base case"})

    request = OptimizationSession.objects.get().request
    assert request["limits"] == {"max_loss_probability": 0.35}
    assert request["optimization_scenarios"] == 1000
    assert request["validation_scenarios"] == 100_000
    assert request["regimes"] is None


def test_under_a_calibration_of_sobol_points_the_form_starts_at_a_power_of_two(
    analyst: Client, fund: Fund
) -> None:
    parameters = {**fund_calibration(fund).parameters, "sampling": "sobol"}
    fund.default_calibration = fund_calibration(fund, version="even", parameters=parameters)
    fund.save(update_fields=["default_calibration"])

    assert analyst.get(NEW).context["form"]["optimization_scenarios"].value() == "1024"


def test_a_good_request_is_stored_and_its_page_opened(
    analyst: Client, analyst_user: User, fund: Fund
) -> None:
    answer = analyst.post(NEW, typed(**{"limits-max_loss_probability": "36.6"}))

    session = OptimizationSession.objects.get()
    assertRedirects(answer, reverse("optimization:session", args=[session.pk]))
    assert session.requested_by == analyst_user
    assert session.fund == fund
    assert session.request["limits"] == {"max_loss_probability": 0.366}
    assert session.request["capital_usd"] == "100000000.00"


def test_a_faulty_request_stores_nothing_and_keeps_what_was_typed(
    analyst: Client, fund: Fund
) -> None:
    answer = analyst.post(NEW, typed(name="Firm", **{"limits-max_loss_probability": "150"}))

    assertContains(answer, 'value="Firm"')
    assertContains(answer, 'value="150"')
    assertContains(answer, "Must be at least 0% and at most 100%; you entered 150.", count=2)
    assertContains(answer, 'href="#id_limits-max_loss_probability"')
    assertContains(answer, 'aria-invalid="true"', count=1)
    assert not OptimizationSession.objects.exists()


@pytest.mark.parametrize("text", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_in_every_field_gives_messages_and_stores_nothing(
    analyst: Client, fund: Fund, text: str
) -> None:
    form = analyst.get(NEW).context["form"]

    answer = analyst.post(NEW, {field.html_name: text for field in form})

    assert answer.status_code == 200
    assert len(answer.context["form"].shown_faults) > 10
    assert b"<script>alert" not in answer.content
    assert not OptimizationSession.objects.exists()


def test_a_limit_that_was_cleared_is_said_not_to_apply(analyst: Client, fund: Fund) -> None:
    fund.default_limits = {"max_loss_probability": 0.35}
    fund.save(update_fields=["default_limits"])

    page = analyst.post(NEW, typed(name=""))

    # Left blank, a limit does not apply and a number of scenarios takes its default.
    assertContains(page, "No limit; default 35%")
    assertContains(page, "Default 1000 scenarios")


def test_an_empty_form_gives_a_message_and_stores_nothing(analyst: Client, fund: Fund) -> None:
    answer = analyst.post(NEW, {})

    assertContains(answer, "1 thing to correct.")
    assertContains(answer, "Fill this in.", count=2)
    assert not OptimizationSession.objects.exists()


def test_a_fault_of_the_funds_policy_is_shown_at_the_top(analyst: Client, fund: Fund) -> None:
    fund.bucket_policies.update(is_active=False)

    answer = analyst.post(NEW, typed())

    assertContains(answer, "has no active bucket")
    assert not OptimizationSession.objects.exists()


def test_with_several_funds_the_page_asks_which(analyst: Client, fund: Fund) -> None:
    other = FundFactory.create(organisation=fund.organisation, taxonomy=fund.taxonomy)

    answer = analyst.get(NEW)

    assertContains(answer, f"?fund={fund.pk}")
    assertContains(answer, f"?fund={other.pk}")
    assertContains(analyst.get(f"{NEW}?fund={other.pk}"), other.name)


def test_a_copied_request_starts_from_the_session_and_not_from_the_defaults(
    analyst: Client, fund: Fund
) -> None:
    fund.default_limits = {"max_loss_probability": 0.35}
    fund.save(update_fields=["default_limits"])
    copied = requested_session(
        fund=fund, name="First", limits={"cvar": {"confidence": 0.9, "max": 0.6}}
    )

    form = analyst.get(f"{NEW}?from={copied.pk}").context["form"]

    assert form["name"].value() == "First"
    assert form["limits-cvar-max"].value() == "60"
    assert form["limits-max_loss_probability"].value() == ""

"""Staff pages open for every model, change what may change, and ask few questions."""

from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from funds.models import (
    BucketPolicy,
    CalibrationSnapshot,
    Fund,
    Membership,
    Organisation,
    Sector,
    Stage,
    Taxonomy,
    User,
)
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import (
    FundFactory,
    MembershipFactory,
    OrganisationFactory,
    TaxonomyFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

MODELS = [
    User,
    Organisation,
    Membership,
    Taxonomy,
    Stage,
    Sector,
    Fund,
    BucketPolicy,
    CalibrationSnapshot,
]


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
    fund = FundFactory.create()
    MembershipFactory.create(organisation=fund.organisation)
    fund_calibration(fund)
    return fund


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:funds_{model._meta.model_name}_{name}", args=args)


def row(model: type[Model]) -> Model:
    found = model._default_manager.order_by("pk").first()
    assert found is not None
    return found


def test_every_model_of_the_app_has_staff_pages() -> None:
    assert {m for m in site._registry if m._meta.app_label == "funds"} == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_list_opens_and_can_be_searched(staff: Client, fund: Fund, model: type[Model]) -> None:
    assert staff.get(page(model, "changelist")).status_code == 200
    assert staff.get(page(model, "changelist"), {"q": "nothing like it"}).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_row_opens(staff: Client, fund: Fund, model: type[Model]) -> None:
    assert staff.get(page(model, "change", row(model).pk)).status_code == 200


@pytest.mark.parametrize("model", [m for m in MODELS if m is not CalibrationSnapshot])
def test_form_for_a_new_row_opens(staff: Client, fund: Fund, model: type[Model]) -> None:
    assert staff.get(page(model, "add")).status_code == 200


@pytest.mark.parametrize("model", [Membership, Fund, BucketPolicy, CalibrationSnapshot])
def test_list_asks_as_many_questions_for_many_rows_as_for_few(
    staff: Client, fund: Fund, model: type[Model]
) -> None:
    with CaptureQueriesContext(connection) as few:
        staff.get(page(model, "changelist"))
    for _ in range(3):
        another = FundFactory.create(taxonomy=fund.taxonomy, organisation=fund.organisation)
        MembershipFactory.create(organisation=fund.organisation)
        fund_calibration(another)

    with CaptureQueriesContext(connection) as many:
        staff.get(page(model, "changelist"))

    assert len(many) == len(few)


def test_fund_page_asks_as_many_questions_for_many_buckets_as_for_few(
    staff: Client, fund: Fund
) -> None:
    with CaptureQueriesContext(connection) as many:
        staff.get(page(Fund, "change", fund.pk))
    # One bucket stays: with none the taxonomy can be chosen, which is another page.
    fund.bucket_policies.exclude(stage__key="seed", sector__key="saas").delete()

    with CaptureQueriesContext(connection) as few:
        staff.get(page(Fund, "change", fund.pk))

    assert len(many) == len(few)


def test_calibration_can_only_be_looked_at(staff: Client, fund: Fund) -> None:
    calibration = CalibrationSnapshot.objects.get(kind="benchmark")

    assert staff.get(page(CalibrationSnapshot, "add")).status_code == 403
    change = staff.post(page(CalibrationSnapshot, "change", calibration.pk), {"label": "x"})
    assert change.status_code == 403
    delete = staff.post(page(CalibrationSnapshot, "delete", calibration.pk), {"post": "yes"})
    assert delete.status_code == 403


@pytest.mark.parametrize("model", [Taxonomy, Stage, Sector])
def test_words_in_use_can_only_be_looked_at(staff: Client, fund: Fund, model: type[Model]) -> None:
    used = row(model)

    assert staff.post(page(model, "change", used.pk), {}).status_code == 403
    assert staff.post(page(model, "delete", used.pk), {"post": "yes"}).status_code == 403
    assertNotContains(staff.get(page(model, "change", used.pk)), 'name="_save"')


def test_unused_taxonomy_can_be_changed(staff: Client) -> None:
    taxonomy = TaxonomyFactory.create()

    assertContains(staff.get(page(Taxonomy, "change", taxonomy.pk)), 'name="_save"')


def test_word_for_a_used_taxonomy_is_refused_in_words(staff: Client, fund: Fund) -> None:
    answer = staff.post(
        page(Sector, "add"), {"taxonomy": fund.taxonomy_id, "key": "climate", "label": "Climate"}
    )

    assertContains(answer, "add words to a new version")


def test_stage_and_sector_of_a_bucket_are_offered_from_the_taxonomy_of_the_fund(
    staff: Client, fund: Fund
) -> None:
    other = TaxonomyFactory.create()
    own_sector, other_sector = fund.taxonomy.sectors.first(), other.sectors.first()
    assert own_sector is not None
    assert other_sector is not None

    answer = staff.get(page(Fund, "change", fund.pk))

    assertContains(answer, f'<option value="{own_sector.pk}"')
    assertNotContains(answer, f'<option value="{other_sector.pk}"')


def test_fund_and_its_buckets_can_be_saved(staff: Client, fund: Fund) -> None:
    policy = fund.bucket_policies.get(stage__key="seed", sector__key="saas")
    form = {
        "organisation": fund.organisation_id,
        "name": "Renamed",
        "size_usd": "5000000.00",
        "default_limits": '{"max_bucket_weight": 0.4}',
        "default_calibration": fund.default_calibration_id,
        "bucket_policies-TOTAL_FORMS": 1,
        "bucket_policies-INITIAL_FORMS": 1,
        "bucket_policies-0-id": policy.pk,
        "bucket_policies-0-fund": fund.pk,
        "bucket_policies-0-stage": policy.stage_id,
        "bucket_policies-0-sector": policy.sector_id,
        "bucket_policies-0-initial_cheque_usd": "250000.00",
        "bucket_policies-0-reserve_ratio": "0.5",
        "bucket_policies-0-reference_deals": "12",
        "bucket_policies-0-cheque_variation": "0.2",
        "bucket_policies-0-risk_multiplier": "1",
        "bucket_policies-0-return_multiplier": "1",
    }

    assert staff.post(page(Fund, "change", fund.pk), form).status_code == 302

    fund.refresh_from_db()
    policy.refresh_from_db()
    assert (fund.name, fund.default_limits) == ("Renamed", {"max_bucket_weight": 0.4})
    assert (str(policy.initial_cheque_usd), policy.is_active) == ("250000.00", False)


def test_new_fund_is_made_first_and_gets_its_buckets_then(staff: Client) -> None:
    form = {
        "organisation": OrganisationFactory.create().pk,
        "name": "Growth II",
        "size_usd": "1000000",
        "taxonomy": TaxonomyFactory.create().pk,
        "default_limits": "{}",
    }

    assertNotContains(staff.get(page(Fund, "add")), "bucket_policies-TOTAL_FORMS")
    assert staff.post(page(Fund, "add"), form).status_code == 302

    fund = Fund.objects.get()
    assertContains(staff.get(page(Fund, "change", fund.pk)), "bucket_policies-TOTAL_FORMS")


def test_bad_bucket_is_refused_in_words(staff: Client, fund: Fund) -> None:
    policy = fund.bucket_policies.get(stage__key="seed", sector__key="saas")
    other_word = TaxonomyFactory.create().sectors.get(key="fintech")
    form = {
        "fund": fund.pk,
        "stage": policy.stage_id,
        "sector": other_word.pk,
        "initial_cheque_usd": "1",
        "reserve_ratio": "9",
        "reference_deals": "1",
        "cheque_variation": "0",
        "risk_multiplier": "1",
        "return_multiplier": "1",
    }

    answer = staff.post(page(BucketPolicy, "change", policy.pk), form)

    assertContains(answer, "is not in taxonomy")
    assertContains(answer, "Reserve ratio must be at least 0 and at most 5.")


def test_new_user_can_be_made(staff: Client) -> None:
    form = {
        "username": "ada",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }

    assert staff.post(page(User, "add"), form).status_code == 302

    assert User.objects.get(username="ada").check_password("correct horse battery")


def test_member_can_be_added_on_the_page_of_the_organisation(staff: Client) -> None:
    organisation, user = OrganisationFactory.create(), UserFactory.create()
    form = {
        "name": organisation.name,
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-organisation": organisation.pk,
        "memberships-0-user": user.pk,
        "memberships-0-role": "viewer",
    }

    assert staff.post(page(Organisation, "change", organisation.pk), form).status_code == 302

    assert organisation.memberships.get().user == user


def test_staff_who_may_only_look_see_a_fund_without_a_form(client: Client, fund: Fund) -> None:
    looker = UserFactory.create(is_staff=True)
    looker.user_permissions.set(
        Permission.objects.filter(codename__in=["view_fund", "view_bucketpolicy"])
    )
    client.force_login(looker)

    answer = client.get(page(Fund, "change", fund.pk))

    assertContains(answer, fund.name)
    assertNotContains(answer, 'name="_save"')


def test_member_who_is_not_staff_is_sent_away(client: Client, fund: Fund) -> None:
    client.force_login(MembershipFactory.create(organisation=fund.organisation, role="admin").user)

    assert client.get(page(Fund, "changelist")).status_code == 302

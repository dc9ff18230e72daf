import pytest

from funds.models import Membership, Organisation, User
from tests.funds.factories import MembershipFactory, OrganisationFactory, UserFactory
from tests.funds.refusals import refused_by


def test_user_is_shown_by_full_name() -> None:
    assert User(username="ada", first_name="Ada", last_name="Byron").display_name == "Ada Byron"


def test_user_without_a_name_is_shown_by_username() -> None:
    assert User(username="ada").display_name == "ada"


@pytest.mark.django_db
def test_organisation_needs_a_name_of_its_own() -> None:
    organisation = OrganisationFactory.create()

    with refused_by("funds_organisation_name_not_blank"):
        Organisation.objects.create(name="  ")
    with refused_by("funds_organisation_name_key"):
        Organisation.objects.create(name=organisation.name)


@pytest.mark.django_db
def test_user_is_in_an_organisation_once() -> None:
    membership = MembershipFactory.create()
    MembershipFactory.create(user=membership.user)
    MembershipFactory.create(organisation=membership.organisation)

    with refused_by("funds_membership_once_per_user"):
        MembershipFactory.create(user=membership.user, organisation=membership.organisation)


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Membership.Role))
def test_every_role_fits(role: str) -> None:
    MembershipFactory.create(role=role)


@pytest.mark.django_db
def test_unknown_role_is_refused() -> None:
    with refused_by("funds_membership_role_known"):
        MembershipFactory.create(role="owner")


@pytest.mark.django_db
def test_membership_text_names_user_role_and_organisation() -> None:
    membership = MembershipFactory.create(
        user=UserFactory.create(username="ada"), organisation__name="Delta Capital", role="viewer"
    )

    assert str(membership) == "ada as viewer of Delta Capital"

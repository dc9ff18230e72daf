import pytest
from django.test import Client

from funds.models import Fund, Membership, User
from tests.funds.factories import FundFactory, MembershipFactory

Role = Membership.Role


@pytest.fixture
def fund(db: None) -> Fund:
    """100 million USD in the buckets {seed, series_a} x {fintech, saas}."""
    fund: Fund = FundFactory.create(name="Harbour II")
    return fund


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def analyst_user(fund: Fund) -> User:
    user: User = MembershipFactory.create(
        organisation=fund.organisation, user__first_name="Ada", user__last_name="Okafor"
    ).user
    return user


@pytest.fixture
def analyst(analyst_user: User) -> Client:
    return client_of(analyst_user)


@pytest.fixture
def viewer(fund: Fund) -> Client:
    return client_of(
        MembershipFactory.create(organisation=fund.organisation, role=Role.VIEWER).user
    )


@pytest.fixture
def stranger(db: None) -> Client:
    """An analyst of another organisation, who has a fund of their own."""
    return client_of(MembershipFactory.create(organisation=FundFactory.create().organisation).user)

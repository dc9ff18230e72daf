from collections.abc import Callable

import pytest
from django.test import Client
from knox.models import AuthToken

from funds.models import Fund, Membership, User
from tests.funds.factories import FundFactory, MembershipFactory, UserFactory
from tests.optimization.api.conformance import ConformingClient

Role = Membership.Role


@pytest.fixture
def fund(db: None) -> Fund:
    """100 million USD in the buckets {seed, series_a} x {fintech, saas}."""
    fund: Fund = FundFactory.create()
    return fund


def member(fund: Fund, role: str) -> User:
    user: User = MembershipFactory.create(organisation=fund.organisation, role=role).user
    return user


def client_with_token(user: User) -> Client:
    _, token = AuthToken.objects.create(user)
    return ConformingClient(headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def analyst_user(fund: Fund) -> User:
    return member(fund, Role.ANALYST)


@pytest.fixture
def analyst(analyst_user: User) -> Client:
    return client_with_token(analyst_user)


@pytest.fixture
def viewer(fund: Fund) -> Client:
    return client_with_token(member(fund, Role.VIEWER))


@pytest.fixture
def stranger(db: None) -> Client:
    """An analyst of another organisation, who has a fund of their own."""
    return client_with_token(member(FundFactory.create(), Role.ANALYST))


@pytest.fixture
def anonymous(db: None) -> Client:
    return ConformingClient()


@pytest.fixture
def person(request: pytest.FixtureRequest) -> Callable[[str], Client]:
    """The client of the person with this name: anonymous, stranger, viewer or analyst."""

    def client_of(name: str) -> Client:
        client: Client = request.getfixturevalue(name)
        return client

    return client_of


@pytest.fixture
def newcomer(db: None) -> Client:
    """Logged in, but a member of nothing."""
    return client_with_token(UserFactory.create())

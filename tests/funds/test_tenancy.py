"""Who sees and who may request: by membership alone."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet

from funds.models import BucketPolicy, CalibrationSnapshot, Fund, Membership, User
from tests.funds.calibrations import fund_calibration
from tests.funds.factories import FundFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

OWNED = [Fund, BucketPolicy, CalibrationSnapshot]


@pytest.fixture
def fund() -> Fund:
    """A fund with its own calibration; somebody else's like it is in the database too."""
    fund, foreign = FundFactory.create(name="Ours"), FundFactory.create(name="Theirs")
    fund_calibration(fund)
    fund_calibration(foreign)
    return fund


def member(fund: Fund, role: str) -> User:
    """A member with colleagues, which must not make rows appear twice."""
    MembershipFactory.create_batch(2, organisation=fund.organisation)
    user = MembershipFactory.create(organisation=fund.organisation, role=role).user
    MembershipFactory.create(user=user)
    return user


def rows_of(fund: Fund, model: type[Model]) -> QuerySet[Any]:
    if model is Fund:
        return Fund.objects.filter(pk=fund.pk)
    if model is BucketPolicy:
        return BucketPolicy.objects.filter(fund=fund)
    return CalibrationSnapshot.objects.exclude(fund__name="Theirs")


@pytest.mark.parametrize("model", OWNED)
@pytest.mark.parametrize("role", list(Membership.Role))
def test_member_sees_the_rows_of_the_organisation_once(
    fund: Fund, model: type[Fund], role: str
) -> None:
    seen = model.objects.for_user(member(fund, role))

    assert rows_of(fund, model).exists()
    assert sorted(row.pk for row in seen) == sorted(row.pk for row in rows_of(fund, model))


@pytest.mark.parametrize("model", [Fund, BucketPolicy])
@pytest.mark.parametrize("rights", [{}, {"is_staff": True}, {"is_superuser": True}])
def test_stranger_sees_nothing_even_if_staff(
    fund: Fund, model: type[Fund], rights: dict[str, bool]
) -> None:
    assert not model.objects.for_user(UserFactory.create(**rights)).exists()


def test_stranger_sees_benchmarks_only(fund: Fund) -> None:
    [seen] = CalibrationSnapshot.objects.for_user(UserFactory.create())

    assert seen.kind == "benchmark"


@pytest.mark.parametrize("model", OWNED)
def test_visitor_who_is_not_logged_in_sees_nothing(fund: Fund, model: type[Fund]) -> None:
    assert not model.objects.for_user(AnonymousUser()).exists()


@pytest.mark.parametrize(
    ("role", "may_request"), [("viewer", False), ("analyst", True), ("admin", True)]
)
def test_only_analysts_and_admins_may_request(fund: Fund, role: str, may_request: bool) -> None:
    funds = Fund.objects.requestable_by(member(fund, role))

    assert list(funds) == ([fund] if may_request else [])


def test_role_in_one_organisation_does_not_count_in_another(fund: Fund) -> None:
    viewer_here = MembershipFactory.create(organisation=fund.organisation, role="viewer").user
    MembershipFactory.create(user=viewer_here, role="admin")

    assert not Fund.objects.requestable_by(viewer_here).exists()


@pytest.mark.parametrize("user", [AnonymousUser(), User(pk=0, is_staff=True, is_superuser=True)])
def test_nobody_else_may_request(fund: Fund, user: User) -> None:
    assert not Fund.objects.requestable_by(user).exists()


def test_leaving_the_organisation_ends_access(fund: Fund) -> None:
    user = member(fund, "admin")

    user.memberships.filter(organisation=fund.organisation).delete()

    assert not Fund.objects.for_user(user).exists()

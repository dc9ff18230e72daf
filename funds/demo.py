"""The demo: a sample fund, and a log-in whose password is no secret."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from knox.models import AuthToken

from funds.loading import load_calibration, load_fund, load_taxonomy
from funds.models import Membership, Organisation, User
from funds.shipped import benchmark_calibration, default_fund, taxonomy

DEMO_USERNAME = "demo"
DEMO_PASSWORD = "keel-demo"  # noqa: S105 - printed on purpose, refused outside the demo
TOKEN_LIFE = timedelta(days=30)


class DemoRefused(RuntimeError):
    """A known password must never exist where the services are real."""


@dataclass(frozen=True, slots=True)
class DemoAccess:
    username: str
    password: str
    token: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@transaction.atomic
def load_demo() -> DemoAccess:
    """Make sure of the demo data and give the log-in with a new API token.

    :raises DemoRefused: unless the embedded services are in use
    :raises funds.loading.ContentDiffers: if a shipped version is in the database with other content
    """
    if not settings.EMBEDDED_SERVICES:
        raise DemoRefused(
            "The demo log-in has a published password and may exist only beside the embedded"
            " services (KEEL_EMBEDDED_SERVICES=1). For a real deployment run load_benchmark and"
            " createsuperuser."
        )
    load_taxonomy(taxonomy())
    load_calibration(benchmark_calibration())
    fund_content = default_fund()
    organisation, _ = Organisation.objects.get_or_create(name=fund_content["organisation"])
    load_fund(fund_content, organisation=organisation)
    user = _demo_user()
    Membership.objects.update_or_create(
        user=user, organisation=organisation, defaults={"role": Membership.Role.ANALYST}
    )
    return DemoAccess(username=user.username, password=DEMO_PASSWORD, token=_new_token(user))


def _demo_user() -> User:
    user, _ = User.objects.update_or_create(
        username=DEMO_USERNAME,
        defaults={
            "first_name": "Demo",
            "last_name": "Analyst",
            "is_active": True,
            "is_staff": True,
            "is_superuser": True,
        },
    )
    # Hashing again would log the user out of open browser sessions.
    if not user.check_password(DEMO_PASSWORD):
        user.set_password(DEMO_PASSWORD)
        user.save(update_fields=["password"])
    return user


def _new_token(user: User) -> str:
    """Earlier tokens stay good, because a site that is already running has printed one."""
    AuthToken.objects.filter(user=user, expiry__lt=timezone.now()).delete()
    token: str
    _, token = AuthToken.objects.create(user=user, expiry=TOKEN_LIFE)
    return token

"""The commands that put shipped data into the database."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from knox.models import AuthToken
from pytest_django import Settings

from funds.demo import load_demo
from funds.loading import load_calibration, load_fund, load_taxonomy
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
from funds.shipped import benchmark_calibration, default_fund, taxonomy

pytestmark = pytest.mark.django_db

LOADED = [
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


@pytest.fixture
def embedded(settings: Settings) -> None:
    settings.EMBEDDED_SERVICES = True
    # Slow on purpose elsewhere; here only the right password matters.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def output_of(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def everything_loaded() -> dict[str, list[dict[str, Any]]]:
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in LOADED
    }


def test_benchmark_is_loaded_as_shipped() -> None:
    output_of("load_benchmark")

    shipped = benchmark_calibration()
    stored = CalibrationSnapshot.objects.get(version="v2025_industry_benchmark")
    for name in ("kind", "label", "parameters", "sample_size", "method", "citations"):
        assert getattr(stored, name) == shipped[name]
    assert stored.window_start.isoformat() == shipped["window_start"]
    assert stored.window_end.isoformat() == shipped["window_end"]
    assert stored.content_sha256 == stored.computed_content_sha256()


def test_taxonomy_is_loaded_as_shipped() -> None:
    output_of("load_benchmark")

    stored = Taxonomy.objects.get(version="2025.1")
    stages = stored.stages.order_by("position").values("key", "label")
    assert list(stages) == taxonomy()["stages"]
    assert list(stored.sectors.order_by("id").values("key", "label")) == taxonomy()["sectors"]


def test_loading_the_benchmark_again_changes_nothing() -> None:
    output_of("load_benchmark")
    before = everything_loaded()

    output_of("load_benchmark")

    assert everything_loaded() == before


def test_benchmark_needs_no_embedded_services_and_makes_no_users(
    settings: Settings,
) -> None:
    settings.EMBEDDED_SERVICES = False

    output_of("load_benchmark")

    assert not User.objects.exists()
    assert not Fund.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"label": "Another label"},
        {"sample_size": 21_641},
        {"parameters": {**benchmark_calibration()["parameters"], "unspent_reserves": "idle"}},
        {"citations": []},
    ],
)
def test_calibration_version_with_other_content_is_refused(changes: dict[str, Any]) -> None:
    load_calibration({**benchmark_calibration(), **changes})

    with pytest.raises(CommandError, match="v2025_industry_benchmark is in the database with oth"):
        output_of("load_benchmark")


@pytest.mark.parametrize(
    "changes",
    [
        {"sectors": taxonomy()["sectors"][:-1]},
        {"stages": taxonomy()["stages"][::-1]},
        {"stages": [{**stage, "label": "x"} for stage in taxonomy()["stages"]]},
    ],
)
def test_taxonomy_version_with_other_words_is_refused(changes: dict[str, Any]) -> None:
    load_taxonomy({**taxonomy(), **changes})

    with pytest.raises(CommandError, match=r"2025\.1 is in the database with other stages or sec"):
        output_of("load_benchmark")


def test_refused_load_leaves_nothing_behind() -> None:
    load_calibration({**benchmark_calibration(), "label": "Another label"})

    with pytest.raises(CommandError):
        output_of("load_benchmark")

    assert not Taxonomy.objects.exists()


@pytest.mark.usefixtures("embedded")
def test_demo_loads_the_default_fund_as_shipped() -> None:
    output_of("load_demo")

    shipped, fund = default_fund(), Fund.objects.get()
    assert (fund.name, fund.organisation.name) == (shipped["name"], shipped["organisation"])
    assert (str(fund.size_usd), fund.is_sample) == ("100000000.00", True)
    assert fund.default_limits == shipped["default_limits"]
    assert fund.default_calibration == CalibrationSnapshot.objects.get()
    policies = fund.bucket_policies.select_related("stage", "sector").order_by("id")
    for policy, bucket in zip(policies, shipped["buckets"], strict=True):
        assert policy.key == f"{bucket['stage']}/{bucket['sector']}"
        assert str(policy.initial_cheque_usd) == bucket["initial_cheque_usd"]
        for name in ("reserve_ratio", "reference_deals", "cheque_variation"):
            assert float(getattr(policy, name)) == bucket[name]
        for name in ("risk_multiplier", "return_multiplier"):
            assert float(getattr(policy, name)) == bucket[name]


@pytest.mark.usefixtures("embedded")
def test_demo_loaded_twice_is_the_same_but_for_a_new_token() -> None:
    first = json.loads(output_of("load_demo", "--json"))
    before = everything_loaded()

    second = json.loads(output_of("load_demo", "--json"))

    assert everything_loaded() == before
    assert first["token"] != second["token"]
    assert (first["username"], first["password"]) == (second["username"], second["password"])


@pytest.mark.usefixtures("embedded")
def test_demo_prints_one_json_object_with_the_log_in() -> None:
    out = output_of("load_demo", "--json")

    assert out.count("\n") == 1
    assert set(json.loads(out)) == {"username", "password", "token"}


@pytest.mark.usefixtures("embedded")
def test_demo_log_in_and_token_work(client: Client) -> None:
    access = load_demo()

    assert client.login(username=access.username, password=access.password)
    user = User.objects.get(username=access.username)
    assert (user.is_staff, user.is_superuser) == (True, True)
    assert list(Fund.objects.requestable_by(user)) == list(Fund.objects.all())
    assert AuthToken.objects.get(token_key=access.token[:15]).user == user


@pytest.mark.usefixtures("embedded")
def test_tokens_printed_before_stay_good_until_they_expire() -> None:
    first = load_demo()
    second = load_demo()
    AuthToken.objects.filter(token_key=first.token[:15]).update(expiry="2020-01-01T00:00Z")

    load_demo()

    keys = set(AuthToken.objects.values_list("token_key", flat=True))
    assert first.token[:15] not in keys
    assert second.token[:15] in keys


@pytest.mark.usefixtures("embedded")
def test_demo_leaves_the_fund_as_its_users_edited_it() -> None:
    load_demo()
    Fund.objects.update(default_limits={"max_bucket_weight": 0.5})

    load_demo()

    assert Fund.objects.get().default_limits == {"max_bucket_weight": 0.5}


def test_demo_is_refused_outside_embedded_services(settings: Settings) -> None:
    settings.EMBEDDED_SERVICES = False

    with pytest.raises(CommandError, match="published password"):
        output_of("load_demo", "--json")

    assert not User.objects.exists()
    assert not Taxonomy.objects.exists()


@pytest.mark.usefixtures("embedded")
def test_demo_that_fails_half_way_leaves_nothing_behind() -> None:
    load_calibration({**benchmark_calibration(), "label": "Another label"})

    with pytest.raises(CommandError):
        output_of("load_demo")

    assert not User.objects.exists()
    assert not Taxonomy.objects.exists()


def test_bucket_outside_the_taxonomy_stops_the_load() -> None:
    load_taxonomy(taxonomy())
    load_calibration(benchmark_calibration())
    organisation = Organisation.objects.create(name="Delta Capital")
    stranger = {**default_fund()["buckets"][0], "sector": "whaling"}

    with pytest.raises(KeyError, match="whaling"):
        load_fund({**default_fund(), "buckets": [stranger]}, organisation=organisation)

    assert not Fund.objects.exists()

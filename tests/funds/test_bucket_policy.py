from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from funds.models import BucketPolicy, Fund
from tests.funds.factories import BucketPolicyFactory, FundFactory, TaxonomyFactory
from tests.funds.refusals import refused_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def fund() -> Fund:
    return FundFactory.create()


@pytest.fixture
def seed_saas(fund: Fund) -> BucketPolicy:
    return fund.bucket_policies.get(stage__key="seed", sector__key="saas")


def set_by_database(policy: BucketPolicy, field: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE funds_bucketpolicy SET {field} = %s::numeric WHERE id = %s",  # noqa: S608
            [value, policy.pk],
        )


def test_key_is_stage_slash_sector(seed_saas: BucketPolicy) -> None:
    assert seed_saas.key == "seed/saas"


def test_text_names_bucket_fund_and_organisation(seed_saas: BucketPolicy) -> None:
    fund = seed_saas.fund

    assert str(seed_saas) == f"seed/saas of {fund.name} ({fund.organisation.name})"


@pytest.mark.parametrize(
    ("initial_cheque_usd", "reserve_ratio", "all_in_cost_usd"),
    [
        ("1000000.00", "1", "2000000.00"),
        ("1600000.00", "0.8", "2880000.00"),
        ("750000.00", "0", "750000.00"),
        # 333.33 * 1.333333 = 444.43988889.
        ("333.33", "0.333333", "444.44"),
        # Halves go to the even cent: 0.05 * 1.5 = 0.075 -> 0.08 and 0.01 * 1.5 = 0.015 -> 0.02,
        # but 0.01 * 2.5 = 0.025 -> 0.02.
        ("0.05", "0.5", "0.08"),
        ("0.01", "0.5", "0.02"),
        ("0.01", "1.5", "0.02"),
        # 17 digits times 7 digits need 24 of the 28 digits that Decimal keeps; the product is
        # 5999998999999999.94000001.
        ("999999999999999.99", "4.999999", "5999998999999999.94"),
    ],
)
def test_all_in_cost_is_exact_to_the_cent(
    initial_cheque_usd: str, reserve_ratio: str, all_in_cost_usd: str
) -> None:
    policy = BucketPolicy(
        initial_cheque_usd=Decimal(initial_cheque_usd), reserve_ratio=Decimal(reserve_ratio)
    )

    assert str(policy.all_in_cost_usd) == all_in_cost_usd


@pytest.mark.parametrize(
    ("field", "fits", "refused"),
    [
        ("initial_cheque_usd", ["0.01", "999999999999999.99"], ["0", "-1", "NaN"]),
        ("reserve_ratio", ["0", "5"], ["-0.000001", "5.000001", "NaN"]),
        ("reference_deals", ["1", "1000"], ["0.999999", "1000.000001", "NaN"]),
        ("cheque_variation", ["0", "5"], ["-0.000001", "5.000001", "NaN"]),
        ("risk_multiplier", ["0.01", "20"], ["0.009999", "20.000001", "NaN"]),
        ("return_multiplier", ["0.01", "20"], ["0.009999", "20.000001", "NaN"]),
    ],
)
def test_numbers_stay_in_range(
    seed_saas: BucketPolicy, field: str, fits: list[str], refused: list[str]
) -> None:
    for value in fits:
        set_by_database(seed_saas, field, value)
        seed_saas.refresh_from_db()
        assert getattr(seed_saas, field) == Decimal(value)
    for value in refused:
        with refused_by(f"funds_bucketpolicy_{field}_range"):
            set_by_database(seed_saas, field, value)


def test_bucket_is_in_a_fund_once(fund: Fund, seed_saas: BucketPolicy) -> None:
    with refused_by("funds_bucketpolicy_bucket_once"):
        BucketPolicyFactory.create(fund=fund, stage=seed_saas.stage, sector=seed_saas.sector)

    BucketPolicyFactory.create(
        fund=FundFactory.create(taxonomy=fund.taxonomy, buckets=False),
        stage=seed_saas.stage,
        sector=seed_saas.sector,
    )


@pytest.mark.parametrize("word", ["stage", "sector"])
def test_stage_and_sector_come_from_the_taxonomy_of_the_fund(word: str) -> None:
    fund = FundFactory.create(buckets=False)
    own = {"stage": fund.taxonomy.stages.first(), "sector": fund.taxonomy.sectors.first()}
    foreign = getattr(TaxonomyFactory.create(), f"{word}s").first()

    with refused_by(f"funds_bucketpolicy_{word}_in_taxonomy"):
        BucketPolicyFactory.create(fund=fund, **{**own, word: foreign})
    policy = BucketPolicyFactory.create(fund=fund, **own)
    with refused_by(f"funds_bucketpolicy_{word}_in_taxonomy"):
        BucketPolicy.objects.filter(pk=policy.pk).update(**{word: foreign})


def test_form_is_told_which_word_is_not_in_the_taxonomy(seed_saas: BucketPolicy) -> None:
    seed_saas.sector = TaxonomyFactory.create().sectors.get(key="saas")

    with pytest.raises(ValidationError) as caught:
        seed_saas.full_clean()

    assert set(caught.value.message_dict) == {"sector"}


def test_missing_words_are_reported_as_missing(fund: Fund) -> None:
    with pytest.raises(ValidationError) as caught:
        BucketPolicy(fund=fund).full_clean()

    assert {"stage", "sector"} <= set(caught.value.message_dict)


def test_form_is_told_the_rule_of_a_number(seed_saas: BucketPolicy) -> None:
    seed_saas.reserve_ratio = Decimal("5.5")

    with pytest.raises(ValidationError, match="Reserve ratio must be at least 0 and at most 5"):
        seed_saas.full_clean()

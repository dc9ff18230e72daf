"""The law that the presets rest on is the shipped benchmark's."""

from funds.shipped import benchmark_calibration
from scenarios.simulation.variance.reference_law import ENTRY_STAGES, SECTORS, reference_config
from tests.scenarios.simulation.sample_config import config_data, sample_config


def test_reference_law_is_that_of_the_benchmark() -> None:
    # A new benchmark does not move it: presets and keys would silently mean something else.
    benchmark = benchmark_calibration()
    assert benchmark["version"] == "v2025_industry_benchmark"
    shared = reference_config().canonical_json()
    assert {name: shared[name] for name in benchmark["parameters"]} == benchmark["parameters"]


def test_reference_portfolio_is_twelve_buckets_of_ten_deals() -> None:
    buckets = reference_config().buckets
    assert {bucket.key for bucket in buckets} == {
        f"{stage}/{sector}" for stage in ENTRY_STAGES for sector in SECTORS
    }
    assert len(buckets) == 12
    assert {bucket.reference_deals for bucket in buckets} == {10.0}
    assert {(bucket.risk_multiplier, bucket.return_multiplier) for bucket in buckets} == {(1, 1)}


def test_sample_configuration_is_the_reference_portfolio_with_other_sectors() -> None:
    names = dict(zip(("saas", "fintech", "biotech"), SECTORS, strict=True))
    renamed = [
        {
            **bucket,
            "sector": names[bucket["sector"]],
            "key": f"{bucket['stage']}/{names[bucket['sector']]}",
        }
        for bucket in config_data()["buckets"]
    ]
    assert sample_config(buckets=renamed) == reference_config()

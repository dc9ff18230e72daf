"""What Keel ships is complete, honest about its sources, and accepted by what reads it."""

import math
from decimal import Decimal
from statistics import NormalDist
from typing import Any

import pytest

from funds.shipped import benchmark_calibration, default_fund, taxonomy
from funds.taxonomy import normalize_sector
from optimization.solver.stated.limits import parse_limits
from scenarios.fund_config import default_scenario_config, scenario_config
from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.config import parse_config

STAGES = benchmark_calibration()["parameters"]["stages"]
CITATIONS = benchmark_calibration()["citations"]


def eventual_exit_probability(stage: str) -> float:
    """Share of the companies at a stage that exit sooner or later, however many rounds it takes."""
    rates = STAGES[stage]
    leaving = sum(rates[f"{fate}_probability"] for fate in ("exit", "graduate", "fail"))
    stages = list(STAGES)
    following = stages[stages.index(stage) + 1 :]
    after_graduating = eventual_exit_probability(following[0]) if following else 0.0
    reached = rates["exit_probability"] + rates["graduate_probability"] * after_graduating
    return float(reached / leaving)


@pytest.mark.parametrize("stage", STAGES)
def test_rates_of_a_round_leave_room_for_staying(stage: str) -> None:
    rates = [STAGES[stage][f"{fate}_probability"] for fate in ("exit", "graduate", "fail")]

    assert all(0 <= rate <= 1 for rate in rates)
    assert 0 < sum(rates) < 1


@pytest.mark.parametrize(
    ("stage", "probability"),
    [
        # Late: .60 / .80. Series C: (.41 + .25 x .75) / .90. Series B: (.22 + .45 x .6639) / .89.
        # Series A: (.15 + .48 x .5829) / .88. Seed: (.09 + .46 x .4884) / .92.
        ("late", 0.7500),
        ("series_c", 0.6639),
        ("series_b", 0.5829),
        ("series_a", 0.4884),
        ("seed", 0.3420),
    ],
)
def test_eventual_exits_follow_from_the_rates(stage: str, probability: float) -> None:
    # Worked out with four decimals.
    assert eventual_exit_probability(stage) == pytest.approx(probability, abs=0.5e-4)


def test_last_stage_is_left_by_exit_or_failure_only() -> None:
    late = STAGES["late"]

    assert late["graduate_probability"] == 0
    assert late["step_up"] is late["exit_multiple_median"] is late["exit_multiple_p90"] is None


def test_rounds_last_as_long_as_published() -> None:
    """774 days from seed to series A and 784 from A to B are 2.12 and 2.15 years."""
    years = {stage: rates["years_per_round"] for stage, rates in STAGES.items()}

    assert years == {"seed": 2.1, "series_a": 2.2, "series_b": 2.2, "series_c": 2.2, "late": 2.2}


def share_of_exits_below(multiple: float, *, median: float, p90: float) -> float:
    """Distribution of the exit multiple: lognormal up to the P90, above it a capped Pareto."""
    law = benchmark_calibration()["parameters"]["exit_law"]
    if multiple <= p90:
        sigma = math.log(p90 / median) / NormalDist().inv_cdf(0.9)
        return NormalDist().cdf(math.log(multiple / median) / sigma)
    tail, cap = law["tail_index"], law["multiple_cap"]
    capped = (cap / p90) ** -tail
    survival: float = ((multiple / p90) ** -tail - capped) / (1 - capped)
    return 1 - 0.1 * survival


def share_of_deals_below(multiple: float) -> float:
    """Of a blend of initial cheques; a failure returns less than 1x."""
    blend = {"seed": 0.30, "series_a": 0.30, "series_b": 0.22, "series_c": 0.18}
    below = 0.0
    for stage, weight in blend.items():
        exits = eventual_exit_probability(stage)
        median, p90 = (STAGES[stage][f"exit_multiple_{name}"] for name in ("median", "p90"))
        below += weight * (
            1 - exits + exits * share_of_exits_below(multiple, median=median, p90=p90)
        )
    return below


@pytest.mark.parametrize(
    ("low", "high", "published"),
    [
        (0, 1, 0.648),
        (1, 5, 0.253),
        (5, 10, 0.059),
        (10, 20, 0.025),
        (20, 50, 0.011),
        (50, 1e9, 0.004),
    ],
)
def test_outcomes_reproduce_the_published_distribution(
    low: float, high: float, published: float
) -> None:
    share = share_of_deals_below(min(high, 300)) - (share_of_deals_below(low) if low else 0)

    # The stage parameters have two or three digits, so the blend cannot be closer than this.
    assert share == pytest.approx(published, abs=0.003)


def test_every_citation_names_its_source_and_year() -> None:
    for citation in CITATIONS:
        assert {"claim", "source", "year", "evidence"} <= set(citation)
        assert set(citation) <= {"claim", "source", "year", "evidence", "url", "confidence"}
        assert citation["claim"].strip()
        assert citation["source"].strip()
        assert 2000 <= citation["year"] <= 2025
        assert citation.get("url", "https://").startswith(("http://", "https://"))


def test_what_was_read_at_its_source_has_an_address() -> None:
    assert all("url" in citation for citation in CITATIONS if citation["evidence"] == "published")


def test_judgement_is_called_judgement_and_of_low_confidence() -> None:
    assert {citation["evidence"] for citation in CITATIONS} == {"published", "quoted", "judgement"}
    for citation in CITATIONS:
        assert citation.get("confidence", "low") == "low"
        if citation["evidence"] == "judgement":
            assert citation["confidence"] == "low"
            assert "url" not in citation


def test_calibration_and_buckets_make_a_scenario_config() -> None:
    config = parse_config(default_scenario_config())

    assert len(config.buckets) == len(default_fund()["buckets"])


def test_calibration_is_given_in_the_form_that_is_simulated() -> None:
    config = parse_config(default_scenario_config()).canonical_json()

    parameters = {name: config[name] for name in config if name not in ("buckets", "seed")}
    assert parameters == benchmark_calibration()["parameters"]


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("reserve_ratio", 0, 5),
        ("reference_deals", 1, 1000),
        ("cheque_variation", 0, 5),
        ("risk_multiplier", 0.01, 20),
        ("return_multiplier", 0.01, 20),
    ],
)
def test_database_and_simulation_allow_the_same_range(
    field: str, least: float, most: float
) -> None:
    """The bounds of the database, which test_bucket_policy.py tries, are those of the config."""
    grain = 1e-6
    for value in (least, most):
        assert f"buckets[0].{field}" not in out_of_range_faults({field: value})
    for value in (least - grain, most + grain):
        assert f"buckets[0].{field}" in out_of_range_faults({field: value})


def out_of_range_faults(changes: dict[str, Any]) -> list[str]:
    config = scenario_config(
        calibration=benchmark_calibration()["parameters"],
        buckets=[{**default_fund()["buckets"][0], **changes}],
    )
    try:
        parse_config(config)
    except InvalidInput as error:
        # Fields with a rule of their own carry that rule's code for a number out of range, too.
        return [fault.path for fault in error.faults if "must be at" in fault.message]
    return []


def test_taxonomy_has_normalized_keys_and_the_whole_vocabulary_in_order() -> None:
    words = taxonomy()

    stages = [stage["key"] for stage in words["stages"]]
    assert stages == ["pre_seed", "seed", "series_a", "series_b", "series_c", "late"]
    for sector in words["sectors"]:
        assert normalize_sector(sector["key"]) == sector["key"]


def test_default_fund_is_a_sample_of_100_million_usd() -> None:
    fund = default_fund()

    assert fund["is_sample"] is True
    assert Decimal(fund["size_usd"]) == Decimal("100000000.00")


def test_default_fund_has_every_combination_of_its_stages_and_sectors_once() -> None:
    buckets = [(bucket["stage"], bucket["sector"]) for bucket in default_fund()["buckets"]]
    stages, sectors = ({bucket[part] for bucket in buckets} for part in (0, 1))

    assert stages == {"seed", "series_a", "series_b", "series_c"}
    assert len(sectors) >= 3
    assert len(buckets) == len(set(buckets)) == len(stages) * len(sectors)


def test_default_fund_speaks_the_words_of_its_taxonomy() -> None:
    fund, words = default_fund(), taxonomy()

    assert fund["taxonomy"] == words["version"]
    assert {bucket["stage"] for bucket in fund["buckets"]} <= {
        stage["key"] for stage in words["stages"]
    }
    assert {bucket["sector"] for bucket in fund["buckets"]} <= {
        sector["key"] for sector in words["sectors"]
    }


def test_sectors_of_the_default_fund_differ() -> None:
    multipliers = {
        bucket["sector"]: (bucket["risk_multiplier"], bucket["return_multiplier"])
        for bucket in default_fund()["buckets"]
        if bucket["stage"] == "seed"
    }

    assert len(set(multipliers.values())) == len(multipliers)


def test_default_limits_are_accepted_for_the_default_fund() -> None:
    buckets = parse_config(default_scenario_config()).buckets

    limits = parse_limits(
        default_fund()["default_limits"],
        sectors={bucket.sector for bucket in buckets},
        stages={bucket.stage for bucket in buckets},
        buckets=buckets,
    )

    assert limits.max_loss_probability is not None
    assert limits.cvar is not None

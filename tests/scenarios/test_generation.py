"""Generating a matrix: what is stored is what the law gives, and all of it is stored at once."""

import uuid
from dataclasses import asdict

import numpy as np
import pytest
from pytest_django import Settings

from optimization.models import OptimizationSession
from outbox.leases import Lease, StaleLease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure
from scenarios import generation, upkeep
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.fund_config import default_scenario_config
from scenarios.models import GeneratedMatrix, ScenarioMatrix
from scenarios.simulation.checked_input import Fault, InvalidInput
from scenarios.simulation.deals.follow_on_pricing import pricing_warnings
from scenarios.simulation.matrix_bytes import decode
from scenarios.simulation.model import build_model
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.variance.variance_shares import NoVariance, measured_bucket_shares
from tests.optimization.rows import insert_session
from tests.optimization.work import live_jobs_of, take
from tests.scenarios.matrices import (
    SCENARIOS,
    any_multiples,
    columns,
    generated,
    simulated,
    small_config,
    started_matrix,
)

pytestmark = pytest.mark.django_db

Status = ScenarioMatrix.Status


class WakingFailed(Exception):
    """The sessions that wait for a matrix could not be woken."""


def refuse_to_wake(_matrix: ScenarioMatrix) -> None:
    raise WakingFailed


def taken(matrix: ScenarioMatrix) -> Lease:
    OutboxJob.objects.enqueue(
        kind=generation.KIND, subject_ids=[str(matrix.pk)], fund_id=matrix.fund_id
    )
    return take(matrix)


def job_of(matrix: ScenarioMatrix) -> OutboxJob:
    return OutboxJob.objects.get(subject_id=str(matrix.pk))


def generate(matrix: ScenarioMatrix) -> ScenarioMatrix:
    generation.generate_matrix(taken(matrix))
    return ScenarioMatrix.objects.get(pk=matrix.pk)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> GeneratedMatrix:
    """For tests of what happens after the simulation, whatever it gave."""
    result = generated(any_multiples())
    monkeypatch.setattr(generation, "simulate", lambda **_: result)
    return result


def test_stored_multiples_are_those_of_the_law() -> None:
    matrix = generate(started_matrix())
    expected = build_model(small_config()).multiples(
        sample=Sample.OPTIMIZATION, first_scenario=0, count=SCENARIOS
    )
    np.testing.assert_array_equal(decode(matrix.encoded()), expected)


def test_stored_facts_are_the_exact_figures_of_each_row() -> None:
    matrix = generate(started_matrix())
    model = build_model(small_config())
    assert [facts["key"] for facts in matrix.buckets] == list(model.bucket_keys)
    for name, figures in (
        ("expected_multiple", model.expected_multiples),
        ("deal_win_probability", model.deal_win_probabilities),
        ("expected_reserve_call_fraction", model.expected_reserve_call_fractions),
        ("late_value_fraction", model.late_value_fractions),
    ):
        assert [facts[name] for facts in matrix.buckets] == figures.tolist()


def test_stored_variance_shares_are_shares_of_one_whole() -> None:
    shares = generate(started_matrix()).variance_shares
    assert shares is not None
    assert set(shares) == {"macro", "bucket", "idiosyncratic"}
    assert min(shares.values()) >= 0
    # Three quotients of one denominator, each rounded to a double.
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)


def test_stored_shares_and_loadings_of_each_bucket_are_those_of_the_model() -> None:
    matrix = generate(started_matrix())
    model = build_model(small_config())
    assert [facts["variance_shares"] for facts in matrix.buckets] == [
        asdict(shares) for shares in measured_bucket_shares(model=model)
    ]
    assert [facts["loadings"] for facts in matrix.buckets] == [
        {"macro_squared": loadings.macro_squared, "bucket_squared": loadings.bucket_squared}
        for loadings in model.loadings
    ]


def test_stored_cash_flows_are_those_of_the_same_scenarios() -> None:
    matrix = generate(started_matrix())
    stored = matrix.cash_flows.read()
    expected = build_model(small_config()).cash_flows(
        sample=Sample.OPTIMIZATION, first_scenario=0, count=SCENARIOS
    )
    np.testing.assert_array_equal(stored.calls, expected.calls)
    np.testing.assert_array_equal(stored.distributions, expected.distributions)
    # What comes back less what was called is the multiple less 1; float32 amounts of up to some
    # hundreds keep six digits.
    gains = (stored.distributions.astype(float) - stored.calls).sum(axis=0)
    np.testing.assert_allclose(gains, decode(matrix.encoded()) - 1.0, rtol=1e-5, atol=1e-5)


def test_matrix_of_an_ordinary_law_has_no_warnings() -> None:
    assert generate(started_matrix()).warnings == []


def test_follow_ons_priced_unlike_first_cheques_are_a_warning() -> None:
    stages = default_scenario_config()["stages"]
    # The next round costs ten times the price at entry; exits bring what they did before.
    stages["seed"]["step_up"] = 10.0
    expected = pricing_warnings(small_config(stages=stages))
    assert expected
    assert generate(started_matrix(stages=stages)).warnings == [
        {"code": "FOLLOW_ON_PRICING", "message": warning.message} for warning in expected
    ]


def test_bucket_without_variance_is_a_warning_and_not_a_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def constant(**_: object) -> None:
        raise NoVariance("the multiple of seed/saas is the same in 8192 scenarios")

    monkeypatch.setattr(generation, "measured_bucket_shares", constant)
    matrix = generate(started_matrix())
    assert [facts["variance_shares"] for facts in matrix.buckets] == [None, None]
    (warning,) = matrix.warnings
    assert warning["code"] == "NO_VARIANCE"
    assert "seed/saas" in warning["message"]


def test_law_that_no_model_has_fails_for_good_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [Fault("dependence.variance_shares", "SHARES_UNATTAINABLE", "At most 0.8 is macro.")]

    def unattainable(_config: object) -> None:
        raise InvalidInput(faults)

    monkeypatch.setattr(generation, "build_model", unattainable)
    matrix = started_matrix()
    with pytest.raises(PermanentFailure) as failure:
        generate(matrix)
    assert str(failure.value) == "At most 0.8 is macro."


def test_same_config_gives_the_same_bytes() -> None:
    matrix = started_matrix()
    assert simulated(matrix).encoded == simulated(matrix).encoded
    assert simulated(matrix).cash_flows == simulated(matrix).cash_flows


def test_other_seed_gives_other_bytes() -> None:
    assert simulated(started_matrix()).encoded != simulated(started_matrix(seed="x")).encoded


def test_generation_ends_the_job_and_the_matrix(quick: GeneratedMatrix) -> None:
    matrix = generate(started_matrix())
    assert matrix.status == Status.COMPLETE
    assert matrix.sha256 == quick.encoded.sha256
    assert matrix.completed_at is not None
    assert job_of(matrix).status == OutboxJob.Status.DONE


@pytest.mark.usefixtures("quick")
def test_generation_wakes_the_sessions_that_wait_for_this_matrix_alone() -> None:
    matrix = started_matrix()
    waits = OptimizationSession.Status.MATRIX_GENERATING
    here = insert_session(waits, fund=matrix.fund, matrix=matrix)
    elsewhere = insert_session(waits)
    generate(matrix)
    here.refresh_from_db()
    elsewhere.refresh_from_db()
    assert here.status == OptimizationSession.Status.OPTIMIZING
    assert elsewhere.status == waits


@pytest.mark.usefixtures("quick")
def test_nothing_is_stored_when_the_sessions_cannot_be_woken(settings: Settings) -> None:
    settings.MATRIX_READY = f"{__name__}.{refuse_to_wake.__name__}"
    matrix = started_matrix()
    lease = taken(matrix)
    before = columns(matrix)
    with pytest.raises(WakingFailed):
        generation.generate_matrix(lease)
    assert columns(matrix) == before
    assert not MatrixCashFlows.objects.exists()
    assert job_of(matrix).status == OutboxJob.Status.RUNNING


@pytest.mark.usefixtures("quick")
def test_worker_that_lost_its_lease_stores_nothing() -> None:
    matrix = started_matrix()
    lease = taken(matrix)
    OutboxJob.objects.cancel()
    before = columns(matrix)
    with pytest.raises(StaleLease):
        generation.generate_matrix(lease)
    assert columns(matrix) == before


@pytest.mark.usefixtures("quick")
def test_superfluous_job_of_a_complete_matrix_ends_without_effect() -> None:
    matrix = started_matrix()
    matrix.complete(generated(any_multiples(seed=1)))
    before = columns(matrix)
    generate(matrix)
    assert columns(matrix) == before
    assert job_of(matrix).status == OutboxJob.Status.DONE


def test_job_of_a_generation_that_is_over_ends_without_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matrix = started_matrix()

    def superseded_meanwhile(**_: object) -> GeneratedMatrix:
        matrix.fail(reason="Out of paper.")
        started_matrix(fund=matrix.fund)
        generation.owe_generation(matrix)
        return generated(any_multiples())

    monkeypatch.setattr(generation, "simulate", superseded_meanwhile)
    generate(matrix)
    after = columns(matrix)
    assert (after["status"], after["generation"]) == (Status.GENERATING, 2)
    assert after["payload"] is None
    assert live_jobs_of(matrix) == [generation.KIND]


def test_job_that_is_taken_for_that_of_the_next_generation_leaves_one_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matrix = started_matrix()
    matrix.complete(generated(any_multiples()))
    lease = taken(matrix)
    finish = Lease.finish

    def regenerated_just_before(lease: Lease) -> None:
        """Staff act once the job has found nothing to do, and see that there is a job."""
        upkeep.regenerate(matrix)
        assert live_jobs_of(matrix) == [generation.KIND]
        finish(lease)

    monkeypatch.setattr(Lease, "finish", regenerated_just_before)
    generation.generate_matrix(lease)
    assert ScenarioMatrix.objects.get(pk=matrix.pk).status == Status.GENERATING
    assert OutboxJob.objects.get(status="done").job_id == uuid.UUID(lease.job_id)
    assert live_jobs_of(matrix) == [generation.KIND]


def test_matrix_of_another_version_of_the_law_is_not_filled_with_todays() -> None:
    matrix = started_matrix()
    ScenarioMatrix.objects.filter(pk=matrix.pk).update(kernel_version="0")
    with pytest.raises(PermanentFailure, match="scenario law was updated"):
        generate(matrix)
    assert ScenarioMatrix.objects.get(pk=matrix.pk).status == Status.GENERATING

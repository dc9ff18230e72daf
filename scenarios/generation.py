"""Generates a scenario matrix for a job and wakes the sessions that wait for it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from outbox.leases import Lease
from outbox.models import OutboxJob
from outbox.running import PermanentFailure
from scenarios.incidents import refuse_other_numbers
from scenarios.models import GeneratedMatrix, OtherKernel, ScenarioMatrix, StatusChanged
from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.parameters import VarianceShares
from scenarios.simulation.law_warnings import law_warnings
from scenarios.simulation.matrix_bytes import encode
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.pacing.cash_flow_bytes import encode_cash_flows
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.variance.variance_shares import (
    NoVariance,
    measured_bucket_shares,
    measured_variance_shares,
)

KIND = "matrix_generation"
LAW_HAS_CHANGED = (
    "Keel's scenario law was updated while this request was under way. Ask again to get a result"
    " under the new one."
)


def owe_generation(matrix: ScenarioMatrix, *, kind: str = KIND) -> None:
    """Add a job that generates the matrix, unless one of this kind is live; the caller has locked
    the matrix.

    The lock means that a live job ends only after the caller has committed, and then it meets
    what the caller did. To insert beside it would be to wait for it.

    A live job of another kind may wait behind work that the caller has nothing to do with. Of two
    jobs the one that ends first counts; the other has no effect.
    """
    subject_id = str(matrix.pk)
    if not OutboxJob.objects.live().filter(subject_id=subject_id, kind=kind).exists():
        OutboxJob.objects.enqueue(kind=kind, subject_ids=[subject_id], fund_id=matrix.fund_id)


def has_other_job(matrix: ScenarioMatrix, job: OutboxJob) -> bool:
    """Whether another job may still generate the matrix, which the caller has locked: that job
    ends only after the caller has committed.
    """
    live = OutboxJob.objects.live().filter(subject_id=str(matrix.pk))
    return live.exclude(pk=job.pk).exists()


def generate_matrix(lease: Lease) -> None:
    matrix = ScenarioMatrix.objects.without_payload().get(pk=lease.subject_id)
    if matrix.status != ScenarioMatrix.Status.GENERATING:
        with transaction.atomic():
            lease.finish()
            _end_without_effect(matrix)
        return
    generated = simulate(config=law_of(matrix), scenarios=matrix.scenarios)
    refuse_other_numbers(matrix, generated.encoded)
    wake_waiting_sessions: Callable[[ScenarioMatrix], None] = import_string(settings.MATRIX_READY)
    with transaction.atomic():
        lease.finish()
        try:
            matrix.complete(generated)
        except StatusChanged:
            _end_without_effect(matrix)
            return
        # A later statement sees the sessions that committed while lock() waited for them.
        wake_waiting_sessions(matrix)


def _end_without_effect(matrix: ScenarioMatrix) -> None:
    """The matrix ended without this job, or began anew: then it may have been taken for the job
    of the next generation, which is owed one."""
    current = ScenarioMatrix.objects.locked().get(pk=matrix.pk)
    if current.status == ScenarioMatrix.Status.GENERATING:
        owe_generation(current)


def law_of(matrix: ScenarioMatrix) -> ScenarioConfig:
    """The law to simulate for a job.

    :raises PermanentFailure: the matrix was asked for under another version of the law
    """
    try:
        return matrix.scenario_config()
    except OtherKernel as error:
        raise PermanentFailure(LAW_HAS_CHANGED) from error


def simulate(*, config: ScenarioConfig, scenarios: int) -> GeneratedMatrix:
    """
    :raises PermanentFailure: no model has the properties that the config asks for
    """
    started = time.perf_counter()
    model = _model_of(config)
    multiples = model.multiples(sample=Sample.OPTIMIZATION, first_scenario=0, count=scenarios)
    flows = model.cash_flows(sample=Sample.OPTIMIZATION, first_scenario=0, count=scenarios)
    shares = measured_variance_shares(model=model, weights=None)
    bucket_shares, without_variance = _bucket_shares(model)
    weaknesses = [_warning(found.code, found.message) for found in law_warnings(config)]
    return GeneratedMatrix(
        encoded=encode(multiples),
        cash_flows=encode_cash_flows(flows),
        buckets=_bucket_facts(model, bucket_shares),
        variance_shares=asdict(shares),
        warnings=without_variance + weaknesses,
        seconds=time.perf_counter() - started,
    )


def _model_of(config: ScenarioConfig) -> ScenarioModel:
    try:
        return build_model(config)
    except InvalidInput as error:
        raise PermanentFailure(" ".join(fault.message for fault in error.faults)) from error


def _bucket_shares(
    model: ScenarioModel,
) -> tuple[Sequence[VarianceShares | None], list[dict[str, str]]]:
    """The shares of each bucket; without variance there are none, and a warning says so."""
    try:
        return measured_bucket_shares(model=model), []
    except NoVariance as error:
        message = f"{error}: buckets have no variance shares."
        return [None] * len(model.buckets), [_warning("NO_VARIANCE", message)]


def _warning(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


def _bucket_facts(
    model: ScenarioModel, shares: Sequence[VarianceShares | None]
) -> list[dict[str, Any]]:
    expected_multiples = model.expected_multiples.tolist()
    standard_errors = model.expected_multiple_standard_errors.tolist()
    win_probabilities = model.deal_win_probabilities.tolist()
    reserve_call_fractions = model.expected_reserve_call_fractions.tolist()
    late_value_fractions = model.late_value_fractions.tolist()
    return [
        {
            "key": key,
            "expected_multiple": expected_multiples[row],
            "expected_multiple_standard_error": standard_errors[row],
            "deal_win_probability": win_probabilities[row],
            "expected_reserve_call_fraction": reserve_call_fractions[row],
            "late_value_fraction": late_value_fractions[row],
            "variance_shares": None if measured is None else asdict(measured),
            "loadings": {
                "macro_squared": loadings.macro_squared,
                "bucket_squared": loadings.bucket_squared,
            },
        }
        for row, (key, measured, loadings) in enumerate(
            zip(model.bucket_keys, shares, model.loadings, strict=True)
        )
    ]

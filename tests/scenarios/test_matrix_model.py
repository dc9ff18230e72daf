"""A matrix: one per fund and key, complete with its payload or not at all."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from funds.models import Fund
from scenarios.cash_flow_store import MatrixCashFlows
from scenarios.models import ScenarioMatrix, StatusChanged
from scenarios.simulation.configuration.canonical_key import KERNEL_VERSION, matrix_key
from scenarios.simulation.matrix_bytes import CorruptMatrix
from scenarios.simulation.randomness.sample import Sample
from tests.funds.factories import FundFactory, MembershipFactory
from tests.funds.refusals import refused_by
from tests.scenarios.matrices import (
    SCENARIOS,
    any_cash_flows,
    any_multiples,
    columns,
    complete_matrix,
    generated,
    small_config,
    started_matrix,
)

pytestmark = pytest.mark.django_db

Status = ScenarioMatrix.Status


@pytest.fixture
def fund() -> Fund:
    fund: Fund = FundFactory.create(buckets=False)
    return fund


def insert(fund: Fund, status: str, **changes: Any) -> ScenarioMatrix:
    """A row of this status that keeps every rule, but for the changes."""
    complete: dict[str, Any] = {
        "payload": b"bytes",
        "sha256": "b" * 64,
        "variance_shares": {"macro": 0.5},
        "completed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    fields: dict[str, Any] = {
        "matrix_key": "a" * 64,
        "config": {},
        "scenarios": 64,
        "kernel_version": "1",
        **(complete if status in (Status.COMPLETE, Status.EVICTED) else {}),
        **({"payload": None} if status == Status.EVICTED else {}),
    }
    return ScenarioMatrix.objects.create(fund=fund, status=status, **(fields | changes))


@pytest.mark.parametrize("status", Status)
def test_row_that_keeps_the_rules_is_stored(fund: Fund, status: str) -> None:
    assert insert(fund, status).status == status


@pytest.mark.parametrize(
    "lost",
    [{"payload": None}, {"completed_at": None}, {"variance_shares": None}, {"sha256": ""}],
    ids=lambda lost: next(iter(lost)),
)
def test_complete_matrix_lacks_nothing(fund: Fund, lost: dict[str, Any]) -> None:
    with refused_by("exactly_complete_matrices_have_a_payload"):
        insert(fund, Status.COMPLETE, **lost)


@pytest.mark.parametrize(
    "changed",
    [{"payload": b"bytes"}, {"completed_at": None}, {"variance_shares": None}, {"sha256": ""}],
    ids=lambda changed: next(iter(changed)),
)
def test_evicted_matrix_lacks_the_payload_alone(fund: Fund, changed: dict[str, Any]) -> None:
    with refused_by("exactly_complete_matrices_have_a_payload"):
        insert(fund, Status.EVICTED, **changed)


@pytest.mark.parametrize("status", [Status.GENERATING, Status.FAILED])
@pytest.mark.parametrize(
    "surplus", [{"payload": b"bytes"}, {"completed_at": datetime(2026, 1, 1, tzinfo=UTC)}]
)
def test_matrix_that_is_not_complete_has_no_payload_and_no_end(
    fund: Fund, status: str, surplus: dict[str, Any]
) -> None:
    with refused_by("exactly_complete_matrices_have_a_payload"):
        insert(fund, status, **surplus)


@pytest.mark.parametrize("key", ["a" * 63, "A" * 64, "g" * 64, ""])
def test_key_that_is_no_sha256_is_refused(fund: Fund, key: str) -> None:
    with refused_by("matrix_key_is_sha256_hex"):
        insert(fund, Status.GENERATING, matrix_key=key)


def test_fund_has_one_matrix_of_a_key(fund: Fund) -> None:
    insert(fund, Status.GENERATING)
    with refused_by("one_matrix_per_fund_key"):
        insert(fund, Status.GENERATING)


def test_two_funds_may_have_matrices_of_one_key(fund: Fund) -> None:
    insert(fund, Status.GENERATING)
    assert insert(FundFactory.create(buckets=False), Status.GENERATING).pk is not None


def test_started_matrix_waits_for_its_first_generation(fund: Fund) -> None:
    matrix = started_matrix(fund=fund)
    assert (matrix.status, matrix.generation) == (Status.GENERATING, 1)
    assert (matrix.scenarios, matrix.kernel_version) == (SCENARIOS, str(KERNEL_VERSION))


def test_key_is_that_of_the_optimization_scenarios(fund: Fund) -> None:
    assert started_matrix(fund=fund).matrix_key == matrix_key(
        config=small_config(), scenarios=SCENARIOS, sample=Sample.OPTIMIZATION
    )


def test_stored_config_is_simulated_as_it_was_hashed(fund: Fund) -> None:
    """The database may put names into another order and write numbers otherwise."""
    matrix = started_matrix(fund=fund, seed="2026")
    stored = ScenarioMatrix.objects.get(pk=matrix.pk)
    assert stored.scenario_config() == small_config(seed="2026")
    assert list(stored.scenario_config().stages) == list(small_config().stages)


def test_asking_again_gives_the_same_matrix(fund: Fund) -> None:
    assert started_matrix(fund=fund) == started_matrix(fund=fund)


def test_asking_again_for_a_complete_matrix_changes_nothing(fund: Fund) -> None:
    matrix = complete_matrix(fund=fund)
    before = columns(matrix)
    assert started_matrix(fund=fund) == matrix
    assert columns(matrix) == before


def test_asking_again_for_a_failed_matrix_begins_its_next_generation(fund: Fund) -> None:
    started_matrix(fund=fund).fail(reason="Out of paper.")
    again = started_matrix(fund=fund)
    assert columns(again)["status"] == Status.GENERATING
    assert columns(again)["generation"] == again.generation == 2
    assert columns(again)["failure_reason"] == ""


def test_asking_again_for_an_evicted_matrix_begins_its_next_generation(fund: Fund) -> None:
    matrix = complete_matrix(fund=fund)
    before = columns(matrix)
    matrix.evict()
    again = columns(started_matrix(fund=fund))
    assert (again["status"], again["generation"]) == (Status.GENERATING, 2)
    assert (again["payload"], again["completed_at"]) == (None, None)
    for fact in ("sha256", "buckets", "variance_shares", "codec", "layout"):
        assert again[fact] == before[fact]


def test_matrix_that_is_not_complete_cannot_be_evicted(fund: Fund) -> None:
    with pytest.raises(StatusChanged, match="no longer complete"):
        started_matrix(fund=fund).evict()


def test_request_does_not_load_the_payload(fund: Fund) -> None:
    complete_matrix(fund=fund)
    assert "payload" in started_matrix(fund=fund).get_deferred_fields()


def test_completed_matrix_gives_back_what_was_generated(fund: Fund) -> None:
    multiples = any_multiples()
    matrix = complete_matrix(fund=fund, multiples=multiples)
    assert ScenarioMatrix.objects.get(pk=matrix.pk).encoded() == generated(multiples).encoded


def test_completed_matrix_gives_back_its_cash_flows() -> None:
    multiples = any_multiples()
    stored = complete_matrix(multiples=multiples).cash_flows.read()
    expected = any_cash_flows(multiples)
    np.testing.assert_array_equal(stored.calls, expected.calls)
    np.testing.assert_array_equal(stored.distributions, expected.distributions)


@pytest.mark.parametrize("drop", [ScenarioMatrix.evict, ScenarioMatrix.begin_again])
def test_cash_flows_go_with_the_payload_and_come_back_with_it(
    drop: Callable[[ScenarioMatrix], None], fund: Fund
) -> None:
    matrix, kept = complete_matrix(fund=fund), complete_matrix()
    before = MatrixCashFlows.objects.filter(matrix=matrix).values().get()
    drop(matrix)
    assert [row.matrix for row in MatrixCashFlows.objects.all()] == [kept]
    started_matrix(fund=fund).complete(generated(any_multiples()))
    assert MatrixCashFlows.objects.filter(matrix=matrix).values().get() == before


def test_damaged_cash_flows_are_not_read() -> None:
    flows = complete_matrix().cash_flows
    flows.payload = bytes(flows.payload)[:-1]
    with pytest.raises(CorruptMatrix, match="does not end"):
        flows.read()


def test_matrix_completes_once() -> None:
    matrix = complete_matrix()
    before = columns(matrix)
    with pytest.raises(StatusChanged):
        matrix.complete(generated(any_multiples(seed=1)))
    assert columns(matrix) == before


def test_complete_matrix_cannot_fail() -> None:
    matrix = complete_matrix()
    before = columns(matrix)
    with pytest.raises(StatusChanged):
        matrix.fail(reason="Too late.")
    assert columns(matrix) == before


def test_worker_of_an_earlier_generation_completes_nothing(fund: Fund) -> None:
    late = started_matrix(fund=fund)
    late.fail(reason="Out of paper.")
    started_matrix(fund=fund)
    before = columns(late)
    with pytest.raises(StatusChanged, match="generating in generation 1"):
        late.complete(generated(any_multiples()))
    assert columns(late) == before


def test_worker_of_an_earlier_generation_fails_nothing(fund: Fund) -> None:
    late = started_matrix(fund=fund)
    late.fail(reason="Out of paper.")
    started_matrix(fund=fund)
    before = columns(late)
    with pytest.raises(StatusChanged):
        late.fail(reason="Too late.")
    assert columns(late) == before


def test_user_sees_the_matrices_of_their_own_funds_alone(fund: Fund) -> None:
    mine, _others = started_matrix(fund=fund), started_matrix()
    user = MembershipFactory.create(organisation=fund.organisation).user
    assert list(ScenarioMatrix.objects.for_user(user)) == [mine]


def test_matrix_is_named_by_what_an_operator_can_search_for(fund: Fund) -> None:
    matrix = insert(fund, Status.GENERATING, id=uuid.uuid4())
    assert str(matrix) == f"matrix aaaaaaaaaaaa of {fund.pk} (generating)"

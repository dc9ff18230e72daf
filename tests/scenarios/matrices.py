"""Scenario matrices of a fund with two buckets, started, taken and completed."""

from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from funds.models import Fund
from scenarios import generation
from scenarios.fund_config import default_scenario_config
from scenarios.models import GeneratedMatrix, ScenarioMatrix
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.matrix_bytes import encode
from scenarios.simulation.pacing.cash_flow_bytes import encode_cash_flows
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.pacing.cash_flows import CashFlows
from tests.funds.factories import FundFactory

SCENARIOS = 64


def small_config(**changes: Any) -> ScenarioConfig:
    config = default_scenario_config()
    return parse_config({**config, "buckets": config["buckets"][:2], **changes})


@transaction.atomic
def started_matrix(*, fund: Fund | None = None, **changes: Any) -> ScenarioMatrix:
    """A matrix as a request leaves it; ``changes`` are those of its config."""
    return ScenarioMatrix.objects.get_or_start(
        fund=fund or FundFactory.create(buckets=False),
        config=small_config(**changes),
        scenarios=SCENARIOS,
    )


def any_multiples(seed: int = 0) -> NDArray[np.float32]:
    """Multiples that no law has made; what is stored and read again is the same for them."""
    return np.random.default_rng(seed).lognormal(size=(2, SCENARIOS)).astype(np.float32)


def any_cash_flows(multiples: NDArray[np.float32]) -> CashFlows:
    """All is called at once and returned in the third year."""
    calls, distributions = np.zeros((2, YEARS, *multiples.shape), dtype=np.float32)
    calls[0] = 1.0
    distributions[3] = multiples
    return CashFlows(calls=calls, distributions=distributions)


def generated(multiples: NDArray[np.float32]) -> GeneratedMatrix:
    return GeneratedMatrix(
        encoded=encode(multiples),
        cash_flows=encode_cash_flows(any_cash_flows(multiples)),
        buckets=[{"key": "seed/fintech"}, {"key": "seed/saas"}],
        variance_shares={"macro": 0.5, "bucket": 0.25, "idiosyncratic": 0.25},
        warnings=[],
        seconds=0.1,
    )


def complete_matrix(
    *, fund: Fund | None = None, multiples: NDArray[np.float32] | None = None
) -> ScenarioMatrix:
    matrix = started_matrix(fund=fund)
    matrix.complete(generated(any_multiples() if multiples is None else multiples))
    return ScenarioMatrix.objects.without_payload().get(pk=matrix.pk)


def columns(matrix: ScenarioMatrix) -> dict[str, Any]:
    """All that the table holds of the matrix, to show that something changed nothing."""
    row: dict[str, Any] = dict(ScenarioMatrix.objects.filter(pk=matrix.pk).values().get())
    return row | {"payload": None if row["payload"] is None else bytes(row["payload"])}


def simulated(matrix: ScenarioMatrix) -> GeneratedMatrix:
    return generation.simulate(config=matrix.scenario_config(), scenarios=matrix.scenarios)

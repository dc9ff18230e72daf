"""Simulates an allocation in a range of fresh scenarios, and puts such ranges together.

Two laws are tried in the same scenarios: the one that was searched, and the same with as many
deals in each bucket as the allocation buys there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from optimization.rounds.deal_counts import deals_bought
from optimization.solver.measures.outcomes import Gathering, Outcomes, outcomes
from optimization.validation.cash_flows import FlowSums, flow_sums
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.deal_counts import simulated_deals, with_reference_deals
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.sample import Sample

# Simulated together: small enough for the processor's cache, and without effect on the result.
BLOCK_SCENARIOS = 16_384


class ValidationStopped(Exception):
    """The caller asked to stop; nothing was concluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationCase:
    """An allocation and the law to try it under; ``deals`` is what each weight pays for."""

    config: ScenarioConfig
    weights: Mapping[str, float]
    deals: Mapping[str, float]

    @classmethod
    def of(
        cls,
        *,
        config: ScenarioConfig,
        weights: Mapping[str, float],
        capital_usd: Decimal,
        all_in_costs_usd: Mapping[str, Decimal],
    ) -> "ValidationCase":
        deals = deals_bought(
            weights=weights, capital_usd=capital_usd, all_in_costs_usd=all_in_costs_usd
        )
        return cls(config=config, weights=weights, deals=deals)

    @property
    def bucket_count(self) -> int:
        return len(self.config.buckets)

    def weights_in_row_order(self) -> NDArray[np.float64]:
        return np.array([self.weights[bucket.key] for bucket in self.config.buckets])

    def config_as_bought(self) -> ScenarioConfig:
        """The same law with as many deals in each bucket as the allocation buys there."""
        deals = {key: simulated_deals(bought) for key, bought in self.deals.items()}
        return with_reference_deals(self.config, deals)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValidationPart:
    """The same range of scenarios under the law that was searched and with the deals bought.

    ``flows`` are those of the law that was searched.
    """

    reference: Outcomes
    as_bought: Outcomes
    flows: FlowSums


@dataclass(slots=True, kw_only=True)
class _Gatherings:
    reference: Gathering
    as_bought: Gathering
    flows: FlowSums = field(default_factory=FlowSums)

    @classmethod
    def of(cls, *, first_scenario: int, scenarios: int, buckets: int) -> "_Gatherings":
        reference, as_bought = (
            Gathering(first_scenario=first_scenario, scenarios=scenarios, buckets=buckets)
            for _law in range(2)
        )
        return cls(reference=reference, as_bought=as_bought)

    def add(self, part: ValidationPart) -> None:
        self.reference.add(part.reference)
        self.as_bought.add(part.as_bought)
        self.flows += part.flows

    def complete(self) -> ValidationPart:
        return ValidationPart(
            reference=self.reference.complete(),
            as_bought=self.as_bought.complete(),
            flows=self.flows,
        )


def simulate_part(
    *,
    case: ValidationCase,
    first_scenario: int,
    scenarios: int,
    should_stop: Callable[[], bool],
    progress: Callable[[int], None] = lambda _done: None,
) -> ValidationPart:
    """The outcomes of ``scenarios`` fresh scenarios; ``progress`` hears how many are done.

    :raises ValidationStopped: ``should_stop`` turned true between two blocks
    """
    reference = build_model(case.config)
    # Shares of entries calibrated anew would give other numbers of deals another law.
    as_bought = build_model(case.config_as_bought(), loadings=reference.loadings)
    weights = case.weights_in_row_order()
    gatherings = _Gatherings.of(
        first_scenario=first_scenario, scenarios=scenarios, buckets=case.bucket_count
    )
    for done in range(0, scenarios, BLOCK_SCENARIOS):
        if should_stop():
            raise ValidationStopped(f"stopped before scenario {first_scenario + done}")
        block = _Block(
            weights=weights,
            first_scenario=first_scenario + done,
            count=min(BLOCK_SCENARIOS, scenarios - done),
        )
        gatherings.add(
            ValidationPart(
                reference=block.outcomes(reference),
                as_bought=block.outcomes(as_bought),
                flows=block.flows(reference),
            )
        )
        progress(done + block.count)
    return gatherings.complete()


def merge_parts(parts: Iterable[ValidationPart], *, scenarios: int, buckets: int) -> ValidationPart:
    """All scenarios from 0 on, to the byte what `simulate_part` gives for them in one piece.

    ``parts`` come in scenario order and may be made one at a time: each is copied and let go.

    :raises RangesDoNotFit: they do not cover exactly these scenarios
    """
    gatherings = _Gatherings.of(first_scenario=0, scenarios=scenarios, buckets=buckets)
    for part in parts:
        gatherings.add(part)
    return gatherings.complete()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    weights: NDArray[np.float64]
    first_scenario: int
    count: int

    def outcomes(self, model: ScenarioModel) -> Outcomes:
        return outcomes(
            weights=self.weights,
            multiples=model.multiples(
                sample=Sample.VALIDATION, first_scenario=self.first_scenario, count=self.count
            ),
            first_scenario=self.first_scenario,
        )

    def flows(self, model: ScenarioModel) -> FlowSums:
        flows = model.portfolio_cash_flows(
            weights=self.weights,
            sample=Sample.VALIDATION,
            first_scenario=self.first_scenario,
            count=self.count,
        )
        return flow_sums(calls=flows.calls, distributions=flows.distributions)

"""Follow-on reserves for companies by the greedy rule: best discounted graduation value first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optimization.solver.rivals.greedy_core import Candidate, allocate_greedily
from scenarios.simulation.checked_input import Fault, InvalidInput

FALLBACK_GRADUATION_PROBABILITY = 0.5
FALLBACK_GRADUATION_YEARS = 5.0
FALLBACK_DISCOUNT_RATE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    id: str
    name: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePolicy:
    """``reserve_multiple`` is value per reserved dollar on graduation; ``weight`` scales it."""

    reserve_multiple: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservePolicy:
    """Caps and the smallest cheque in cents; stages and companies without an entry have none.

    ``graduation_probability`` and ``graduation_years`` fall back to 0.5 and 5 years for a stage
    without an entry. ``score_by_company`` replaces the computed score.
    """

    stages: Mapping[str, StagePolicy]
    graduation_probability: Mapping[str, float] = field(default_factory=dict)
    graduation_years: Mapping[str, float] = field(default_factory=dict)
    discount_rate: float = FALLBACK_DISCOUNT_RATE
    score_by_company: Mapping[str, float] = field(default_factory=dict)
    smallest_cheque_cents: int = 0
    company_maximum_cents: int | None = None
    stage_maximum_cents: Mapping[str, int] = field(default_factory=dict)

    def score(self, company: Company) -> float:
        """multiple * P(graduation) / (1 + discount rate) ^ years * weight, unless replaced."""
        if company.id in self.score_by_company:
            return self.score_by_company[company.id]
        stage = self.stages[company.stage]
        probability = self.graduation_probability.get(
            company.stage, FALLBACK_GRADUATION_PROBABILITY
        )
        years = self.graduation_years.get(company.stage, FALLBACK_GRADUATION_YEARS)
        present_value: float = (
            stage.reserve_multiple * probability / (1.0 + self.discount_rate) ** years
        )
        return present_value * stage.weight


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveAllocation:
    """``cents`` holds the funded companies by id in rank order; with ``unallocated_cents`` they
    sum to what was available."""

    cents: Mapping[str, int]
    unallocated_cents: int


def allocate_reserves(
    *, companies: Sequence[Company], policy: ReservePolicy, available_cents: int
) -> ReserveAllocation:
    """One pass in rank order; see `optimization.solver.rivals.greedy_core` for the rule.

    :raises InvalidInput: a company's stage has no policy, with one fault for each such company
    """
    _check_stages(companies, policy)
    amounts = allocate_greedily(
        [
            Candidate(
                id=company.id,
                name=company.name,
                score=policy.score(company),
                smallest_cheque_cents=policy.smallest_cheque_cents,
                maximum_cents=policy.company_maximum_cents,
                groups=(company.stage,),
            )
            for company in companies
        ],
        available_cents=available_cents,
        group_maximums=policy.stage_maximum_cents,
        group_minimums={},
    )
    return ReserveAllocation(cents=amounts.cents, unallocated_cents=amounts.unallocated_cents)


def cents_of(dollars: float) -> int:
    """Half a cent rounds up, in binary floating point: floor(100 x + 1/2)."""
    return math.floor(dollars * 100 + 0.5)


def _check_stages(companies: Sequence[Company], policy: ReservePolicy) -> None:
    faults = [
        Fault(f"companies[{place}].stage", "NO_STAGE_POLICY", f"No policy for {company.stage}")
        for place, company in enumerate(companies)
        if company.stage not in policy.stages
    ]
    if faults:
        raise InvalidInput(faults)

"""What follows the search of a session: another one with the deals it buys, or its validation."""

from collections.abc import Callable
from decimal import Decimal

from optimization.lifecycle import search_again, validate, validate_kept
from optimization.models import OptimizationSession
from optimization.rounds.deal_counts import deals_bought, mismatched_buckets
from optimization.rounds.rounds import Ending, Rounds, Search
from optimization.session_problem import all_in_costs_usd
from optimization.solver.allocation import Allocation
from outbox.running import PermanentFailure
from scenarios.generation import law_of
from scenarios.models import ScenarioMatrix
from scenarios.simulation.checked_input import InvalidInput
from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.deal_counts import with_reference_deals
from scenarios.simulation.variance.bucket_loadings import check_attainable


def after_search(
    *,
    session: OptimizationSession,
    matrix: ScenarioMatrix,
    allocation: Allocation,
    matrix_tier: str,
) -> Callable[[], None]:
    """What to do in the transaction that ends the job of the search; decides it here and now.

    :raises PermanentFailure: there is no allocation, and none was found before
    """
    earlier = Rounds.from_json(session.rounds)
    if not allocation.was_found:
        return _without_allocation(session, matrix, allocation, earlier)
    deals = deals_bought(
        weights=allocation.weights,
        capital_usd=Decimal(session.request["capital_usd"]),
        all_in_costs_usd=all_in_costs_usd(session),
    )
    rounds = earlier.after(_search(session, matrix, allocation, deals))
    found = {"solution": allocation.as_json(), "matrix_tier": matrix_tier}
    wanted = rounds.next_deals(deals=deals)
    if isinstance(wanted, Ending):
        ended = rounds.ended(wanted).as_json()
        return lambda: validate(session, allocation=found, rounds=ended)
    try:
        config = _attainable(law_of(matrix), wanted)
    except InvalidInput as error:
        reason = " ".join(fault.message for fault in error.faults)
        ended = rounds.ended(Ending.UNATTAINABLE, reason=reason).as_json()
        return lambda: validate(session, allocation=found, rounds=ended)
    return lambda: search_again(session, config=config, allocation=found, rounds=rounds.as_json())


def _without_allocation(
    session: OptimizationSession, matrix: ScenarioMatrix, allocation: Allocation, earlier: Rounds
) -> Callable[[], None]:
    if session.allocation is None:
        raise PermanentFailure(_no_allocation(allocation))
    rounds = earlier.after(_search(session, matrix, allocation, deals=None))
    ended = rounds.ended(Ending.NO_ALLOCATION, reason=_no_allocation(allocation))
    return lambda: validate_kept(session, rounds=ended)


def _search(
    session: OptimizationSession,
    matrix: ScenarioMatrix,
    allocation: Allocation,
    deals: dict[str, float] | None,
) -> Search:
    reference_deals = {
        bucket["key"]: bucket["reference_deals"] for bucket in matrix.config["buckets"]
    }
    return Search(
        matrix_key=matrix.matrix_key,
        was_cached=bool(session.matrix_was_cached),
        reference_deals=reference_deals,
        status=allocation.status,
        expected_multiple=allocation.expected_multiple,
        loss_probability=allocation.loss_probability,
        mismatched=None
        if deals is None
        else mismatched_buckets(
            weights=allocation.weights, deals=deals, reference_deals=reference_deals
        ),
    )


def _attainable(config: ScenarioConfig, deals: dict[str, float]) -> ScenarioConfig:
    """Checked before anything waits for it, as a request is: shares of entries depend on deals.

    :raises InvalidInput: there is no such law
    """
    matched = with_reference_deals(config, deals)
    check_attainable(matched)
    return matched


def _no_allocation(allocation: Allocation) -> str:
    if allocation.status == "infeasible":
        return (
            f"{allocation.infeasibility} Loosen a limit, or let limits be relaxed, and ask again."
        )
    return (
        "The time limit was reached before any allocation inside the limits was found."
        " Allow more time, use fewer optimization scenarios or loosen a limit."
    )

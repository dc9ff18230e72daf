"""The same law with other numbers of deals in its buckets."""

from collections.abc import Mapping
from dataclasses import replace

from scenarios.simulation.configuration.canonical_key import law_key
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config

FEWEST_DEALS, MOST_DEALS = 1.0, 1000.0
"""What a matrix entry can pool."""


def simulated_deals(deals: float) -> float:
    """The number nearest to ``deals`` that can be simulated, as a configuration keeps it.

    A part of a deal is simulated as one deal, since it ends as that deal ends.
    """
    return round(min(max(deals, FEWEST_DEALS), MOST_DEALS), 6)


def with_reference_deals(config: ScenarioConfig, deals: Mapping[str, float]) -> ScenarioConfig:
    """``config`` with these numbers of deals by bucket key, and the others as they are.

    It draws the random numbers of ``config``, so that what differs is due to the numbers of deals
    and not to chance. With equal numbers it is ``config`` itself.

    :raises InvalidInput: a number is outside 1..1000
    """
    changed = replace(
        config,
        buckets=tuple(
            replace(bucket, reference_deals=deals.get(bucket.key, bucket.reference_deals))
            for bucket in config.buckets
        ),
    )
    if changed == config:
        return config
    if config.seed is None:
        changed = replace(changed, random_numbers_of=config.random_numbers_of or law_key(config))
    return parse_config(changed.canonical_json())

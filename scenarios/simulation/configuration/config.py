"""The complete description of a scenario law: what is parsed, hashed and simulated."""

import re
from dataclasses import asdict, dataclass
from typing import Any, get_args

from scenarios.simulation.checked_input import FieldReader
from scenarios.simulation.configuration.config_dependence import (
    check_dependent_buckets,
    dependence_json,
    read_dependence,
)
from scenarios.simulation.configuration.config_recycling import read_recycling
from scenarios.simulation.configuration.config_regimes import read_regimes
from scenarios.simulation.configuration.config_rules import (
    check_bucket,
    check_lognormal_spread,
    check_pareto_spread,
    check_unique_keys,
)
from scenarios.simulation.configuration.config_sections import (
    read_bucket,
    read_exit_law,
    read_failure_recovery,
    read_financing,
)
from scenarios.simulation.configuration.config_stages import read_stages
from scenarios.simulation.configuration.parameters import (
    MAX_BUCKETS,
    BucketParameters,
    Dependence,
    ExitLaw,
    FailureRecovery,
    Financing,
    Recycling,
    Regime,
    SamplingName,
    StageParameters,
    UnspentReserves,
)

__all__ = [
    "BucketParameters",
    "Regime",
    "ScenarioConfig",
    "StageParameters",
    "parse_config",
]

SCHEMA = 1
LARGEST_SEED = 2**53 - 1
"""The largest integer that JSON numbers carry exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioConfig:
    """Checked parameters, numbers rounded to 1e-6, buckets sorted by key (by code point).

    Make one with ``parse_config``. ``stages`` keeps the order in which companies move.
    ``random_numbers_of`` is the key of another law, whose random numbers this one draws in place
    of its own; None where there is a seed.
    """

    regimes: tuple[Regime, ...]
    stages: dict[str, StageParameters]
    financing: Financing
    exit_law: ExitLaw
    failure_recovery: FailureRecovery
    dependence: Dependence
    unspent_reserves: UnspentReserves
    seed: str | None
    buckets: tuple[BucketParameters, ...]
    sampling: SamplingName
    recycling: Recycling | None
    random_numbers_of: str | None

    def canonical_json(self) -> dict[str, Any]:
        """The same configuration as plain JSON values; parsing it gives an equal config.

        Independent sampling is the default and left out.
        """
        law = self.law_json()
        return law if self.sampling == "iid" else {**law, "sampling": self.sampling}

    def law_json(self) -> dict[str, Any]:
        """What decides the law of a scenario: all but how scenarios are sampled.

        Recycling is left out where nothing is recycled, and whose random numbers are drawn where
        they are the law's own.
        """
        law = {
            "schema": SCHEMA,
            "regimes": [asdict(regime) for regime in self.regimes],
            "stages": {name: asdict(stage) for name, stage in self.stages.items()},
            "financing": asdict(self.financing),
            "exit_law": asdict(self.exit_law),
            "failure_recovery": asdict(self.failure_recovery),
            "dependence": dependence_json(self.dependence),
            "unspent_reserves": self.unspent_reserves,
            "seed": self.seed,
            "buckets": [asdict(bucket) for bucket in self.buckets],
        }
        if self.recycling is not None:
            law["recycling"] = asdict(self.recycling)
        if self.random_numbers_of is not None:
            law["random_numbers_of"] = self.random_numbers_of
        return law


def parse_config(data: object) -> ScenarioConfig:
    """The configuration in a JSON-like object, checked, rounded and in canonical order.

    :raises InvalidInput: with every fault that was found; codes are stable, messages name the
        value and the rule
    """
    reader = FieldReader(data)
    reader.integer("schema", minimum=SCHEMA, maximum=SCHEMA)
    sections: dict[str, Any] = {
        "regimes": read_regimes(reader),
        "stages": read_stages(reader),
        "financing": read_financing(reader),
        "exit_law": read_exit_law(reader),
        "failure_recovery": read_failure_recovery(reader),
        "dependence": read_dependence(reader),
        "unspent_reserves": reader.choice("unspent_reserves", ("returned", "idle")),
        "seed": _read_seed(reader),
        "sampling": reader.choice("sampling", get_args(SamplingName), default="iid"),
        "recycling": read_recycling(reader),
        "random_numbers_of": _read_random_numbers_of(reader),
    }
    buckets = _read_buckets(
        reader,
        stages=sections["stages"],
        financing=sections["financing"],
        exit_law=sections["exit_law"],
    )
    if sections["dependence"] is not None and not reader.faults:
        check_dependent_buckets(sections["dependence"], buckets, reader)
    reader.refuse_unknown_fields()
    reader.raise_faults()
    return ScenarioConfig(**sections, buckets=buckets)


def _read_seed(reader: FieldReader) -> str | None:
    """A seed may be text or a whole number; 42 and "42" are the same seed."""
    if isinstance(reader.raw("seed", None), str):
        text: str | None = reader.text("seed", longest=100)
        return text
    number = reader.integer("seed", minimum=0, maximum=LARGEST_SEED, default=None)
    return None if number is None else str(number)


def _read_random_numbers_of(reader: FieldReader) -> str | None:
    field = "random_numbers_of"
    law: str | None = reader.text(field, longest=64, default=None)
    if law is not None and not re.fullmatch("[0-9a-f]{64}", law):
        reader.fault(field, "LAW_KEY", f"is {law!r}, must be a law's key: 64 hexadecimal digits")
    if law is not None and reader.has("seed"):
        reader.fault(field, "LAW_KEY", "is not allowed beside a seed, which says it already")
    return law


def _read_buckets(
    reader: FieldReader,
    *,
    stages: dict[str, StageParameters] | None,
    financing: Financing | None,
    exit_law: ExitLaw | None,
) -> tuple[BucketParameters, ...]:
    before = len(reader.faults)
    entries = list(reader.objects("buckets", longest=MAX_BUCKETS))
    if not entries and len(reader.faults) == before:
        reader.fault("buckets", "REQUIRED", "is empty, must list at least one bucket")
    read = [(bucket, entry) for entry in entries if (bucket := read_bucket(entry)) is not None]
    buckets = [bucket for bucket, _ in read]
    check_unique_keys(buckets, [entry for _, entry in read])
    if stages is not None and exit_law is not None:
        check_lognormal_spread(stages, exit_law, reader)
        check_pareto_spread(stages, exit_law, reader)
    if stages is not None and financing is not None and exit_law is not None:
        for bucket, entry in read:
            check_bucket(bucket, entry, stages=stages, financing=financing, exit_law=exit_law)
    return tuple(sorted(buckets, key=lambda bucket: bucket.key))

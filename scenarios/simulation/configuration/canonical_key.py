"""Names for scenario laws and matrices: equal names mean equal bytes.

A name is the full SHA-256 of the RFC 8785 JSON of everything that decides the content.
"""

import hashlib
from dataclasses import asdict
from typing import Any

import rfc8785

from scenarios.simulation.configuration.config import ScenarioConfig
from scenarios.simulation.configuration.parameters import GAUSSIAN, VarianceShares
from scenarios.simulation.dependence.variance_presets import LOADINGS, STRESS_LOADINGS
from scenarios.simulation.randomness.random_words import RandomKey, random_key
from scenarios.simulation.randomness.sample import Sample, sampling_of

KERNEL_VERSION = 1
"""Raised whenever the same configuration gives other bytes than before."""


def matrix_key(*, config: ScenarioConfig, scenarios: int, sample: Sample) -> str:
    """The name of one matrix, 64 hexadecimal digits."""
    content = {"law": _law(config), "scenarios": scenarios, "sample": str(sample)}
    sampling = sampling_of(sample, configured=config.sampling)
    if sampling != "iid":
        content["sampling"] = sampling
    return _digest(content)


def law_key(config: ScenarioConfig) -> str:
    """The name of the law alone: the same for every sample and number of scenarios."""
    return _digest({"law": _law(config)})


def random_key_of(config: ScenarioConfig) -> RandomKey:
    """The key of the random words: from the seed if there is one, else from a law.

    Configurations with the same seed, or with the random numbers of the same law, share them, so
    their differences are not blurred by chance.
    """
    if config.seed is not None:
        return random_key(f"keel scenario seed {config.seed}")
    return random_key(f"keel scenario law {config.random_numbers_of or law_key(config)}")


def _law(config: ScenarioConfig) -> dict[str, Any]:
    """Loadings that are calibrated follow from the configuration and the kernel version; presets
    under the Gaussian copula have constants."""
    law = {"kernel_version": KERNEL_VERSION, "config": config.law_json()}
    shares = config.dependence.variance_shares
    if config.dependence.copula != GAUSSIAN:
        return law
    if shares == "stress":
        law["loadings"] = {stage: asdict(pair) for stage, pair in STRESS_LOADINGS.items()}
    elif not isinstance(shares, VarianceShares):
        law["loadings"] = asdict(LOADINGS[shares])
    return law


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()

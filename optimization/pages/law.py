"""What a request states of the scenario law in place of its calibration, in words. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from optimization.templatetags.figures import number, percent, share

SHARE_PARTS = ("macro", "bucket", "idiosyncratic")


def law_rows(law: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Each stated member as (label, words), in a fixed order; members of later releases last."""
    stated = law or {}
    known = [
        (label, words(stated[name])) for name, (label, words) in MEMBERS.items() if name in stated
    ]
    others = [(name, str(value)) for name, value in stated.items() if name not in MEMBERS]
    return [*known, *others]


def _exit_law(value: Mapping[str, Any]) -> str:
    words = {
        "lognormal_pareto": "lognormal with a Pareto tail",
        "pareto": "truncated Pareto",
        "lognormal": "lognormal",
    }.get(value["law"], value["law"])
    details = [
        f"tail index {value['tail_index']:g}" if value.get("tail_index") is not None else "",
        f"at most {value['multiple_cap']:g}x" if value.get("multiple_cap") is not None else "",
    ]
    return ", ".join([words, *filter(None, details)])


def _copula(value: Mapping[str, Any]) -> str:
    if value["family"] == "t":
        return f"t with {value['degrees_of_freedom']:g} degrees of freedom"
    return "Gaussian"


def _variance_shares(value: str | Mapping[str, float]) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    economy, common, deals = (share(value[part], 0) for part in SHARE_PARTS)
    return f"{economy}% economy, {common}% stages and sectors, {deals}% single deals"


def _share_level(value: str) -> str:
    return {
        "reference_portfolio": "a diversified portfolio",
        "entry": "every bucket",
        "deal": "every single deal",
    }.get(value, value)


def _factor_shares(value: Mapping[str, float]) -> str:
    return ", ".join(f"{part} {percent(fraction, 0)}" for part, fraction in value.items())


def _bucket_correlation(value: Mapping[str, Any]) -> str:
    return f"a matrix of {len(value['buckets'])} buckets"


def _failure_recovery(value: Mapping[str, float]) -> str:
    best, threshold = number(value["maximum"], 2), number(value["threshold"], 2)
    return f"at most {best}x, nothing below rank {threshold}"


def _unspent_reserves(value: str) -> str:
    return {"returned": "returned at 1x", "idle": "lost"}.get(value, value)


def _recycling(value: Mapping[str, Any]) -> str:
    return (
        f"{percent(value['utilization_fraction'], 0)} of exits until year"
        f" {value['deadline_years']:g}, at most {number(value['cost_multiple'], 2)}x cost and"
        f" {value['max_deals']:g} deals per bucket"
    )


def _sampling(value: str) -> str:
    return {
        "iid": "independent",
        "antithetic": "antithetic pairs",
        "sobol": "Sobol points",
    }.get(value, value)


MEMBERS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "exit_law": ("Exit multiples", _exit_law),
    "variance_shares": ("Variance shares", _variance_shares),
    "share_level": ("Variance shares hold for", _share_level),
    "copula": ("Copula", _copula),
    "factor_shares": ("Common factor of a bucket", _factor_shares),
    "bucket_correlation": ("Correlation of buckets", _bucket_correlation),
    "value_path_coupling": ("Exit value and path, coupling", lambda value: number(value, 2)),
    "failure_recovery": ("Recovery from failures", _failure_recovery),
    "unspent_reserves": ("Reserves that are not called", _unspent_reserves),
    "recycling": ("Recycling", _recycling),
    "sampling": ("Optimization scenarios drawn as", _sampling),
}

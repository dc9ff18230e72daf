"""The names that documents, programs and support know the errors of a scenario law by.

A fault's code says what kind of fault it is and is the same for all inputs of Keel. Most codes of
the law are names already; the others get theirs here, beside the code, which stays as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType

from scenarios.simulation.checked_input import Fault

NAMED_ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "REGIME_INVALID": "a regime, their order or the sum of their probabilities",
        "REGIME_DEGENERATE": "regimes whose shocks never differ",
        "RATES_INVALID": "rates of a stage, or a bucket that never exits",
        "RISK_MULT_TOO_LARGE": "a risk multiplier that lifts a fail probability above 1",
        "EXIT_PARAMS": "median, P90 or parameters of the exit law",
        "EXIT_PARAMS_INFEASIBLE": "no Pareto law has this median and P90",
        "EXIT_CAP": "a P90 of exits at or above the multiple cap",
        "SHARES_SUM": "shares that do not sum to 1",
        "SHARES_UNATTAINABLE": "variance shares that no loadings reach",
        "LOADS_INVALID": "loadings that leave a deal nothing of its own",
        "CORRELATION_NOT_PSD": "correlations that no factors have",
        "N_REF_INVALID": "a number of reference deals out of range",
        "S_RANGE": "a number of scenarios out of range",
        "BUCKET_DUPLICATE": "a bucket listed twice",
        "NON_FINITE_INPUT": "NaN or an infinity where a number is needed",
        "RECYCLE_RANGE": "a recycling parameter out of range",
    }
)
"""What each name is about."""

_RANGE_CODES = frozenset({"OUT_OF_RANGE", "NOT_AN_INTEGER"})


def error_name(*, path: str, code: str) -> str | None:
    """The name of the error at ``path``, a dotted path or a JSON pointer; None without one."""
    if code in NAMED_ERRORS:
        return code
    if code == "NOT_FINITE":
        return "NON_FINITE_INPUT"
    if code in _RANGE_CODES and path.endswith("scenarios"):
        return "S_RANGE"
    return None


def line_with_name(fault: Fault) -> str:
    """The fault on one line, its name at the end: ``regimes: is ... [REGIME_INVALID]``."""
    name = error_name(path=fault.path, code=fault.code)
    return f"{fault} [{name}]" if name else str(fault)

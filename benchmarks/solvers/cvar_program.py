"""The problem with a limit on CVaR and none on losing scenarios, as arrays for any solver."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CvarProgram:
    """Maximise means . w over sum w = 1, 0 <= w <= highest, lower <= groups @ w <= upper, and
    CVaR of max(0, 1 - multiples . w) at most ``maximum``.

    ``multiples`` is (B, S), ``groups`` (G, B), ``lower`` and ``upper`` (G,).
    """

    multiples: Floats
    means: Floats
    highest: float
    groups: Floats
    lower: Floats
    upper: Floats
    confidence: float
    maximum: float

    @property
    def tail_scenarios(self) -> float:
        return max(1.0, (1 - self.confidence) * float(self.multiples.shape[1]))


def write_cvar_program(program: CvarProgram, file: Path) -> None:
    np.savez(file, **asdict(program))


def read_cvar_program(file: Path) -> CvarProgram:
    with np.load(file) as arrays:
        return CvarProgram(
            multiples=arrays["multiples"],
            means=arrays["means"],
            highest=float(arrays["highest"]),
            groups=arrays["groups"],
            lower=arrays["lower"],
            upper=arrays["upper"],
            confidence=float(arrays["confidence"]),
            maximum=float(arrays["maximum"]),
        )

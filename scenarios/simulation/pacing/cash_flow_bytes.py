"""Cash flows as bytes for storage, with all that is needed to prove them undamaged."""

import hashlib
import math
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.matrix_bytes import (
    BYTES_PER_ENTRY,
    CODEC,
    COMPRESSION_LEVEL,
    CorruptMatrix,
    decompressed,
)
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.pacing.cash_flows import CashFlows

LAYOUT: Literal["float32-le (2, years, buckets, scenarios)"] = (
    "float32-le (2, years, buckets, scenarios)"
)
"""Row-major; first the calls, then the distributions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedCashFlows:
    """``sha256`` is of the uncompressed bytes, so it does not depend on the compressor."""

    payload: bytes
    codec: str
    layout: str
    years: int
    buckets: int
    scenarios: int
    sha256: str


def encode_cash_flows(flows: CashFlows) -> EncodedCashFlows:
    """The bytes of calls and distributions, each (YEARS, B, S) float32.

    :raises ValueError: if an amount is not finite or below 0
    """
    # One after the other: they are large, and a copy of both together would be larger.
    digest, compressor, payload = hashlib.sha256(), zlib.compressobj(COMPRESSION_LEVEL), b""
    for amounts in (flows.calls, flows.distributions):
        if not _are_amounts(amounts):
            raise ValueError("calls and distributions must be finite and at least 0")
        content = np.ascontiguousarray(amounts, dtype="<f4").data
        digest.update(content)
        payload += compressor.compress(content)
    years, buckets, scenarios = flows.calls.shape
    return EncodedCashFlows(
        payload=payload + compressor.flush(),
        codec=CODEC,
        layout=LAYOUT,
        years=years,
        buckets=buckets,
        scenarios=scenarios,
        sha256=digest.hexdigest(),
    )


def decode_cash_flows(encoded: EncodedCashFlows) -> CashFlows:
    """The calls and distributions, read-only.

    :raises CorruptMatrix: if anything differs from what was encoded; never allocates more than
        the stated shape needs
    """
    if encoded.codec != CODEC or encoded.layout != LAYOUT:
        raise CorruptMatrix(
            f"codec {encoded.codec!r} with layout {encoded.layout!r}, "
            f"only {CODEC!r} with {LAYOUT!r} can be read"
        )
    shape = (2, encoded.years, encoded.buckets, encoded.scenarios)
    if encoded.years != YEARS or min(shape) < 1:
        raise CorruptMatrix(f"shape {shape} is not that of cash flows over {YEARS} years")
    content = decompressed(encoded.payload, size=BYTES_PER_ENTRY * math.prod(shape))
    digest = hashlib.sha256(content).hexdigest()
    if digest != encoded.sha256:
        raise CorruptMatrix(f"SHA-256 of the content is {digest}, stored is {encoded.sha256}")
    amounts = np.frombuffer(content, dtype="<f4").reshape(shape).astype(np.float32, copy=False)
    if not _are_amounts(amounts):
        raise CorruptMatrix("the cash flows have amounts that are not finite or below 0")
    return CashFlows(calls=amounts[0], distributions=amounts[1])


def _are_amounts(amounts: NDArray[np.float32]) -> bool:
    return bool(np.all(np.isfinite(amounts)) and np.all(amounts >= 0.0))

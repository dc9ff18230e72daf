"""Parts of a validation as checked bytes: what one worker stores and another puts together.

Layout: portfolio multiples of both laws, float64, then losing scenarios of each bucket alone
under both laws, int64, then the sums of calls and of distributions by year, in 16 bytes each; all
little-endian. Not compressed: the digits of simulated multiples do
not repeat.
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimization.solver.measures.outcomes import Outcomes
from optimization.validation.cash_flows import FlowSums
from optimization.validation.part import ValidationPart
from scenarios.simulation.pacing.cash_flow_years import YEARS

LAYOUT = "validation-part-3"
LAWS = 2
# Calls and distributions of each year.
SUMS, SUM_BYTES = 2 * YEARS, 16
# Just above 2,000,000 scenarios: what one statement can carry within its time limit on a slow disk.
MOST_PAYLOAD_BYTES = 33_554_432


class CorruptPart(ValueError):
    """The bytes are not those that were stored, or are none of a validation part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedPart:
    """A part and all that is needed to check it.

    ``sha256`` is of the payload and of which part it is, so that none can stand for another.
    """

    payload: bytes
    layout: str
    sha256: str
    first_scenario: int
    scenarios: int
    buckets: int


def payload_bytes(*, scenarios: int, buckets: int) -> int:
    """The exact length of a payload."""
    return LAWS * 8 * (scenarios + buckets) + SUMS * SUM_BYTES


def encode_part(part: ValidationPart) -> EncodedPart:
    """:raises ValueError: the part is too large to be stored in one piece"""
    laws = (part.reference, part.as_bought)
    scenarios, buckets = part.reference.scenarios, part.reference.losing_alone.size
    size = payload_bytes(scenarios=scenarios, buckets=buckets)
    if size > MOST_PAYLOAD_BYTES:
        raise ValueError(f"{scenarios} scenarios take {size} bytes, at most {MOST_PAYLOAD_BYTES}")
    payload = b"".join(
        [
            *(law.portfolio_multiples.astype("<f8").tobytes() for law in laws),
            *(law.losing_alone.astype("<i8").tobytes() for law in laws),
            *(
                total.to_bytes(SUM_BYTES, "little")
                for total in (*part.flows.calls, *part.flows.distributions)
            ),
        ]
    )
    encoded = EncodedPart(
        payload=payload,
        layout=LAYOUT,
        sha256="",
        first_scenario=part.reference.first_scenario,
        scenarios=scenarios,
        buckets=buckets,
    )
    return replace(encoded, sha256=_sha256(encoded))


def decode_part(encoded: EncodedPart) -> ValidationPart:
    """:raises CorruptPart: layout, length, SHA-256 or a figure is not what it has to be"""
    _check_bytes(encoded)
    n, buckets = encoded.scenarios, encoded.buckets
    multiples = np.frombuffer(encoded.payload, dtype="<f8", count=LAWS * n).reshape(LAWS, n)
    losing = np.frombuffer(
        encoded.payload, dtype="<i8", offset=multiples.nbytes, count=LAWS * buckets
    ).reshape(LAWS, buckets)
    _check_figures(multiples, losing)
    reference, as_bought = (
        Outcomes(
            first_scenario=encoded.first_scenario,
            portfolio_multiples=multiples[law],
            losing_alone=losing[law],
        )
        for law in range(LAWS)
    )
    sums = encoded.payload[multiples.nbytes + losing.nbytes :]
    return ValidationPart(reference=reference, as_bought=as_bought, flows=_flow_sums(sums))


def _flow_sums(content: bytes) -> FlowSums:
    sums = tuple(
        int.from_bytes(content[first : first + SUM_BYTES], "little")
        for first in range(0, len(content), SUM_BYTES)
    )
    return FlowSums(calls=sums[:YEARS], distributions=sums[YEARS:])


def _check_bytes(encoded: EncodedPart) -> None:
    if encoded.layout != LAYOUT:
        raise CorruptPart(f"the layout is {encoded.layout!r}, not {LAYOUT!r}")
    size = payload_bytes(scenarios=encoded.scenarios, buckets=encoded.buckets)
    if size > MOST_PAYLOAD_BYTES or len(encoded.payload) != size:
        raise CorruptPart(f"the payload has {len(encoded.payload)} bytes, {size} were announced")
    if _sha256(encoded) != encoded.sha256:
        raise CorruptPart("the payload does not match its SHA-256")


def _sha256(encoded: EncodedPart) -> str:
    part = f"{encoded.layout} {encoded.first_scenario} {encoded.scenarios} {encoded.buckets} "
    digest = hashlib.sha256(part.encode())
    digest.update(encoded.payload)
    return digest.hexdigest()


def _check_figures(multiples: NDArray[np.float64], losing: NDArray[np.int64]) -> None:
    """Numbers that no simulation gives, though they were stored just so."""
    if not (np.isfinite(multiples).all() and (multiples >= 0).all()):
        raise CorruptPart("a multiple is negative or not a finite number")
    if not ((losing >= 0) & (losing <= multiples.shape[1])).all():
        raise CorruptPart("a bucket loses in fewer than none or more than all scenarios")

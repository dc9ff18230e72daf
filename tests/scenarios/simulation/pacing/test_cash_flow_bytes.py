"""Cash flows as bytes: what was encoded comes back, and anything else is refused."""

import hashlib
import tracemalloc
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.simulation.matrix_bytes import CorruptMatrix
from scenarios.simulation.pacing.cash_flow_bytes import decode_cash_flows, encode_cash_flows
from scenarios.simulation.pacing.cash_flow_years import YEARS
from scenarios.simulation.pacing.cash_flows import CashFlows

BUCKETS, SCENARIOS = 2, 3


def amounts(first: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Every amount another number, so that none can stand in the place of another."""
    size = YEARS * BUCKETS * SCENARIOS
    return np.arange(first, first + size, dtype=np.float32).reshape(YEARS, BUCKETS, SCENARIOS)


FLOWS = CashFlows(calls=amounts(0), distributions=amounts(1000))
ENCODED = encode_cash_flows(FLOWS)


def test_what_was_encoded_comes_back() -> None:
    decoded = decode_cash_flows(ENCODED)
    np.testing.assert_array_equal(decoded.calls, FLOWS.calls)
    np.testing.assert_array_equal(decoded.distributions, FLOWS.distributions)
    assert decoded.calls.dtype == decoded.distributions.dtype == np.float32


def test_layout_is_little_endian_with_calls_first_and_scenarios_together() -> None:
    content = zlib.decompress(ENCODED.payload)
    # The first bucket's calls of year 0 in scenarios 0, 1, 2, then the second bucket's.
    assert np.frombuffer(content[:24], "<f4").tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    half = len(content) // 2
    assert np.frombuffer(content[half : half + 4], "<f4").tolist() == [1000.0]
    assert ENCODED.layout == "float32-le (2, years, buckets, scenarios)"
    assert (ENCODED.years, ENCODED.buckets, ENCODED.scenarios) == (YEARS, BUCKETS, SCENARIOS)
    assert ENCODED.sha256 == hashlib.sha256(content).hexdigest()


def test_order_of_the_bytes_in_memory_does_not_matter() -> None:
    calls, distributions = (np.asfortranarray(part) for part in (FLOWS.calls, FLOWS.distributions))
    assert encode_cash_flows(CashFlows(calls=calls, distributions=distributions)) == ENCODED


def test_decoded_amounts_cannot_be_changed_by_mistake() -> None:
    with pytest.raises(ValueError, match="read-only"):
        decode_cash_flows(ENCODED).calls[0, 0, 0] = 1.0


@pytest.mark.parametrize("amount", [np.nan, np.inf, -1.0])
@pytest.mark.parametrize("name", ["calls", "distributions"])
def test_what_is_no_amount_is_not_encoded(name: str, amount: float) -> None:
    broken = getattr(FLOWS, name).copy()
    broken[3, 1, 2] = amount
    with pytest.raises(ValueError, match="finite and at least 0"):
        encode_cash_flows(replace(FLOWS, **{name: broken}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"payload": b""}, "fewer bytes"),
        ({"payload": b"not zlib"}, "decompress"),
        ({"payload": ENCODED.payload[:-1]}, "does not end"),
        ({"payload": ENCODED.payload + b"x"}, "does not end"),
        ({"codec": "gzip"}, "only 'zlib'"),
        ({"layout": "float32-le-row-major"}, "can be read"),
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"years": YEARS - 1}, "over 16 years"),
        ({"buckets": 0}, "over 16 years"),
        ({"buckets": 1}, "more bytes"),
        ({"scenarios": SCENARIOS + 1}, "fewer bytes"),
        ({"scenarios": 10**12}, "at most"),
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(CorruptMatrix, match=words):
        decode_cash_flows(replace(ENCODED, **changes))


def test_content_that_is_no_amount_is_refused_though_its_digest_fits() -> None:
    content = np.full((2, YEARS, BUCKETS, SCENARIOS), np.nan, "<f4").tobytes()
    digest = hashlib.sha256(content).hexdigest()
    with pytest.raises(CorruptMatrix, match="not finite"):
        decode_cash_flows(replace(ENCODED, payload=zlib.compress(content), sha256=digest))


@given(position=st.integers(0, len(ENCODED.payload) - 1), change=st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(position: int, change: int) -> None:
    payload = bytearray(ENCODED.payload)
    payload[position] ^= change
    try:
        decoded = decode_cash_flows(replace(ENCODED, payload=bytes(payload)))
    except CorruptMatrix:
        return
    # Some bits of a zlib stream mean nothing.
    np.testing.assert_array_equal(decoded.calls, FLOWS.calls)
    np.testing.assert_array_equal(decoded.distributions, FLOWS.distributions)


def test_bomb_is_refused_without_being_blown_up() -> None:
    bomb = replace(ENCODED, payload=zlib.compress(b"\0" * 50_000_000))
    tracemalloc.start()
    with pytest.raises(CorruptMatrix, match="more bytes"):
        decode_cash_flows(bomb)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The bomb itself is 50 kB and what it stands for 768 bytes.
    assert peak_bytes < 1_000_000

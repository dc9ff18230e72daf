"""Stored matrices: exact round trip, and every damage is noticed."""

import hashlib
import tracemalloc
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from scenarios.simulation.matrix_bytes import (
    CorruptMatrix,
    EncodedMatrix,
    content_sha256,
    decode,
    encode,
)

MATRIX = np.array([[0.0, 1.5, 2.25], [300.0, 0.1, 1e-30]], dtype=np.float32)
ENCODED = encode(MATRIX)


def encoded_content(content: bytes, **changes: Any) -> EncodedMatrix:
    """A matrix with this content and a digest that matches it."""
    return replace(
        ENCODED,
        payload=zlib.compress(content),
        sha256=hashlib.sha256(content).hexdigest(),
        **changes,
    )


@settings(deadline=None)
@given(
    matrix=npst.arrays(
        np.float32,
        npst.array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements=st.floats(0, 2.0**100, width=32),
    )
)
def test_decoding_gives_back_the_same_bits(matrix: np.ndarray[Any, Any]) -> None:
    decoded = decode(encode(matrix))
    assert decoded.tobytes() == matrix.tobytes()
    assert decoded.shape == matrix.shape
    assert decoded.dtype == np.float32
    assert decoded.flags.c_contiguous


def test_encoding_says_how_to_read_it() -> None:
    assert (ENCODED.codec, ENCODED.layout) == ("zlib", "float32-le-row-major")
    assert (ENCODED.buckets, ENCODED.scenarios) == (2, 3)


def test_digest_is_of_the_uncompressed_little_endian_rows() -> None:
    content = b"".join(row.astype("<f4").tobytes() for row in MATRIX)
    assert ENCODED.sha256 == hashlib.sha256(content).hexdigest() == content_sha256(MATRIX)


def test_order_in_memory_does_not_matter() -> None:
    assert encode(np.asfortranarray(MATRIX)) == ENCODED
    assert encode(np.repeat(MATRIX, 2, axis=1)[:, ::2]) == ENCODED


@pytest.mark.parametrize(
    "matrix",
    [
        MATRIX.astype(np.float64),
        MATRIX[0],
        np.empty((0, 3), dtype=np.float32),
        np.array([[np.nan]], dtype=np.float32),
        np.array([[np.inf]], dtype=np.float32),
        np.array([[-1.0]], dtype=np.float32),
    ],
    ids=["float64", "one row", "empty", "nan", "infinite", "negative"],
)
def test_only_matrices_of_multiples_are_encoded(matrix: Any) -> None:
    with pytest.raises(ValueError, match=r"must be|at least 0"):
        encode(matrix)


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (replace(ENCODED, codec="gzip"), "codec"),
        (replace(ENCODED, layout="float64-le-row-major"), "layout"),
        (replace(ENCODED, buckets=0), "no entries"),
        (replace(ENCODED, scenarios=-3), "no entries"),
        (replace(ENCODED, scenarios=4), "fewer bytes"),
        (replace(ENCODED, scenarios=2), "more bytes"),
        (replace(ENCODED, scenarios=2**40), "at most"),
        (replace(ENCODED, sha256="0" * 64), "SHA-256"),
        (replace(ENCODED, payload=b""), "fewer bytes"),
        (replace(ENCODED, payload=b"not zlib"), "decompress"),
        (replace(ENCODED, payload=ENCODED.payload[:-1]), "does not end"),
        (replace(ENCODED, payload=ENCODED.payload + b"x"), "does not end"),
        (encoded_content(np.array([np.nan] * 6, dtype="<f4").tobytes()), "not finite"),
        (encoded_content(np.array([-1.0] * 6, dtype="<f4").tobytes()), "below 0"),
        (encoded_content(b"\0" * 23), "fewer bytes"),
        (encoded_content(b"\0" * 25), "more bytes"),
    ],
)
def test_damage_is_named(damaged: EncodedMatrix, message: str) -> None:
    with pytest.raises(CorruptMatrix, match=message):
        decode(damaged)


def test_swapped_dimensions_are_not_noticed_by_size_but_decode_as_stated() -> None:
    # The shape is stored beside the payload, not inside: the matrix key guards it.
    assert decode(replace(ENCODED, buckets=3, scenarios=2)).shape == (3, 2)


@given(position=st.integers(0, len(ENCODED.payload) - 1), change=st.integers(1, 255))
def test_every_changed_byte_is_noticed(position: int, change: int) -> None:
    payload = bytearray(ENCODED.payload)
    payload[position] ^= change
    try:
        decoded = decode(replace(ENCODED, payload=bytes(payload)))
    except CorruptMatrix:
        return
    # A few bits of a compressed stream (padding, level hint) carry no content.
    assert decoded.tobytes() == MATRIX.tobytes()


def test_bomb_is_stopped_after_the_stated_size() -> None:
    bomb = replace(ENCODED, payload=zlib.compress(b"\0" * 50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(CorruptMatrix, match="more bytes"):
            decode(bomb)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000


def test_decoded_matrix_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        decode(ENCODED)[0, 0] = 1.0

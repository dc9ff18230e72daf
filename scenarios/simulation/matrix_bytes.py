"""Scenario matrices as bytes for storage, with all that is needed to prove them undamaged."""

import hashlib
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CODEC: Literal["zlib"] = "zlib"
LAYOUT: Literal["float32-le-row-major"] = "float32-le-row-major"
BYTES_PER_ENTRY = 4
# Level 1 leaves about 90 % of the size like every other level, at a fraction of the time.
COMPRESSION_LEVEL = 1
LARGEST_BYTES = 1 << 30


class CorruptMatrix(ValueError):
    """The stored bytes are not the matrix that was encoded; the message says how they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedMatrix:
    """``sha256`` is of the uncompressed bytes, so it does not depend on the compressor."""

    payload: bytes
    codec: str
    layout: str
    buckets: int
    scenarios: int
    sha256: str


def encode(multiples: NDArray[np.float32]) -> EncodedMatrix:
    """The bytes of a (B, S) matrix of finite multiples of at least 0.

    :raises ValueError: for any other array; rounding float64 here would change the matrix
    """
    if multiples.dtype != np.float32 or multiples.ndim != 2 or multiples.size == 0:
        raise ValueError(
            f"a {multiples.ndim}-dimensional {multiples.dtype} array of {multiples.size} entries, "
            "must be a 2-dimensional float32 array with entries"
        )
    if multiples.nbytes > LARGEST_BYTES:
        raise ValueError(f"{multiples.nbytes} bytes, at most {LARGEST_BYTES} can be stored")
    if not _are_multiples(multiples):
        raise ValueError("multiples must be finite and at least 0")
    content = _content(multiples)
    buckets, scenarios = multiples.shape
    return EncodedMatrix(
        payload=zlib.compress(content, COMPRESSION_LEVEL),
        codec=CODEC,
        layout=LAYOUT,
        buckets=buckets,
        scenarios=scenarios,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def content_sha256(multiples: NDArray[np.float32]) -> str:
    """The SHA-256 (hexadecimal) under which ``encode`` stores these multiples."""
    return hashlib.sha256(_content(multiples)).hexdigest()


def decode(encoded: EncodedMatrix) -> NDArray[np.float32]:
    """The (B, S) float32 matrix, C-contiguous and read-only.

    :raises CorruptMatrix: if anything differs from what was encoded; never allocates more than
        the stated shape needs
    """
    if encoded.codec != CODEC or encoded.layout != LAYOUT:
        raise CorruptMatrix(
            f"codec {encoded.codec!r} with layout {encoded.layout!r}, "
            f"only {CODEC!r} with {LAYOUT!r} can be read"
        )
    content = decompressed(encoded.payload, size=_stated_size(encoded))
    digest = hashlib.sha256(content).hexdigest()
    if digest != encoded.sha256:
        raise CorruptMatrix(f"SHA-256 of the content is {digest}, stored is {encoded.sha256}")
    matrix = np.frombuffer(content, dtype="<f4").reshape(encoded.buckets, encoded.scenarios)
    if not _are_multiples(matrix):
        raise CorruptMatrix("the matrix has entries that are not finite or below 0")
    return matrix.astype(np.float32, copy=False)


def decompressed(payload: bytes, *, size: int) -> bytes:
    """Exactly ``size`` bytes; one byte more is asked for, to notice a longer content.

    :raises CorruptMatrix: if they are more or fewer, or not all that the payload holds
    """
    if size > LARGEST_BYTES:
        raise CorruptMatrix(
            f"the stated shape needs {size} bytes, at most {LARGEST_BYTES} are read"
        )
    decompressor = zlib.decompressobj()
    try:
        content = decompressor.decompress(payload, size + 1)
    except zlib.error as error:
        raise CorruptMatrix(f"the payload does not decompress: {error}") from error
    if len(content) != size:
        comparison = "more" if len(content) > size else "fewer"
        raise CorruptMatrix(f"the payload holds {comparison} bytes than the {size} of its shape")
    if not decompressor.eof or decompressor.unused_data:
        raise CorruptMatrix("the payload does not end with its compressed stream")
    return content


def _content(multiples: NDArray[np.float32]) -> bytes:
    return multiples.astype("<f4", copy=False).tobytes(order="C")


def _stated_size(encoded: EncodedMatrix) -> int:
    if encoded.buckets < 1 or encoded.scenarios < 1:
        raise CorruptMatrix(f"shape ({encoded.buckets}, {encoded.scenarios}) has no entries")
    return encoded.buckets * encoded.scenarios * BYTES_PER_ENTRY


def _are_multiples(matrix: NDArray[np.float32]) -> bool:
    return bool(np.all(np.isfinite(matrix)) and np.all(matrix >= 0.0))

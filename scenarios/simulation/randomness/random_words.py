"""Counter-based random words: every word is a function of what it is for, not of when it is drawn.

A word is addressed by (purpose, role, name, deal pair, scenario), so a scenario is the same
whatever the number of scenarios, the chunk it is drawn in, or the other buckets present.
"""

import hashlib
import threading
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scenarios.simulation.randomness.sample import Sample

WORDS_PER_BLOCK = 4
"""One Philox block is four 64-bit words, one for each of four consecutive scenarios."""


ALL_BITS = 2**64 - 1

_THREAD = threading.local()


class Role(IntEnum):
    """What a word is for; part of the counter, so the numbers are fixed."""

    DEAL = 0
    MACRO = 1
    SECTOR = 2
    STAGE = 3
    BUCKET = 4
    SCALE = 5


PURPOSES = {Sample.OPTIMIZATION: 1, Sample.VALIDATION: 2, Sample.PILOT: 3}
"""The part of the counter that makes samples independent; fixed numbers."""


@dataclass(frozen=True, slots=True)
class RandomKey:
    """The 128-bit Philox key; distinct keys give unrelated words."""

    low: int
    high: int


def random_key(text: str) -> RandomKey:
    """The key of a text, from its SHA-256."""
    digest = hashlib.sha256(text.encode()).digest()
    return RandomKey(int.from_bytes(digest[0:8], "little"), int.from_bytes(digest[8:16], "little"))


def name_word(*, role: Role, name: str) -> int:
    """The 64-bit word that stands for a named factor or bucket in the counter."""
    digest = hashlib.sha256(f"{role.name.lower()}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


def random_words(
    *,
    key: RandomKey,
    purpose: int,
    role: Role,
    name: int,
    first_scenario: int,
    count: int,
    deal_pair: int = 0,
) -> NDArray[np.uint64]:
    """One 64-bit word for each of ``count`` scenarios from ``first_scenario`` on.

    Philox4x64-10 with the counter [scenario // 4, deal pair, name, purpose << 8 | role]; numpy
    adds 1 to the counter before its first block. Source: J. K. Salmon et al., Parallel random
    numbers: as easy as 1, 2, 3 (SC 2011).
    """
    first_block, surplus = divmod(first_scenario, WORDS_PER_BLOCK)
    generator = _generator_of_this_thread()
    generator.state = {
        "bit_generator": "Philox",
        "state": {
            "counter": np.array([first_block, deal_pair, name, purpose << 8 | role], np.uint64),
            "key": np.array([key.low, key.high], np.uint64),
        },
        "buffer": np.zeros(WORDS_PER_BLOCK, np.uint64),
        "buffer_pos": WORDS_PER_BLOCK,
        "has_uint32": 0,
        "uinteger": 0,
    }
    words: NDArray[np.uint64] = generator.random_raw(surplus + count)
    return words[surplus:]


def _generator_of_this_thread() -> np.random.Philox:
    """A generator whose state says nothing until it is set.

    Making one costs several times as much as drawing 400 words, since numpy then asks the operating
    system for entropy even where a key is given.
    """
    if not hasattr(_THREAD, "generator"):
        _THREAD.generator = np.random.Philox(key=0)
    generator: np.random.Philox = _THREAD.generator
    return generator


def antithetic_words(
    draw: partial[NDArray[np.uint64]], *, first_scenario: int, count: int, mirrored_bits: int
) -> NDArray[np.uint64]:
    """Scenario 2k + 1 has the word of scenario 2k with the bits of a mask flipped.

    ``draw`` is ``random_words`` at some address. Flipping all bits turns the uniform u of a word
    into 1 - u.
    """
    surplus = first_scenario % 2
    words = draw(first_scenario=first_scenario - surplus, count=surplus + count)
    mirrors = len(words) // 2
    words[1::2] = words[0::2][:mirrors] ^ np.uint64(mirrored_bits)
    return words[surplus:]

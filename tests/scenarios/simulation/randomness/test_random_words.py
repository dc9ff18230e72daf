"""Counter-based words against Philox4x64-10 written out in integers."""

from functools import partial

import numpy as np

from scenarios.simulation.randomness.random_words import (
    RandomKey,
    Role,
    antithetic_words,
    name_word,
    random_key,
    random_words,
)

MASK = 2**64 - 1
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Ten rounds as published by Salmon et al. (2011), table 2 and section 3.4."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> 64) ^ c1 ^ k0,
            product1 & MASK,
            (product0 >> 64) ^ c3 ^ k1,
            product0 & MASK,
        )
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return [c0, c1, c2, c3]


def words(
    *,
    first_scenario: int,
    count: int,
    purpose: int = 1,
    role: Role = Role.DEAL,
    name: int = 77,
    deal_pair: int = 3,
) -> list[int]:
    drawn: list[int] = random_words(
        key=RandomKey(11, 22),
        purpose=purpose,
        role=role,
        name=name,
        deal_pair=deal_pair,
        first_scenario=first_scenario,
        count=count,
    ).tolist()
    return drawn


def test_philox_oracle_gives_the_published_known_answer() -> None:
    # Random123 kat_vectors: philox4x64 10 rounds, counter 0, key 0.
    assert philox([0, 0, 0, 0], [0, 0]) == [
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    ]


def test_word_of_a_scenario_is_its_place_in_the_block_of_its_counter() -> None:
    # Scenario 9 is word 1 of block 9 // 4 = 2; numpy starts at counter + 1.
    block = philox([2 + 1, 3, 77, 1 << 8 | Role.DEAL], [11, 22])
    assert words(first_scenario=9, count=1) == [block[1]]


def test_words_do_not_depend_on_where_a_chunk_begins_or_ends() -> None:
    whole = words(first_scenario=0, count=40)
    for first in range(9):
        for count in (1, 2, 5, 17):
            assert words(first_scenario=first, count=count) == whole[first : first + count]


def test_every_part_of_the_address_changes_the_words() -> None:
    reference = words(first_scenario=0, count=8)
    changed = [
        words(first_scenario=0, count=8, purpose=2),
        words(first_scenario=0, count=8, role=Role.MACRO),
        words(first_scenario=0, count=8, name=78),
        words(first_scenario=0, count=8, deal_pair=4),
    ]
    assert not any(set(other) & set(reference) for other in changed)


def test_scenario_numbers_far_beyond_any_sample_still_have_words() -> None:
    assert len(words(first_scenario=4 * 10**15 + 1, count=3)) == 3


def test_odd_antithetic_scenarios_flip_the_masked_bits_of_the_one_before() -> None:
    draw = partial(
        random_words, key=RandomKey(11, 22), purpose=1, role=Role.DEAL, name=77, deal_pair=3
    )
    plain = words(first_scenario=0, count=20)
    expected = [plain[n] if n % 2 == 0 else plain[n - 1] ^ 0b101 for n in range(20)]
    for first in range(6):
        for count in range(1, 8):
            drawn = antithetic_words(draw, first_scenario=first, count=count, mirrored_bits=0b101)
            assert drawn.tolist() == expected[first : first + count]


def test_name_word_is_the_head_of_the_sha256_of_role_and_name() -> None:
    # printf 'sector:saas' | sha256sum begins with these 16 digits, read as little-endian.
    digest_head = bytes.fromhex("2ca7832be38778d3")
    assert name_word(role=Role.SECTOR, name="saas") == int.from_bytes(digest_head, "little")


def test_equal_names_in_different_roles_have_different_words() -> None:
    assert len({name_word(role=role, name="saas") for role in Role}) == len(Role)


def test_distinct_texts_have_distinct_keys() -> None:
    assert random_key("law a") != random_key("law b")
    assert random_key("law a") == random_key("law a")


def test_words_look_uniform() -> None:
    # 40,000 words: the mean of the upper 32 bits / 2^32 has standard error 0.289 / 200 = 0.00144.
    drawn = np.array(words(first_scenario=0, count=40_000), dtype=np.uint64)
    upper = (drawn >> np.uint64(32)).astype(float) / 2**32
    assert abs(upper.mean() - 0.5) < 4 * 0.00144

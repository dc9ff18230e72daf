"""Bodies that Python's json module accepts and that would do harm further in."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.api.strict_json import (
    DEEPEST_NESTING,
    MalformedJson,
    RefusedJson,
    parse_strict_json,
)

storable_text = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable_text, inner, max_size=4),
    max_leaves=12,
)


def refused(body: str) -> list[tuple[tuple[str | int, ...], str, str]]:
    with pytest.raises(RefusedJson) as raised:
        parse_strict_json(body.encode())
    return [(value.path, value.code, value.message) for value in raised.value.refused]


@given(json_values)
def test_every_ordinary_json_value_is_read_as_it_was_written(value: object) -> None:
    assert parse_strict_json(json.dumps(value).encode()) == value


@given(json_values)
def test_unescaped_text_is_read_as_it_was_written(value: object) -> None:
    assert parse_strict_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        value = parse_strict_json(body)
    except (MalformedJson, RefusedJson):
        return
    assert json.loads(body) == value


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_literals_are_refused_with_their_place_value_and_rule(
    literal: str,
) -> None:
    ((path, code, message),) = refused(f'{{"limits": {{"cvar": [1, {literal}]}}}}')

    assert path == ("limits", "cvar", 1)
    assert code == "NOT_FINITE"
    assert f"is {literal}, must be a finite number" in message


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 400, "-" + "1" * 5000])
def test_number_beyond_the_largest_float_is_refused(number: str) -> None:
    ((path, code, _),) = refused(f'{{"capital_usd": {number}}}')

    assert (path, code) == (("capital_usd",), "NOT_FINITE")


def test_integer_of_three_hundred_digits_is_still_read_exactly() -> None:
    assert parse_strict_json(b"1" + b"0" * 300) == 10**300


def test_every_refused_value_is_listed_and_not_only_the_first() -> None:
    found = refused('{"a": NaN, "b": [Infinity], "c": "\\u0000"}')

    assert [path for path, _, _ in found] == [("a",), ("b", 0), ("c",)]


def test_name_given_twice_is_refused_though_the_last_value_would_win() -> None:
    found = refused('{"limits": {"max": 0.1, "max": 0.9}}')

    assert [(path, code) for path, code, _ in found] == [(("limits", "max"), "REPEATED_FIELD")]


def test_the_same_name_in_two_objects_is_no_repetition() -> None:
    assert parse_strict_json(b'[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udfff"])
def test_text_that_cannot_be_stored_is_refused_as_value_and_as_name(escape: str) -> None:
    assert [code for _, code, _ in refused(f'{{"name": "a{escape}"}}')] == ["NOT_STORABLE_TEXT"]
    assert [code for _, code, _ in refused(f'{{"a{escape}": 1}}')] == ["NOT_STORABLE_TEXT"]


def test_escaped_surrogate_pair_is_one_character() -> None:
    assert parse_strict_json(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_deepest_allowed_nesting_is_read() -> None:
    body = b"[" * DEEPEST_NESTING + b"]" * DEEPEST_NESTING

    assert parse_strict_json(body) is not None


def test_one_level_more_is_refused() -> None:
    depth = DEEPEST_NESTING + 1
    ((path, code, _),) = refused("[" * depth + "]" * depth)

    assert code == "TOO_DEEP"
    assert len(path) == DEEPEST_NESTING


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 50_000, b"[" * 100_000 + b"]" * 100_000],
    ids=["unclosed lists", "unclosed objects", "closed lists"],
)
def test_nesting_beyond_the_stack_is_refused_without_a_crash(body: bytes) -> None:
    with pytest.raises((MalformedJson, RefusedJson)):
        parse_strict_json(body)


def test_many_repeated_names_are_found_in_one_pass() -> None:
    # 20,000 names, one of them twice: counting each name on its own would take 4e8 steps.
    names = ",".join(f'"n{index}":1' for index in range(20_000))
    found = refused(f'{{{names},"n7":2}}')

    assert [path for path, _, _ in found] == [("n7",)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "line 1, column 2"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": 1} {"b": 2}', "not JSON"),
        (b'{"a": "\n"}', "not JSON"),
        (b'{"a": \xff}', "not UTF-8: byte 6"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ],
)
def test_body_that_is_not_json_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedJson, match=reason):
        parse_strict_json(body)


def test_negative_zero_and_the_smallest_float_are_ordinary_numbers() -> None:
    value = parse_strict_json(b"[-0.0, 5e-324]")

    assert isinstance(value, list)
    assert math.copysign(1.0, value[0]) == -1.0
    assert value[1] == 5e-324

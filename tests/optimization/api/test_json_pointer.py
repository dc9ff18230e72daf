"""Paths of faults, as the readers of input write them, become RFC 6901 pointers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.api.json_pointer import dotted_path, pointer, pointer_of

names = st.text(alphabet="ab.[]0~/", min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("name", {"name": 1}, "/name"),
        ("limits.sectors.saas.min", {"limits": {"sectors": {"saas": {"min": 2}}}},
         "/limits/sectors/saas/min"),
        ("buckets[3].key", {"buckets": [0, 0, 0, {"key": 1}]}, "/buckets/3/key"),
        ("(top level)", [1, 2], ""),
    ],
)  # fmt: skip
def test_path_becomes_a_pointer(path: str, document: object, expected: str) -> None:
    assert pointer_of(path, document=document) == expected


def test_pointer_to_a_missing_field_names_where_it_belongs() -> None:
    assert pointer_of("limits.cvar.max", document={"limits": {"cvar": {}}}) == "/limits/cvar/max"
    assert pointer_of("limits.cvar.max", document={}) == "/limits/cvar/max"
    assert pointer_of("regimes[2].name", document={"regimes": [{}]}) == "/regimes/2/name"


def test_document_decides_where_a_name_with_dots_ends() -> None:
    document = {"limits": {"sectors": {"a.b": {"min": 2}, "a": {}}}}

    assert pointer_of("limits.sectors.a.b.min", document=document) == "/limits/sectors/a.b/min"
    assert pointer_of("limits.sectors.a.min", document=document) == "/limits/sectors/a/min"


def test_name_that_only_begins_alike_is_not_taken() -> None:
    assert pointer_of("sectors.saas", document={"sectors": {"sa": 1, "saas": 2}}) == "/sectors/saas"


def test_name_that_looks_like_an_index_is_taken_as_a_name() -> None:
    assert pointer_of("a[0]", document={"a[0]": 1}) == "/a[0]"
    assert pointer_of("a[0]", document={"a": [1]}) == "/a/0"


def test_slash_and_tilde_are_escaped() -> None:
    assert pointer_of("limits.a/b~c", document={"limits": {"a/b~c": 1}}) == "/limits/a~1b~0c"


def test_path_below_a_plain_value_stops_at_that_value() -> None:
    # The fund is named by its id; a fault of its policy has no place of its own in the body.
    assert pointer_of("fund.buckets[0].reserve_ratio", document={"fund": "1234"}) == "/fund"


@given(st.lists(names, min_size=1, max_size=4))
def test_path_to_a_value_that_is_there_points_at_it(segments: list[str]) -> None:
    document: object = "the value"
    for name in reversed(segments):
        document = {name: document}

    assert pointer_of(".".join(segments), document=document) == pointer(segments)


@given(st.text(max_size=12), st.recursive(st.none(), lambda inner: st.dictionaries(names, inner)))
def test_any_path_gives_some_pointer(path: str, document: object) -> None:
    result = pointer_of(path, document=document)

    assert result == "" or result.startswith("/")


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (["limits", "sectors", "saas"], "limits.sectors.saas"),
        (["buckets", 3, "key"], "buckets[3].key"),
        ([], "(top level)"),
        ([0, "a"], "[0].a"),
    ],
)
def test_dotted_path_is_written_like_the_paths_of_faults(
    segments: list[str | int], expected: str
) -> None:
    assert dotted_path(segments) == expected

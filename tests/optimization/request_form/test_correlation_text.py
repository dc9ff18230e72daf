"""A table of correlations as people paste it, and what is said about one that cannot be read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.request_form.correlation_text import (
    LARGEST_TEXT_BYTES,
    UnreadableCorrelation,
    correlation_of_text,
    text_of_correlation,
    text_of_upload,
    uncorrelated_table,
)

HALF = {"buckets": ["seed/saas", "late/saas"], "matrix": [[1.0, 0.5], [0.5, 1.0]]}

correlations = st.integers(min_value=1, max_value=6).flatmap(
    lambda size: st.fixed_dictionaries(
        {
            "buckets": st.lists(
                st.from_regex("[a-z_]{1,9}/[a-z_]{1,9}", fullmatch=True),
                min_size=size,
                max_size=size,
                unique=True,
            ),
            "matrix": st.lists(
                st.lists(st.floats(min_value=-1, max_value=1), min_size=size, max_size=size),
                min_size=size,
                max_size=size,
            ),
        }
    )
)


def messages(text: str) -> list[str]:
    with pytest.raises(UnreadableCorrelation) as refused:
        correlation_of_text(text)
    return list(refused.value.messages)


@pytest.mark.parametrize(
    "text",
    [
        ",seed/saas,late/saas\nseed/saas,1,0.5\nlate/saas,.5,1\n",
        "bucket;seed/saas;late/saas\r\nseed/saas;1;0.5\r\nlate/saas;0.5;1",
        "\tseed/saas\tlate/saas\nseed/saas\t1\t0.5\nlate/saas\t0.5\t1",
        '"", "seed/saas",late/saas\n\n seed/saas ,1, 0.5 \nlate/saas,5e-1,1.0\n,,\n',
    ],
    ids=["commas", "semicolons", "tabs", "blanks"],
)
def test_table_is_read_with_any_usual_separator(text: str) -> None:
    assert correlation_of_text(text) == HALF


def test_rows_may_come_in_another_order_than_columns() -> None:
    text = ",seed/saas,late/saas\nlate/saas,0.4,1\nseed/saas,1,0.5\n"
    assert correlation_of_text(text)["matrix"] == [[1.0, 0.5], [0.4, 1.0]]


def test_json_is_taken_as_it_is() -> None:
    assert correlation_of_text(f" {json.dumps(HALF)}\n") == HALF


def test_typographic_minus_is_a_minus() -> None:
    text = ",a/b,c/d\na/b,1,\N{MINUS SIGN}0.5\nc/d,-0.5,1"
    assert correlation_of_text(text)["matrix"] == [[1.0, -0.5], [-0.5, 1.0]]


@pytest.mark.parametrize("cell", ["one", "", "0,5", "nan", "inf", "1e9999", "\u0663"])
def test_cell_that_is_no_number_stays_as_it_is_for_the_rules_to_name(cell: str) -> None:
    text = f";a/b;c/d\na/b;1;{cell}\nc/d;0;1"
    assert correlation_of_text(text)["matrix"][0][1] == cell


@given(correlations)
def test_written_table_reads_back_as_the_same_numbers(correlation: dict[str, object]) -> None:
    assert correlation_of_text(text_of_correlation(correlation)) == correlation


def test_table_to_fill_in_has_every_bucket_and_no_correlation() -> None:
    assert uncorrelated_table(["seed/saas", "late/saas"]) == (
        ",seed/saas,late/saas\nseed/saas,1,0\nlate/saas,0,1\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The text is not valid JSON"),
        ('{"matrix": [], "matrix": []}', "the names matrix are repeated"),
        ("[" * 100_000, "nested too deeply"),
        ("[[1, 0.5], [0.5, 1]]", "does not name its buckets"),
        ("seed/saas", "The table has no columns"),
        ("\n \n", "The table has no columns"),
        (",a/b,c/d\na/b,1,0.5,0\nc/d,0.5,1", "Line 2 has 4 cells, the first line has 3"),
        (",a/b,c/d\na/b,1,0.5", "The column c/d has no row"),
        (",a/b\na/b,1\nc/d,0", "The row c/d has no column"),
        (",a/b\na/b,1\na/b,1", "The row a/b is there twice"),
        (",a/b,a/b\na/b,1,1", "The column a/b is there twice"),
        (',a/b\na/b,"1', "Line 2 cannot be read as CSV"),
        ("," * 200_000, "The table has no columns"),
        (",x" * 100_000, "The table has more than 100 buckets"),
    ],
)
def test_text_that_cannot_be_read_is_refused_in_words(text: str, said: str) -> None:
    assert any(said in message for message in messages(text))


def test_everything_that_keeps_a_table_from_being_read_is_said() -> None:
    assert messages(",a/b,c/d\na/b,1\ne/f,0,1") == [
        "Line 2 has 2 cells, the first line has 3",
        "The column c/d has no row",
        "The row e/f has no column",
    ]


def test_upload_may_have_a_byte_order_mark() -> None:
    assert text_of_upload(b"\xef\xbb\xbf,a/b") == ",a/b"


def test_upload_that_is_no_text_is_refused() -> None:
    with pytest.raises(UnreadableCorrelation, match="not UTF-8 text"):
        text_of_upload("é".encode("latin-1"))


def test_upload_of_the_largest_size_is_read_and_no_more() -> None:
    assert text_of_upload(b"x" * LARGEST_TEXT_BYTES)
    with pytest.raises(UnreadableCorrelation, match="larger than 256 kB"):
        text_of_upload(b"x" * (LARGEST_TEXT_BYTES + 1))

"""Correlations of buckets in the request form: pasted, uploaded, and what is wrong with them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from optimization.request_form.form import CORRELATION_FILE
from optimization.request_form.law_faults import MOST_WORDS
from tests.optimization.pages.law_forms import KEYS, TABLE, law_form, law_of, words_at


def upload(content: bytes | str) -> dict[str, SimpleUploadedFile]:
    content = content.encode() if isinstance(content, str) else content
    return {CORRELATION_FILE: SimpleUploadedFile("table.csv", content)}


def test_pasted_table_is_a_correlation() -> None:
    matrix = [[1.0 if row == column else 0.0 for column in KEYS] for row in KEYS]
    assert law_of(law_form(bucket_correlation=TABLE)) == {
        "bucket_correlation": {"buckets": KEYS, "matrix": matrix}
    }


def test_uploaded_table_replaces_the_pasted_one_and_is_shown() -> None:
    form = law_form(upload(TABLE), bucket_correlation="nonsense")
    assert law_of(form)["bucket_correlation"]["buckets"] == KEYS
    assert form["scenario_law-bucket_correlation"].value() == TABLE


def test_upload_that_cannot_be_read_leaves_what_was_typed() -> None:
    form = law_form(upload(b"\xff\xfe"), bucket_correlation=TABLE)
    assert words_at(form, "bucket_correlation") == [
        "The file is not UTF-8 text: export it as CSV UTF-8 or JSON."
    ]
    assert form["scenario_law-bucket_correlation"].value() == TABLE


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f"{KEYS[0]},1,0", f"{KEYS[0]},1,x", "Between {0} and {1}: is 'x', must be a number."),
        (
            f"{KEYS[0]},1,0",
            f"{KEYS[0]},1,0.25",
            "Between {0} and {1}: is 0.25, must equal that of {1} and {0} (0).",
        ),
        (
            f"{KEYS[0]},1,0",
            f"{KEYS[0]},0.5,0",
            "Between {0} and {0}: is 0.5, must be 1 on the diagonal.",
        ),
        (KEYS[0], "seed/gaming", "The table misses {0}."),
        (f",{KEYS[0]}", ",seed/gaming", "The column seed/gaming has no row."),
    ],
)
def test_fault_of_the_table_names_the_two_buckets(old: str, new: str, words: str) -> None:
    form = law_form(bucket_correlation=TABLE.replace(old, new))
    assert words.format(*KEYS) in words_at(form, "bucket_correlation")


def test_correlations_that_no_factors_have_are_said_of_the_table() -> None:
    table = TABLE
    for row, column in ((0, 1), (1, 2), (0, 2)):
        table = with_correlation(table, KEYS[row], KEYS[column], "-0.9")
    # Three buckets cannot all move against each other: 1 - 2 x 0.9 is an eigenvalue.
    assert words_at(law_form(bucket_correlation=table), "bucket_correlation") == [
        "The table has the eigenvalue -0.8, must have none below 0: no factors have these"
        " correlations."
    ]


def with_correlation(table: str, one: str, other: str, number: str) -> str:
    header, *lines = table.splitlines()
    columns = header.split(",")
    rows = [line.split(",") for line in lines]
    for row in rows:
        if row[0] in (one, other):
            row[columns.index(other if row[0] == one else one)] = number
    return "\n".join([header, *(",".join(row) for row in rows)])


def test_table_with_a_fault_in_every_cell_is_said_in_a_few_words() -> None:
    header, *lines = TABLE.splitlines()
    table = "\n".join([header, *(line.replace(",", ",x") for line in lines)])
    words = words_at(law_form(bucket_correlation=table), "bucket_correlation")
    assert len(words) == MOST_WORDS + 1
    assert words[-1] == f"{len(KEYS) ** 2 - MOST_WORDS} more things are wrong with it."


def test_correlations_and_shares_of_factors_exclude_each_other() -> None:
    form = law_form(bucket_correlation=TABLE, factor_shares__sector="100")
    assert words_at(form, "factor_shares-sector") == [
        "Leave these three blank, or the correlations: only one of the two can apply."
    ]

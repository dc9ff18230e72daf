"""The Python function and the database function make the same key of every label."""

import unicodedata
from collections.abc import Sequence

import pytest
from django.db import DataError, connection
from hypothesis import example, given
from hypothesis import strategies as st

from funds.taxonomy import COMBINING_MARKS, FOLDED_LETTERS, NotDatabaseText, normalize_sector

BY_HAND = [
    ("SaaS", "saas"),
    ("  Health  Care ", "health_care"),
    ("Data & AI", "data_and_ai"),
    ("R&D", "r_and_d"),
    ("&", "and"),
    ("Café", "cafe"),
    ("Cafe\u0301", "cafe"),  # the accent typed separately
    ("Œuvre, Straße; Ærø", "oeuvre_strasse_aero"),
    ("ŁÓDŹ", "lodz"),
    ("Đặng Thị", "dang_thi"),
    ("İstanbul \u0131l\u0131k", "istanbul_ilik"),  # by no language's own rules
    ("STRAẞE", "strasse"),
    ("\u212aelvin \u212bngstrom", "kelvin_angstrom"),
    ("B2B/SaaS-(EU)", "b2b_saas_eu"),
    ("__a__b__", "a_b"),
    ("a\u200bb", "a_b"),  # zero-width space
    ("Ⅷ \uff18 ٣", ""),  # Roman, full-width and Arabic digits are not 0-9
    ("生物技术", ""),
    ("Биотех bio", "bio"),
    ("🚀 space", "space"),
    ("", ""),
    ("   ", ""),
    ("\t\n", ""),
]

# What a database can store, with the characters at which the two could differ made frequent.
NASTY = "".join(FOLDED_LETTERS.values()) + COMBINING_MARKS + "&_ -/\t\n\x7f\u00ad\u2028'\"\\%$"
labels = st.text(
    st.one_of(
        st.sampled_from(NASTY),
        st.characters(max_codepoint=0x7F, exclude_characters="\0"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=60,
)


def normalized_by_database(texts: Sequence[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT normalize_sector(label) FROM unnest(%s::text[]) WITH ORDINALITY AS t(label, n)"
            " ORDER BY n",
            [list(texts)],
        )
        return [key for (key,) in cursor.fetchall()]


@pytest.mark.parametrize(("label", "key"), BY_HAND)
def test_label_has_the_key_worked_out_by_hand(label: str, key: str) -> None:
    assert normalize_sector(label) == key


@pytest.mark.django_db
def test_database_gives_the_keys_worked_out_by_hand() -> None:
    keys = normalized_by_database([label for label, _ in BY_HAND])

    assert keys == [key for _, key in BY_HAND]


@pytest.mark.django_db
def test_both_agree_on_every_character_of_the_basic_plane() -> None:
    texts = [f"a{chr(code)}b" for code in range(1, 0x10000) if not 0xD800 <= code <= 0xDFFF]

    assert normalized_by_database(texts) == [normalize_sector(text) for text in texts]


@pytest.mark.django_db
@given(texts=st.lists(labels, min_size=20, max_size=20))
@example(texts=["&" * 60, "ß" * 60, "_" * 60, "\U0010ffff"])
def test_both_agree_on_any_text(texts: list[str]) -> None:
    assert normalized_by_database(texts) == [normalize_sector(text) for text in texts]


@given(label=labels)
def test_key_is_ascii_words_joined_by_single_underscores(label: str) -> None:
    key = normalize_sector(label)

    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert "__" not in key
    assert key == key.strip("_")


@given(label=labels)
def test_normalizing_a_key_changes_nothing(label: str) -> None:
    key = normalize_sector(label)

    assert normalize_sector(key) == key


@given(label=labels)
def test_spelling_with_separate_accents_has_the_same_key(label: str) -> None:
    assert normalize_sector(unicodedata.normalize("NFD", label)) == normalize_sector(label)


@pytest.mark.parametrize("label", ["a\0b", "\0", "a\ud800", "\udfff"])
def test_text_that_no_database_stores_is_refused(label: str) -> None:
    with pytest.raises(NotDatabaseText):
        normalize_sector(label)


@pytest.mark.django_db
def test_database_cannot_be_asked_about_nul() -> None:
    with pytest.raises((DataError, ValueError)):
        normalized_by_database(["a\0b"])


@pytest.mark.django_db
def test_database_keeps_null_null() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT normalize_sector(NULL)")

        assert cursor.fetchone() == (None,)


@pytest.mark.django_db
def test_database_function_may_stand_in_constraints_and_parallel_plans() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT provolatile, proisstrict, proparallel FROM pg_proc"
            " WHERE oid = 'normalize_sector(text)'::regprocedure"
        )

        assert cursor.fetchone() == ("i", True, "s")


@pytest.mark.django_db
@pytest.mark.parametrize("search_path", ["pg_catalog, public", "public, pg_catalog"])
def test_other_functions_on_the_search_path_change_nothing(search_path: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION public.translate(text, text, text) RETURNS text LANGUAGE sql"
            " IMMUTABLE RETURN 'hijacked'"
        )
        cursor.execute(f"SET LOCAL search_path = {search_path}")

    assert normalized_by_database(["SaaS"]) == ["saas"]


@pytest.mark.django_db
def test_collation_of_the_argument_changes_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("""SELECT normalize_sector('ÉCOLE' COLLATE "POSIX")""")

        assert cursor.fetchone() == ("ecole",)

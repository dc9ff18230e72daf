"""What a result says of relaxed limits, and of the limit that costs most."""

from optimization.results.limit_notes import ADVICE, CODE, PROVED, limit_notes
from tests.optimization.pages.test_limit_values import explained, relaxation, value
from tests.optimization.pages.test_page_arithmetic import constraint

RELAXED = constraint("cvar", "cvar", relaxed=True, granted=0.36)


def test_result_that_keeps_every_limit_at_no_cost_has_no_note_of_limits() -> None:
    shown = explained([constraint("cvar", "cvar")])
    shown["allocation"]["infeasibility"] = None

    assert limit_notes(shown) == []


def test_relaxed_limit_is_warned_of_by_its_code_with_both_values() -> None:
    shown = explained([RELAXED], relaxations=[relaxation("cvar")])
    shown["allocation"]["infeasibility"] = None
    (note,) = limit_notes(shown)

    assert (note["level"], note["code"], note["title"]) == (
        "warning",
        CODE,
        "One limit was relaxed.",
    )
    assert note["text"] == (
        f"CVaR: at most 36.0% instead of 30.0%, provably the least. {PROVED} {ADVICE}"
    )


def test_relaxation_without_a_proof_is_told_in_the_words_of_the_search() -> None:
    shown = explained([RELAXED], relaxations=[relaxation("cvar")])
    shown["allocation"]["infeasibility"] = "That there is none is not proved."
    (note,) = limit_notes(shown)

    assert PROVED not in str(note["text"])
    assert "That there is none is not proved." in str(note["text"])


def test_costliest_limit_is_told_as_information() -> None:
    shown = explained([constraint("cvar", "cvar")], values=[value("cvar", 0.0214)])
    (note,) = limit_notes(shown)

    assert (note["level"], note["title"]) == ("info", "One more point of CVaR is worth +0.021x.")

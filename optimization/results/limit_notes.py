"""What there is to say of limits: those relaxed, and what the others cost. Pure."""

from typing import Any

from optimization.pages.limit_sentences import highest_worth_sentence, relaxation_sentences
from optimization.results.note import Note, info, warning

CODE = "LIMITS_RELAXED"
PROVED = (
    "No allocation keeps every limit as requested. Those protected least give way first, each only"
    " if giving them all up would not be enough."
)
ADVICE = "To decide otherwise, loosen other limits, or forbid relaxing."


def limit_notes(result: dict[str, Any]) -> list[Note]:
    return [*_relaxed(result), *_costliest(result)]


def _relaxed(result: dict[str, Any]) -> list[Note]:
    sentences = relaxation_sentences(result)
    if not sentences:
        return []
    count = len(sentences)
    title = "One limit was relaxed." if count == 1 else f"{count} limits were relaxed."
    # Words of the search where it could not prove as much.
    reason = result["allocation"]["infeasibility"] or PROVED
    return [warning(title, " ".join([*sentences, reason, ADVICE]), code=CODE)]


def _costliest(result: dict[str, Any]) -> list[Note]:
    sentence = highest_worth_sentence(result)
    if sentence is None:
        return []
    return [
        info(
            sentence,
            "No other limit costs more expected multiple by its next step. The table of limits has"
            " the rest; gains of several limits do not add up.",
        )
    ]

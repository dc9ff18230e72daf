"""The searches of a session, each with the deals that the one before it bought."""

from optimization.api.documentation.shapes import (
    FLAG,
    NUMBER,
    PROBABILITY,
    SHA256,
    TEXT,
    a_list,
    a_record,
    by_name,
    one_of,
    or_null,
)
from optimization.rounds.rounds import Ending

SEARCH = a_record(
    "Search",
    {
        "matrix_key": SHA256,
        "was_cached": FLAG,
        "reference_deals": by_name(NUMBER, description="Of its scenarios, by bucket key."),
        "status": {**TEXT, "description": "As that of an allocation."},
        "expected_multiple": or_null({**NUMBER, "description": "Null: nothing was found."}),
        "loss_probability": or_null(PROBABILITY),
        "mismatched": or_null(
            a_list(
                TEXT,
                description="Buckets of more than 1 % that buy less than half or more than twice"
                " their reference deals.",
            )
        ),
    },
)
ROUNDS = a_record(
    "Rounds",
    {
        "is_settled": {**FLAG, "description": "No bucket of the last search is mismatched."},
        "ending": one_of("RoundsEnding", Ending),
        "reason": or_null(TEXT),
        "searches": a_list(SEARCH, description="In order. The last that found something counts."),
    },
    description="Why there was no further search: `settled`; `most_repeats` (three);"
    " `tried_before`, the deals bought had been simulated before; `nearest`, no number of deals"
    " that can be simulated is nearer; `unattainable`, the law does not exist with them;"
    " `no_allocation`, the last search found none, or `no_scenarios`, those of the next could not"
    " be made: then `reason` says more.",
)

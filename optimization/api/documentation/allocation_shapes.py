"""The allocation of a completed session: what `manage.py solve_allocation` prints as well."""

from typing import get_args

from optimization.api.documentation.shapes import (
    COUNT,
    FLAG,
    MONEY_USD,
    NUMBER,
    PROBABILITY,
    TEXT,
    a_list,
    a_record,
    by_name,
    one_of,
    or_null,
)
from optimization.solver.allocation import ConstraintType, Status
from optimization.solver.explanation.explanation import ValueMethod

CONSTRAINT = a_record(
    "Constraint",
    {
        "id": {**TEXT, "description": "Path of the limit, as in the request."},
        "type": one_of("ConstraintType", get_args(ConstraintType)),
        "requested": NUMBER,
        "granted": {**NUMBER, "description": "Differs from requested when relaxed."},
        "actual": NUMBER,
        "slack": {**NUMBER, "description": "From actual to granted, positive inside the limit."},
        "satisfied": FLAG,
        "relaxed": FLAG,
        "binding": {
            **FLAG,
            "description": "No slack, here or before the weights were evened out, or proved to hold"
            " the expected multiple down.",
        },
    },
)
RELAXATION = a_record(
    "Relaxation",
    {
        "constraint": {**TEXT, "description": "Its id."},
        "requested": NUMBER,
        "granted": NUMBER,
        "is_minimal": {**FLAG, "description": "Less is proved not to be enough."},
        "tightest_possible": {
            **NUMBER,
            "description": "No allocation exists with the limit tighter than that; `granted` where"
            " that is minimal.",
        },
    },
)
LIMIT_VALUE = a_record(
    "LimitValue",
    {
        "constraint": {**TEXT, "description": "Its id; it binds."},
        "loosened_to": {**NUMBER, "description": "One step beyond granted."},
        "step": {
            **NUMBER,
            "description": "0.01, of expected winners 0.1; of loss probability at least one"
            " scenario.",
        },
        "multiple_gain": or_null(
            {
                **NUMBER,
                "minimum": 0,
                "description": "What an allocation found at `loosened_to` has above"
                " `first_pass_expected_multiple`.",
            }
        ),
        "gain_at_most": or_null({**NUMBER, "minimum": 0, "description": "Proved."}),
        "dual": or_null(
            {
                **NUMBER,
                "description": "Gain per unit of the limit, for small steps while the same"
                " scenarios lose.",
            }
        ),
        "method": or_null(
            one_of("LimitValueMethod", get_args(ValueMethod)),
        ),
    },
    description="What one step more of a limit is worth; null where it is not known.",
)
SHARE = or_null({**NUMBER, "description": "Of the total; null where that is 0."})
CONTRIBUTION = a_record(
    "BucketContribution",
    {
        "key": TEXT,
        "weight": PROBABILITY,
        "expected_multiple": {**NUMBER, "description": "They sum to the allocation's."},
        "expected_multiple_share": SHARE,
        "tail_loss": {
            **NUMBER,
            "description": "They sum to the allocation's CVaR; negative: a gain in the tail.",
        },
        "tail_loss_share": SHARE,
    },
)
EXPLANATION = a_record(
    "Explanation",
    {
        "limit_values": a_list(LIMIT_VALUE, description="Of limits that bind and have a step."),
        "contributions": a_list(CONTRIBUTION, description="In the order of the buckets."),
    },
)
SOLVER_RUN = a_record(
    "SolverRun",
    {
        "name": TEXT,
        "version": TEXT,
        "settings": {"type": "object"},
        "seconds": NUMBER,
        "nodes": COUNT,
        "iterations": COUNT,
        "method": or_null({**TEXT, "description": "Of the proof; null: not kept."}),
        "first_pass": or_null({**TEXT, "description": "How the proof ended; null: not kept."}),
        "second_pass": or_null(TEXT),
    },
)
ALLOCATION = a_record(
    "Allocation",
    {
        "status": one_of("AllocationStatus", get_args(Status)),
        "weights": by_name(PROBABILITY, description="By bucket key; they sum to 1."),
        "dollars": by_name(MONEY_USD, description="By bucket key; they sum to the capital."),
        "expected_multiple": {**NUMBER, "description": "From the buckets' exact means."},
        "sample_expected_multiple": {**NUMBER, "description": "From the scenarios alone."},
        "first_pass_expected_multiple": {**NUMBER, "description": "Before the tie-break."},
        "best_bound": {**NUMBER, "description": "Proved: no allocation exceeds it."},
        "mip_gap": NUMBER,
        "loss_probability": PROBABILITY,
        "cvar": NUMBER,
        "cvar_confidence": PROBABILITY,
        "expected_winners": NUMBER,
        "distance_to_uniform": NUMBER,
        "relaxations": a_list(RELAXATION),
        "constraints": a_list(CONSTRAINT),
        "explanation": or_null(EXPLANATION),
        "infeasibility": or_null(TEXT),
        "solver": SOLVER_RUN,
    },
)

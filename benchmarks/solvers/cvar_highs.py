"""CVaR alone as one extensive linear program in arrays, by HiGHS's own choice of method.

Columns: the weights, the tail's edge tau, and for each scenario the excess u over it.
"""

from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from benchmarks.solvers.child import Answer, asked, tell, timed
from benchmarks.solvers.cvar_program import CvarProgram, read_cvar_program
from benchmarks.solvers.processor_limit import wall_limit


def main() -> None:
    request = asked()
    program = read_cvar_program(request.folder / "cvar.npz")
    seconds = wall_limit(request.seconds)
    answer, taken = timed(lambda: solve(program, seconds=seconds))
    tell(answer, taken)


def solve(program: CvarProgram, *, seconds: float) -> Answer:
    reader: Any = highspy.Highs  # Its stubs miss several methods.
    highs = reader()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("time_limit", seconds)
    highs.passModel(_linear_program(program))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return Answer()
    weights = np.array(highs.getSolution().col_value)[: program.means.size]
    return Answer(objective=float(weights @ program.means), weights=weights.tolist())


def _linear_program(program: CvarProgram) -> Any:
    buckets, scenarios = program.multiples.shape
    rest = 1 + scenarios
    weights_and_edge = np.hstack([program.multiples.T, np.ones((scenarios, 1))])
    tail = [*np.zeros(buckets), 1.0, *np.full(scenarios, 1 / program.tail_scenarios)]
    on_weights = np.vstack([np.ones((1, buckets)), program.groups])
    rows = csr_array(
        vstack(
            [
                hstack([csr_array(weights_and_edge), csr_array(eye_array(scenarios))]),
                csr_array([tail]),
                hstack([csr_array(on_weights), csr_array((len(on_weights), rest))]),
            ]
        )
    )
    linear = highspy.HighsLp()
    linear.num_col_, linear.num_row_ = buckets + rest, rows.shape[0]
    linear.sense_ = highspy.ObjSense.kMaximize
    linear.col_cost_ = np.concatenate([program.means, np.zeros(rest)])
    linear.col_lower_ = np.zeros(buckets + rest)
    linear.col_upper_ = np.concatenate([np.full(buckets, program.highest), np.full(rest, np.inf)])
    linear.row_lower_ = np.concatenate([np.ones(scenarios), [-np.inf, 1.0], program.lower])
    linear.row_upper_ = np.concatenate(
        [np.full(scenarios, np.inf), [program.maximum, 1.0], program.upper]
    )
    linear.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    linear.a_matrix_.start_ = rows.indptr
    linear.a_matrix_.index_ = rows.indices
    linear.a_matrix_.value_ = rows.data
    return linear


if __name__ == "__main__":
    main()

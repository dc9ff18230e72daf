"""CVaR alone through skfolio; runs where it is installed.

It has no floor under the losses, which changes nothing as long as the whole tail loses, and means
are those of the scenarios. What Clarabel had when its time was up comes back as an answer, so one
that took all of it counts for none.
"""

import time

import numpy as np
from skfolio import RiskMeasure
from skfolio.optimization import MeanRisk, ObjectiveFunction

from benchmarks.solvers.child import Answer, asked, tell, timed
from benchmarks.solvers.cvar_program import CvarProgram, read_cvar_program
from benchmarks.solvers.processor_limit import wall_limit


def main() -> None:
    request = asked()
    program = read_cvar_program(request.folder / "cvar.npz")
    returns = np.ascontiguousarray(program.multiples.T) - 1
    seconds = wall_limit(request.seconds)
    answer, taken = timed(lambda: solve(program, returns, seconds=seconds))
    tell(answer, taken)


def solve(program: CvarProgram, returns: object, *, seconds: float) -> Answer:
    started = time.perf_counter()
    capped, floored = np.isfinite(program.upper), np.isfinite(program.lower)
    fitted = MeanRisk(
        objective_function=ObjectiveFunction.MAXIMIZE_RETURN,
        risk_measure=RiskMeasure.CVAR,
        cvar_beta=program.confidence,
        max_cvar=program.maximum,
        max_weights=program.highest,
        left_inequality=np.vstack([program.groups[capped], -program.groups[floored]]),
        right_inequality=np.concatenate([program.upper[capped], -program.lower[floored]]),
        solver="CLARABEL",
        solver_params={"time_limit": seconds, "max_threads": 1},
        raise_on_failure=False,
    ).fit(returns)
    if fitted.weights_ is None or time.perf_counter() - started >= seconds:
        return Answer()
    weights = np.asarray(fitted.weights_)
    return Answer(objective=float(weights @ program.means), weights=weights.tolist())


if __name__ == "__main__":
    main()

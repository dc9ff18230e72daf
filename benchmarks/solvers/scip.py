"""The original formulation, read from MPS, through SCIP; runs where PySCIPOpt is installed."""

from pathlib import Path

from pyscipopt import Model

from benchmarks.solvers.child import Answer, asked, tell, timed_once

PROCESSOR_CLOCK = 1


def main() -> None:
    request = asked()
    model = _read(request.folder / "original.mps")
    model.setParams(
        {
            "limits/time": request.seconds,
            "limits/gap": request.gap,
            "timing/clocktype": PROCESSOR_CLOCK,
            "lp/threads": 1,
            "parallel/maxnthreads": 1,
        }
    )
    _, taken = timed_once(model.optimize)
    # The file minimises the negated multiple.
    bound = -float(model.getDualbound())
    if not model.getNSols():
        tell(Answer(bound=bound if bound < model.infinity() else None), taken)
        return
    tell(
        Answer(objective=-float(model.getObjVal()), bound=bound, weights=_weights(model)),
        taken,
    )


def _read(file: Path) -> Model:
    model = Model()
    model.hideOutput()
    model.readProblem(str(file))
    return model


def _weights(model: Model) -> list[float]:
    by_bucket = {
        int(variable.name.removeprefix("weight.")): float(model.getVal(variable))
        for variable in model.getVars()
        if variable.name.startswith("weight.")
    }
    return [by_bucket[bucket] for bucket in sorted(by_bucket)]


if __name__ == "__main__":
    main()

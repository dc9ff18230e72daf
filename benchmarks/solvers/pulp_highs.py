"""The original formulation through PuLP and HiGHS; making the model is timed, as users would."""

from benchmarks.instance_files import read_problem
from benchmarks.solvers.child import asked, tell, timed
from benchmarks.solvers.exact import answer_of
from benchmarks.solvers.processor_limit import wall_limit
from optimization.solver.budgeted_highs import BudgetedHighs
from optimization.solver.mip_pass import reference_optimum


def main() -> None:
    request = asked()
    problem = read_problem(request.folder, gap=request.gap)
    seconds = wall_limit(request.seconds)
    found, taken = timed(lambda: reference_optimum(problem, highs=BudgetedHighs(seconds)))
    tell(answer_of(problem, found), taken)


if __name__ == "__main__":
    main()

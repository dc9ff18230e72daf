"""Compiles the kernels ahead of the first session; where they are compiled it takes a second.

python -m optimization.solver.compiled
"""

import sys

from numba.core import config

from optimization.solver.compiled.warm_up import compile_kernels

if __name__ == "__main__":
    compile_kernels()
    sys.stdout.write(f"numerical kernels are compiled in {config.CACHE_DIR}\n")

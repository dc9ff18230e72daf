"""Numerical kernels: functions that numba compiles to machine code, decorated `@njit(cache=True)`.

The machine code of a kernel may depend on this package, on numba and on its types alone, and must
give the same bits on every machine. So a kernel

* takes no other option of numba's, above all neither `fastmath` nor `parallel`, which change the
  order of sums;
* adds, multiplies, divides, compares and takes square roots, which are exact to the last bit
  everywhere; powers, logarithms and products of matrices are taken from libraries that differ;
* calls kernels of this package and reads constants of this package, nothing else of Keel;
* is always called with the same types: contiguous arrays of one dtype, all writable or all not;
* is called by `warm_up`, which compiles all of them ahead of the first session.

Importing this package loads numba: 0.2 s and 80 MB, so only what computes may import it.
"""

from pathlib import Path

from numba.core import config

from optimization.solver.compiled.code_directory import writable_code_directory

config.CACHE_DIR = str(
    writable_code_directory(package=Path(__file__).parent, chosen=config.CACHE_DIR)
)

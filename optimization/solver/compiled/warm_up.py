"""Compiles all kernels, or loads them where that has been done, by calls on tiny problems."""

from collections.abc import Callable

TINY_PROBLEMS: tuple[Callable[[], object], ...] = ()
"""Each calls the kernels it is for, with the types they are always called with."""


def compile_kernels() -> None:
    for solve_tiny_problem in TINY_PROBLEMS:
        solve_tiny_problem()

"""The rules that every kernel keeps, whichever there are."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from numba.core import types
from numba.core.dispatcher import Dispatcher

from optimization.solver import compiled
from optimization.solver.compiled.warm_up import compile_kernels

Kernel: TypeAlias = Callable[..., object]

PACKAGE = compiled.__name__
CHANGES_THE_ORDER_OF_SUMS = {"fastmath", "parallel"}


def kernels() -> Iterator["Dispatcher[Kernel]"]:
    for module in pkgutil.walk_packages(compiled.__path__, f"{PACKAGE}."):
        for value in vars(importlib.import_module(module.name)).values():
            # What is imported from another module belongs to that one.
            if isinstance(value, Dispatcher) and value.__module__ == module.name:
                yield value


def test_no_kernel_may_change_the_order_of_sums() -> None:
    for kernel in kernels():
        chosen = {name for name, value in kernel.targetoptions.items() if value}
        assert chosen & CHANGES_THE_ORDER_OF_SUMS == set(), kernel.py_func


def test_kernels_take_nothing_from_the_rest_of_keel() -> None:
    """The digest that names their directory covers this package alone."""
    project = {"config", "funds", "optimization", "outbox", "scenarios"}
    for source in Path(compiled.__file__).parent.rglob("*.py"):
        for imported in imported_modules(ast.parse(source.read_text())):
            is_own = imported == PACKAGE or imported.startswith(f"{PACKAGE}.")
            assert is_own or imported.split(".")[0] not in project, source


def imported_modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module is not None
            yield node.module


def test_warm_up_compiles_every_kernel_for_one_combination_of_types() -> None:
    """Two processes that compile one kernel for two combinations at once can swap their code."""
    # In a process of its own, where no other test has called a kernel.
    script = f"import {__name__} as rules; rules.print_faults_after_warm_up()"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    assert ended.stdout == ""


def print_faults_after_warm_up() -> None:
    compile_kernels()
    for kernel in kernels():
        function = kernel.py_func
        fault = fault_after_warm_up(kernel)
        if fault is not None:
            sys.stdout.write(f"{function.__module__}.{function.__qualname__} {fault}\n")


def fault_after_warm_up(kernel: "Dispatcher[Kernel]") -> str | None:
    directory = kernel.stats.cache_path
    if directory is None:
        return "is not declared with cache=True"
    function = kernel.py_func
    stored = f"*.{function.__qualname__}-{function.__code__.co_firstlineno}.py*.nbc"
    if not list(Path(directory).glob(stored)):
        return "is not called by compile_kernels"
    # numba keeps a constant in the source apart from a number, and compiles both alike.
    combinations = {tuple(map(types.unliteral, each)) for each in kernel.signatures}
    if len(combinations) > 1:
        return f"is called with several types: {combinations}"
    return None

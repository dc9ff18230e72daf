"""The data Keel ships: a benchmark calibration, a taxonomy, and a made-up fund to try it on.

Plain JSON read without Django, so commands that need no database can use it too.
"""

import json
from importlib import resources
from typing import Any


def benchmark_calibration() -> dict[str, Any]:
    """The calibration ``v2025_industry_benchmark``: parameters, sample, method and citations.

    ``parameters`` is a scenario configuration without its buckets and seed. ``evidence`` of a
    citation is "published" (read at the source), "quoted" (read elsewhere) or "judgement".
    """
    return _read("v2025_industry_benchmark.json")


def taxonomy() -> dict[str, Any]:
    """The taxonomy 2025.1: ``stages`` in the order of a company's life, and ``sectors``."""
    return _read("taxonomy_2025_1.json")


def default_fund() -> dict[str, Any]:
    """The sample fund with its ``buckets`` and ``default_limits``; amounts are decimal strings."""
    return _read("default_fund.json")


def _read(name: str) -> dict[str, Any]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content

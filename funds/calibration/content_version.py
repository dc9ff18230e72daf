"""The name of a calibration: equal evidence and equal choices have the same, others never."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import rfc8785

from funds.calibration.first_cheques import FirstCheque
from funds.calibration.options import CalibrationOptions
from funds.calibration.spells import Spell

ESTIMATOR = 1
"""Raised whenever the same spells and options give other numbers than before."""


def content_version(
    *,
    spells: Sequence[Spell],
    cheques: Sequence[FirstCheque],
    options: CalibrationOptions,
    benchmark_version: str,
) -> str:
    """SHA-256 of RFC 8785 JSON, 64 hexadecimal digits.

    The order of rows and the names of companies do not enter, for no number depends on them.
    """
    content: dict[str, Any] = {
        "estimator": ESTIMATOR,
        "benchmark": benchmark_version,
        "options": {
            name: None if value is None else _plain(value)
            for name, value in asdict(options).items()
        },
        "spells": sorted(
            [
                spell.stage,
                spell.started_on.isoformat(),
                spell.watched_from.isoformat(),
                spell.ended_on.isoformat(),
                str(spell.outcome),
            ]
            for spell in spells
        ),
        "cheques": sorted(
            [
                cheque.stage,
                cheque.paid_on.isoformat(),
                cheque.ended_on.isoformat(),
                str(cheque.outcome),
                "" if cheque.multiple is None else repr(cheque.multiple),
            ]
            for cheque in cheques
        ),
    }
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def _plain(value: object) -> object:
    return value if isinstance(value, int | float) else str(value)

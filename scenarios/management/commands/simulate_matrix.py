"""Writes a scenario matrix to a file, without database, cache or server."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from django.core.management.base import BaseCommand, CommandParser
from numpy.typing import NDArray

from scenarios.fund_config import default_scenario_config
from scenarios.json_file import UnreadableJsonFile, read_json_file
from scenarios.simulation.checked_input import Fault, InvalidInput
from scenarios.simulation.configuration.canonical_key import matrix_key
from scenarios.simulation.configuration.config import ScenarioConfig, parse_config
from scenarios.simulation.configuration.named_errors import line_with_name
from scenarios.simulation.configuration.parameters import VarianceShares
from scenarios.simulation.deals.bucket_statistics import bucket_statistics
from scenarios.simulation.law_warnings import law_warnings
from scenarios.simulation.matrix_bytes import content_sha256
from scenarios.simulation.model import ScenarioModel, build_model
from scenarios.simulation.randomness.sample import Sample
from scenarios.simulation.variance.variance_shares import (
    NoVariance,
    measured_bucket_shares,
    measured_variance_shares,
)

LARGEST_SCENARIOS = 1_000_000
EXIT_BAD_INPUT = 2


class Command(BaseCommand):
    help = (
        "Simulates the scenario matrix of a configuration file, writes it as float32 "
        "(buckets, scenarios) to a .npy file and prints one JSON object about it."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("config", nargs="?", metavar="CONFIG.json")
        parser.add_argument("--scenarios", type=int, metavar="N")
        parser.add_argument("--sample", choices=[Sample.OPTIMIZATION, Sample.VALIDATION])
        parser.add_argument("--out", metavar="M.npy")
        parser.add_argument(
            "--print-default-config",
            action="store_true",
            help="print the configuration of the shipped fund and calibration, and stop",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_default_config"]:
            self._print_json(parse_config(default_scenario_config()).canonical_json(), indent=2)
            return
        needed = ("config", "scenarios", "sample", "out")
        missing = [name for name in needed if options[name] is None]
        if missing:
            self._refuse(f"{_shown_option(name)}: is missing" for name in missing)
        self._simulate(
            config_path=Path(options["config"]),
            scenarios=options["scenarios"],
            sample=Sample(options["sample"]),
            matrix_path=Path(options["out"]),
        )

    def _simulate(
        self, *, config_path: Path, scenarios: int, sample: Sample, matrix_path: Path
    ) -> None:
        if not 1 <= scenarios <= LARGEST_SCENARIOS:
            rule = f"is {scenarios}, must be from 1 to {LARGEST_SCENARIOS}"
            self._refuse([line_with_name(Fault("--scenarios", "OUT_OF_RANGE", rule))])
        try:
            config = parse_config(read_json_file(config_path))
            started = time.perf_counter()
            model = build_model(config)
        except UnreadableJsonFile as error:
            self._refuse([str(error)])
        except InvalidInput as error:
            self._refuse(line_with_name(fault) for fault in error.faults)
        multiples = model.multiples(sample=sample, first_scenario=0, count=scenarios)
        seconds = time.perf_counter() - started
        try:
            with matrix_path.open("wb") as file:
                np.save(file, multiples)
        except OSError as error:
            self._refuse([f"{matrix_path}: cannot be written: {error.strerror}"])
        self._print_json(
            {
                "matrix_key": matrix_key(config=config, scenarios=scenarios, sample=sample),
                "sha256": content_sha256(multiples),
                **_report(config, model, multiples),
                "seconds": round(seconds, 6),
            }
        )

    def _print_json(self, content: dict[str, Any], *, indent: int | None = None) -> None:
        self.stdout.write(json.dumps(content, allow_nan=False, ensure_ascii=False, indent=indent))

    def _refuse(self, lines: Iterable[str]) -> NoReturn:
        for line in lines:
            self.stderr.write(line)
        raise SystemExit(EXIT_BAD_INPUT)


def _shown_option(name: str) -> str:
    return "CONFIG.json" if name == "config" else f"--{name}"


def _report(
    config: ScenarioConfig, model: ScenarioModel, multiples: NDArray[np.float32]
) -> dict[str, Any]:
    """Shares are None where a multiple does not vary, and a warning says so."""
    warnings = [_warning(warning.code, warning.message) for warning in law_warnings(config)]
    portfolio_shares = None
    bucket_shares: Sequence[VarianceShares | None] = [None] * len(model.buckets)
    try:
        portfolio_shares = asdict(measured_variance_shares(model=model))
        bucket_shares = measured_bucket_shares(model=model)
    except NoVariance as error:
        warnings.append(_warning("NO_VARIANCE", f"There are no variance shares: {error}."))
    return {
        "buckets": _bucket_rows(model, multiples, bucket_shares),
        "variance_shares": portfolio_shares,
        "warnings": warnings,
    }


def _warning(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


def _bucket_rows(
    model: ScenarioModel,
    multiples: NDArray[np.float32],
    shares: Sequence[VarianceShares | None],
) -> list[dict[str, Any]]:
    statistics = bucket_statistics(multiples)
    rows = zip(model.bucket_keys, model.loadings, shares, strict=True)
    expected, standard_errors = model.expected_multiples, model.expected_multiple_standard_errors
    win_probabilities = model.deal_win_probabilities
    return [
        {
            "key": key,
            "expected_multiple": float(expected[row]),
            "expected_multiple_standard_error": float(standard_errors[row]),
            "deal_win_probability": float(win_probabilities[row]),
            "median": float(statistics.medians[row]),
            "p90": float(statistics.p90s[row]),
            "loss_probability": float(statistics.loss_probabilities[row]),
            "variance_shares": None if measured is None else asdict(measured),
            "loadings": {
                "macro_squared": loadings.macro_squared,
                "bucket_squared": loadings.bucket_squared,
            },
        }
        for row, (key, loadings, measured) in enumerate(rows)
    ]

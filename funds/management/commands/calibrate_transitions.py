"""Estimates stage transitions from a fund's rounds; without ``--store`` it needs no database."""

import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser

from funds.calibration.benchmark import benchmark_from
from funds.calibration.calibrate import FundCalibration, calibrate
from funds.calibration.calibration_json import as_json
from funds.calibration.calibration_table import table_lines
from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import read_rounds
from funds.calibration.row_faults import InvalidRounds
from funds.fund_calibration import NothingEstimated, store_fund_calibration
from funds.loading import ContentDiffers
from funds.models import Fund
from funds.shipped import benchmark_calibration

EXIT_BAD_INPUT = 2
DATE_OPTIONS = ("as_of", "observed_from", "entered_from", "entered_until")


class Command(BaseCommand):
    help = (
        "Estimates from a CSV file of rounds how companies move between stages, with standard "
        "errors. Columns: company,stage,date,disposal_date,proceeds_usd and, for exit multiples, "
        "invested_usd. Exit code 2: bad input, one line per fault on stderr."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rounds", type=Path, metavar="ROUNDS.csv")
        parser.add_argument(
            "--as-of", metavar="DATE", help="the day of the cut, YYYY-MM-DD; required"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--entered-from", metavar="DATE", help="only companies whose first round is not earlier"
        )
        parser.add_argument(
            "--entered-until", metavar="DATE", help="only companies whose first round is not later"
        )
        parser.add_argument(
            "--observed-from",
            metavar="DATE",
            help="the record begins here: companies that ended earlier are not in the file",
        )
        parser.add_argument(
            "--zombie-years",
            type=float,
            metavar="YEARS",
            help="count open companies without a round for so long as failed",
        )
        parser.add_argument("--fund", metavar="ID", help="the fund to store the calibration for")
        parser.add_argument(
            "--store", action="store_true", help="store the calibration for --fund; needs --fund"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["store"] != (options["fund"] is not None):
            self._refuse(["--store: goes with --fund ID, and --fund with --store"])
        chosen = self._options(options)
        try:
            calibration = calibrate(
                read_rounds(self._content(options["rounds"])),
                options=chosen,
                benchmark=benchmark_from(benchmark_calibration()),
            )
        except InvalidRounds as error:
            self._refuse(str(fault) for fault in error.faults)
        if options["store"]:
            self._store(calibration, fund_id=options["fund"])
        if options["json"]:
            self.stdout.write(json.dumps(as_json(calibration), allow_nan=False, indent=2))
        else:
            self.stdout.write("\n".join(table_lines(calibration)))

    def _options(self, options: dict[str, Any]) -> CalibrationOptions:
        faults = [] if options["as_of"] is not None else ["--as-of: is missing"]
        dates: dict[str, date] = {}
        for name in DATE_OPTIONS:
            text = options[name]
            if text is None:
                continue
            try:
                dates[name] = _iso_date(text)
            except ValueError:
                faults.append(f"{_flag(name)}: is {text!r}, must be a date as YYYY-MM-DD")
        if faults:
            self._refuse(faults)
        try:
            return CalibrationOptions(**dates, zombie_years=options["zombie_years"])
        except ValueError as error:
            self._refuse([f"options: {error}"])

    def _content(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            self._refuse([f"{path}: cannot be read: {error.strerror}"])

    def _store(self, calibration: FundCalibration, *, fund_id: str) -> None:
        try:
            fund = Fund.objects.get(pk=fund_id)
            snapshot = store_fund_calibration(calibration, fund=fund)
        except (Fund.DoesNotExist, ValidationError):
            self._refuse([f"--fund: is {fund_id!r}, which is no fund"])
        except (NothingEstimated, ContentDiffers) as error:
            self._refuse([f"--store: {error}"])
        self.stderr.write(f"Stored calibration {snapshot} for {fund}.")

    def _refuse(self, lines: Iterable[str]) -> NoReturn:
        for line in lines:
            self.stderr.write(line)
        raise SystemExit(EXIT_BAD_INPUT)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _iso_date(text: str) -> date:
    # date.fromisoformat alone also takes 20250304 and 2025-W10-2.
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text)

"""Keeps the calibration of a fund's own rounds as a snapshot that requests can name."""

import hashlib
from typing import Any

import rfc8785

from funds.calibration.calibrate import FundCalibration
from funds.calibration.exit_multiples import ExitMultiples
from funds.calibration.fund_parameters import fund_parameters
from funds.calibration.transition_rates import PRIOR_EVENTS, StageRates
from funds.loading import load_calibration
from funds.models import CalibrationSnapshot, Fund


class NothingEstimated(ValueError):
    """The rounds tell nothing of any stage: the calibration would be the benchmark's twin."""


def store_fund_calibration(calibration: FundCalibration, *, fund: Fund) -> CalibrationSnapshot:
    """The snapshot of ``calibration`` for ``fund``; storing it again gives the same row.

    :raises NothingEstimated: when every parameter would be the benchmark's
    """
    if not _has_own_numbers(calibration):
        raise NothingEstimated(
            "the rounds give no rate or exit multiple of their own: use the benchmark"
            f" {calibration.benchmark.version}"
        )
    return load_calibration(_content(calibration, fund=fund), fund=fund)


def _has_own_numbers(calibration: FundCalibration) -> bool:
    return any(map(_has_own_rates, calibration.stages)) or any(
        map(_is_known, calibration.exit_multiples.values())
    )


def _has_own_rates(rates: StageRates) -> bool:
    """Without an event the shrunk rates are the benchmark's."""
    return rates.per_round is not None and rates.event_count > 0


def _is_known(multiples: ExitMultiples) -> bool:
    return multiples.unknown_because is None


def _content(calibration: FundCalibration, *, fund: Fund) -> dict[str, Any]:
    as_of = calibration.options.as_of
    named = {"fund": str(fund.pk), "calibration": calibration.version}
    return {
        "version": f"fund_{hashlib.sha256(rfc8785.dumps(named)).hexdigest()}",
        "kind": CalibrationSnapshot.Kind.FUND,
        "label": f"Own rounds of {calibration.companies} companies as of {as_of}",
        "sample_size": calibration.companies,
        "window_start": calibration.first_round_on.isoformat(),
        "window_end": as_of.isoformat(),
        "method": _method(calibration),
        "parameters": fund_parameters(calibration),
        "citations": [_own_record(calibration), *calibration.benchmark.citations],
    }


def _method(calibration: FundCalibration) -> str:
    options = calibration.options
    own_rates = [
        f"{rates.stage} (events: {rates.event_count})"
        for rates in calibration.stages
        if _has_own_rates(rates)
    ]
    own_multiples = [
        f"{stage} (exits: {multiples.exits})"
        for stage, multiples in calibration.exit_multiples.items()
        if _is_known(multiples)
    ]
    sentences = [
        f"Rates of a financing round by the Aalen-Johansen estimator from the rounds of"
        f" {calibration.companies} companies, cut on {options.as_of}, for the stages"
        f" {', '.join(own_rates) or 'none'}; each is averaged with the benchmark's, weighted by"
        f" events against {PRIOR_EVENTS}.",
        "Exit multiples of the first cheques, weighted for censoring, for the stages"
        f" {', '.join(own_multiples) or 'none'}.",
        f"All else is {calibration.benchmark.version}'s.",
        f"Content of the calibration: {calibration.version}.",
    ]
    if options.entered_from or options.entered_until:
        sentences.append(
            f"Only companies that entered from {options.entered_from or 'the first'} until"
            f" {options.entered_until or 'the last'}."
        )
    if options.observed_from:
        sentences.append(f"The record begins on {options.observed_from} (left truncation).")
    if options.zombie_years:
        sentences.append(
            f"Open companies without a round for {options.zombie_years:g} years count as failed."
        )
    return " ".join(sentences)


def _own_record(calibration: FundCalibration) -> dict[str, Any]:
    return {
        "claim": "Transition rates and exit multiples that the method names as the fund's own.",
        "source": f"The fund's own rounds of {calibration.companies} companies",
        "year": calibration.options.as_of.year,
        "evidence": "own record",
    }

"""A calibration as plain JSON values."""

from dataclasses import asdict
from typing import Any

from funds.calibration.calibrate import FundCalibration
from funds.calibration.confidence import CONFIDENCE
from funds.calibration.exit_multiples import ExitMultiples
from funds.calibration.transition_rates import PRIOR_EVENTS, EstimatedRates, Rate, StageRates


def as_json(calibration: FundCalibration) -> dict[str, Any]:
    """Rates are fractions; a horizon or interval that does not exist is null, never 0."""
    return {
        "version": calibration.version,
        "options": {
            name: value if value is None or isinstance(value, float) else value.isoformat()
            for name, value in asdict(calibration.options).items()
        },
        "benchmark": calibration.benchmark.version,
        "estimator": "Aalen-Johansen",
        "interval": {"kind": "log-log", "confidence": CONFIDENCE},
        "prior_events": PRIOR_EVENTS,
        "companies": calibration.companies,
        "first_round_on": calibration.first_round_on.isoformat(),
        "rounds": asdict(calibration.rounds),
        "spells_before_watching": calibration.spells_before_watching,
        "stages": [
            _stage(rates, calibration.exit_multiples[rates.stage]) for rates in calibration.stages
        ],
    }


def _stage(rates: StageRates, multiples: ExitMultiples) -> dict[str, Any]:
    benchmark = rates.benchmark
    return {
        "stage": rates.stage,
        "spells": rates.spells,
        "open_spells": rates.spells - rates.event_count,
        "events": {str(cause): count for cause, count in rates.events.items()},
        "per_round": _estimated(rates.per_round),
        "eventual": _estimated(rates.eventual),
        "mean_spell": None if rates.mean_spell is None else asdict(rates.mean_spell),
        "unknown_because": rates.unknown_because,
        "years_per_round": None if benchmark is None else benchmark.years_per_round,
        "benchmark": None if benchmark is None else asdict(benchmark.per_round),
        "shrunk": None if rates.shrunk is None else asdict(rates.shrunk),
        "exit_multiples": _multiples(rates, multiples),
    }


def _estimated(rates: EstimatedRates | None) -> dict[str, Any] | None:
    if rates is None:
        return None
    return {
        "horizon_years": rates.horizon_years,
        "followed_to_the_end": rates.followed_to_the_end,
        "exit": _rate(rates.exit),
        "graduate": _rate(rates.graduate),
        "fail": _rate(rates.fail),
        "stay": _rate(rates.stay),
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "rate": rate.rate,
        "standard_error": rate.standard_error,
        "interval": None if rate.interval is None else list(rate.interval),
    }


def _multiples(rates: StageRates, multiples: ExitMultiples) -> dict[str, Any]:
    if multiples.unknown_because is None:
        source, median, p90 = "fund", multiples.median, multiples.p90
    elif rates.benchmark is not None:
        source = "benchmark"
        median, p90 = rates.benchmark.exit_multiple_median, rates.benchmark.exit_multiple_p90
    else:
        source, median, p90 = "none", None, None
    return {
        "source": source,
        "median": median,
        "p90": p90,
        "exits": multiples.exits,
        "unknown_because": multiples.unknown_because,
    }

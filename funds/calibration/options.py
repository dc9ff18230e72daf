"""What an analyst chooses for a calibration besides the rounds themselves."""

from dataclasses import dataclass
from datetime import date

DAYS_PER_YEAR = 365.25
SHORTEST_ZOMBIE_YEARS = 0.1
LONGEST_ZOMBIE_YEARS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationOptions:
    """``as_of`` cuts the record: what is dated later is not known.

    ``entered_from`` and ``entered_until`` keep the companies whose first round lies in that range,
    with all their rounds. ``observed_from`` says that the record begins on that day: companies
    that ended before are not in it, so what happened before is no evidence (left truncation).
    ``zombie_years`` is a sensitivity: an open company without a round for that long counts as
    failed at the end of that time.

    :raises ValueError: when dates contradict each other or the years are out of range
    """

    as_of: date
    entered_from: date | None = None
    entered_until: date | None = None
    observed_from: date | None = None
    zombie_years: float | None = None

    def __post_init__(self) -> None:
        if self.observed_from is not None and self.observed_from >= self.as_of:
            raise ValueError(
                f"the record begins on {self.observed_from}, which must be before {self.as_of}"
            )
        first, last = self.entered_from, self.entered_until
        if first is not None and first > min(last or self.as_of, self.as_of):
            raise ValueError(f"no company can have entered from {first} until {last or self.as_of}")
        years = self.zombie_years
        if years is not None and not SHORTEST_ZOMBIE_YEARS <= years <= LONGEST_ZOMBIE_YEARS:
            raise ValueError(
                f"the years without an event are {years:g}, must be from"
                f" {SHORTEST_ZOMBIE_YEARS:g} to {LONGEST_ZOMBIE_YEARS:g}"
            )

    @property
    def zombie_days(self) -> int | None:
        return None if self.zombie_years is None else round(self.zombie_years * DAYS_PER_YEAR)

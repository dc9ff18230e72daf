"""The staff form by which the rounds of a fund become a calibration of its own."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from funds.calibration.benchmark import benchmark_from
from funds.calibration.calibrate import FundCalibration, calibrate
from funds.calibration.options import CalibrationOptions
from funds.calibration.rounds import read_rounds
from funds.calibration.row_faults import InvalidRounds, RowFault
from funds.models import Fund
from funds.shipped import benchmark_calibration

OPTION_FIELDS = ("as_of", "observed_from", "entered_from", "entered_until", "zombie_years")


def _day(*, required: bool = False, **words: str) -> forms.DateField:
    # Without a list of forms Django also takes 03/04/2025, which is two days.
    return forms.DateField(
        required=required,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Must be a date as YYYY-MM-DD."},
        **words,  # type: ignore[arg-type]
    )


class RoundsImportForm(forms.Form):
    """When valid, ``calibration`` is what the rounds tell; ``row_faults`` lists what is wrong."""

    fund = forms.ModelChoiceField(
        Fund.objects.select_related("organisation").order_by("organisation__name", "name")
    )
    rounds = forms.FileField(
        label="Rounds, as CSV",
        help_text="Columns: company, stage, date, disposal_date, proceeds_usd and, for exit"
        " multiples, invested_usd. Dates as YYYY-MM-DD.",
    )
    as_of = _day(required=True, label="As of", help_text="What is dated later is not known.")
    observed_from = _day(
        label="Record begins",
        help_text="Companies that ended before are not in the file. Blank: all are.",
    )
    entered_from = _day(label="Entered from", help_text="Only companies that entered from here")
    entered_until = _day(label="Entered until", help_text="until here. Blank: all.")
    zombie_years = forms.FloatField(
        label="Years without a round",
        required=False,
        help_text="Open companies without a round for so long count as failed. Blank: none do.",
    )

    calibration: FundCalibration

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_faults: tuple[RowFault, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            options = CalibrationOptions(**{name: cleaned[name] for name in OPTION_FIELDS})
        except ValueError as error:
            raise ValidationError(f"These options do not go together: {error}.") from error
        try:
            self.calibration = calibrate(
                read_rounds(cleaned["rounds"].read()),
                options=options,
                benchmark=benchmark_from(benchmark_calibration()),
            )
        except InvalidRounds as error:
            self.row_faults = error.faults
            raise ValidationError(_count_of(error.faults)) from error
        return cleaned


def _count_of(faults: tuple[RowFault, ...]) -> str:
    things = "thing is" if len(faults) == 1 else "things are"
    return f"{len(faults):,} {things} wrong in the file. Nothing has been stored."

"""One input of the request form: what its template needs besides what Django gives it."""

from collections.abc import Sequence
from typing import Any

from django import forms

from optimization.request_form.fields import CALIBRATION, RequestField
from optimization.request_form.units import CHECKED, Unit

TABLE_ROWS = 6


class PageField(forms.Field):
    """Takes any text: what is wrong with it is for `parse_request` to say."""

    def __init__(
        self,
        field: RequestField,
        *,
        initial: str,
        default: str,
        choices: Sequence[tuple[str, str]],
        is_labelled_by_table: bool,
    ) -> None:
        super().__init__(
            required=False,
            label=field.label,
            help_text=field.help,
            initial=initial,
            widget=_widget(field, choices, is_labelled_by_table=is_labelled_by_table),
        )
        self.unit = field.unit
        self.hint = field.hint
        self.is_limit = field.is_limit
        self.is_of_law = field.is_of_law
        self.is_long_text = field.is_long_text
        self.default = default

    def clean(self, value: Any) -> str:
        return CHECKED if value is True else value or ""


def _widget(
    field: RequestField, choices: Sequence[tuple[str, str]], *, is_labelled_by_table: bool
) -> forms.Widget:
    if field is CALIBRATION:
        return forms.RadioSelect(choices=choices)
    if field.unit is Unit.FLAG:
        return forms.CheckboxInput()
    if choices:
        return forms.Select(choices=choices)
    attributes = {"autocomplete": "off"}
    if field.is_long_text:
        return forms.Textarea({**attributes, "rows": TABLE_ROWS, "spellcheck": "false"})
    if field.unit is not Unit.TEXT:
        attributes["inputmode"] = "decimal"
    if is_labelled_by_table:
        attributes["aria-label"] = f"{field.label}, {field.unit.spoken}"
    return forms.TextInput(attributes)

"""The request form: typed text becomes the JSON that the API accepts, faults come back to fields.

`parse_request` holds every rule about values; this file holds none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from optimization.form_faults import fault_words, group_fault_words
from optimization.form_fields import (
    CALIBRATION,
    REQUEST,
    RISK,
    SOLVER,
    RequestField,
    WeightPair,
    regime_fields,
    weight_pairs,
)
from optimization.form_paths import drop_lone_confidence, put_at, value_at
from optimization.form_units import Unit, json_value, typed_text
from optimization.request import FundFacts, OptimizationRequest, parse_request
from scenarios.simulation.checked_input import Fault, InvalidInput

CVAR_CONFIDENCE = "limits.cvar.confidence"

# Paths of faults that concern several fields at once: the group's name and its place on the page.
GROUPS = {
    "limits.stages": ("Stage weights", "stages"),
    "limits.sectors": ("Sector weights", "sectors"),
    "regimes": ("Regimes", "regimes"),
}


@dataclass(frozen=True, slots=True)
class ShownFault:
    """A line of the list at the top of the page.

    ``target`` is the id it links to, ``position`` where that stands on the page. Words about a
    group of fields go on from its label in one sentence.
    """

    label: str
    words: str
    target: str | None
    position: int
    is_of_group: bool


@dataclass(frozen=True, slots=True)
class PairRow:
    """A stage or sector with its two inputs."""

    label: str
    minimum: BoundField
    maximum: BoundField


class RequestForm(forms.Form):
    """Fields depend on the fund: its stages, its sectors and the regimes of its calibration.

    When valid, ``parsed`` is the request. ``shown_faults`` lists everything that is wrong.
    """

    parsed: OptimizationRequest

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        facts: FundFacts,
        calibration_labels: Mapping[str, str],
        defaults: Mapping[str, Any],
        start_from: Mapping[str, Any],
    ) -> None:
        """``defaults`` is the fund's own request; an unsent form shows that of ``start_from``."""
        super().__init__(data, use_required_attribute=False)
        self.facts = facts
        self._calibration_choices = sorted(calibration_labels.items())
        self.shown_faults: list[ShownFault] = []
        self._calibration = self._chosen_calibration(start_from)
        self.stage_pairs = list(weight_pairs("stages", _labels(facts, "stage")))
        self.sector_pairs = list(weight_pairs("sectors", _labels(facts, "sector")))
        self.regimes = list(regime_fields(self._regimes_of_calibration()))
        self._by_path = {field.path: field for field in self._request_fields()}
        for field in self._by_path.values():
            self._add(field, defaults=defaults, start_from=start_from)

    def clean(self) -> dict[str, Any]:
        try:
            self.parsed = parse_request(self.as_request(), fund=self.facts)
        except InvalidInput as error:
            for fault in error.faults:
                self._show(fault)
            self.shown_faults.sort(key=lambda shown: shown.position)
        return self.cleaned_data

    def as_request(self) -> dict[str, Any]:
        """The JSON object that the same request through the API would hold."""
        request: dict[str, Any] = {}
        for path, field in self._by_path.items():
            value = json_value(self.cleaned_data[field.name], field.unit)
            if value is not None and not path.startswith("regimes"):
                put_at(request, path, value)
        drop_lone_confidence(request)
        regimes = self._regimes_with_typed_probabilities()
        return request if regimes is None else {**request, "regimes": regimes}

    def fields_at(self, *paths: str) -> list[BoundField]:
        return [self[self._by_path[path].name] for path in paths]

    @property
    def request_rows(self) -> list[BoundField]:
        return self.fields_at(*(field.path for field in REQUEST))

    @property
    def risk_rows(self) -> list[BoundField]:
        return self.fields_at(*(field.path for field in RISK))

    @property
    def stage_rows(self) -> list[PairRow]:
        return self._pair_rows(self.stage_pairs)

    @property
    def sector_rows(self) -> list[PairRow]:
        return self._pair_rows(self.sector_pairs)

    @property
    def regime_rows(self) -> list[BoundField]:
        return self.fields_at(*(field.path for field in self.regimes))

    @property
    def solver_rows(self) -> list[BoundField]:
        return self.fields_at(CALIBRATION.path, *(field.path for field in SOLVER))

    @property
    def has_advanced_faults(self) -> bool:
        rows = [*self.regime_rows, *self.solver_rows]
        return any(row.errors for row in rows) or any(
            fault.target == "regimes" for fault in self.shown_faults
        )

    def _request_fields(self) -> Iterator[RequestField]:
        yield from REQUEST
        yield from RISK
        yield from self._pair_fields()
        yield CALIBRATION
        yield from self.regimes
        yield from SOLVER

    def _add(
        self, field: RequestField, *, defaults: Mapping[str, Any], start_from: Mapping[str, Any]
    ) -> None:
        default = typed_text(value_at(defaults, field.path), field.unit)
        initial = typed_text(value_at(start_from, field.path), field.unit)
        if field.path == CVAR_CONFIDENCE:
            initial = initial or default
        self.fields[field.name] = _PageField(
            field, initial=initial, default=default, widget=self._widget(field)
        )

    def _widget(self, field: RequestField) -> forms.Widget:
        if field is CALIBRATION:
            return forms.Select(choices=self._calibration_choices)
        attributes = {"autocomplete": "off"}
        if field.unit is not Unit.TEXT:
            attributes["inputmode"] = "decimal"
        if field in self._pair_fields():
            attributes["aria-label"] = f"{field.label}, {field.unit.spoken}"
        return forms.TextInput(attributes)

    def _pair_fields(self) -> Iterator[RequestField]:
        for pair in (*self.stage_pairs, *self.sector_pairs):
            yield pair.minimum
            yield pair.maximum

    def _pair_rows(self, pairs: list[WeightPair]) -> list[PairRow]:
        return [
            PairRow(
                label=pair.label,
                minimum=self[pair.minimum.name],
                maximum=self[pair.maximum.name],
            )
            for pair in pairs
        ]

    def _chosen_calibration(self, start_from: Mapping[str, Any]) -> str | None:
        """The calibration whose regimes the page shows; one that is not known has none."""
        chosen = self.data.get(CALIBRATION.name) if self.is_bound else None
        chosen = chosen or start_from.get("calibration")
        return chosen if chosen in self.facts.calibrations else None

    def _regimes_of_calibration(self) -> list[dict[str, Any]]:
        if self._calibration is None:
            return []
        return [dict(regime) for regime in self.facts.calibrations[self._calibration]["regimes"]]

    def _regimes_with_typed_probabilities(self) -> list[dict[str, Any]] | None:
        """The calibration's regimes with the typed probabilities; None when none is typed."""
        typed = [json_value(self.cleaned_data[field.name], field.unit) for field in self.regimes]
        if all(value is None for value in typed):
            return None
        return [
            regime if value is None else {**regime, "probability": value}
            for regime, value in zip(self._regimes_of_calibration(), typed, strict=True)
        ]

    def _show(self, fault: Fault) -> None:
        field = self._by_path.get(fault.path)
        if field is None:
            self._show_without_field(fault)
            return
        words = fault_words(fault, unit=field.unit, typed=self.cleaned_data[field.name])
        self.errors.setdefault(field.name, self.error_class()).append(words)
        self.shown_faults.append(
            ShownFault(
                label=field.label,
                words=words,
                target=self[field.name].id_for_label,
                position=self._position(field.path),
                is_of_group=False,
            )
        )

    def _show_without_field(self, fault: Fault) -> None:
        label, target = GROUPS.get(fault.path, (_policy_label(fault.path), None))
        words = group_fault_words(fault, unit=Unit.PERCENT if target else Unit.TEXT)
        self.add_error(None, f"{label} {words}")
        self.shown_faults.append(
            ShownFault(
                label=label,
                words=words,
                target=target,
                position=self._position(fault.path),
                is_of_group=True,
            )
        )

    def _position(self, path: str) -> int:
        """Of the first field at or below ``path``; what has no field comes first."""
        return next(
            (index for index, known in enumerate(self._by_path) if known.startswith(path)), -1
        )


class _PageField(forms.Field):
    """Takes any text: what is wrong with it is for `parse_request` to say."""

    def __init__(
        self, field: RequestField, *, initial: str, default: str, widget: forms.Widget
    ) -> None:
        super().__init__(
            required=False,
            label=field.label,
            help_text=field.help,
            initial=initial,
            widget=widget,
        )
        self.unit = field.unit
        self.hint = field.hint
        self.is_limit = field.is_limit
        self.default = default

    def clean(self, value: Any) -> str:
        return value or ""


def _labels(facts: FundFacts, kind: str) -> list[tuple[str, str]]:
    """(key, label) of the fund's stages or sectors, each once, in the fund's order."""
    return list({bucket[kind]: bucket[f"{kind}_label"] for bucket in facts.buckets}.items())


def _policy_label(path: str) -> str:
    return f"Fund policy, {path.removeprefix('fund.')}," if path.startswith("fund") else path

"""The request form: typed text becomes the JSON that the API accepts, faults come back to fields.

`parse_request` holds every rule about values; this file holds none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField

from optimization.request.checked_request import FundFacts, OptimizationRequest, parse_request
from optimization.request_form.calibrations import CalibrationChoice
from optimization.request_form.correlation_text import UnreadableCorrelation, text_of_upload
from optimization.request_form.faults import fault_words, group_fault_words
from optimization.request_form.fields import (
    CALIBRATION,
    RELAX,
    REQUEST,
    RISK,
    SOLVER,
    RequestField,
    WeightPair,
    regime_fields,
    weight_pairs,
)
from optimization.request_form.frontier_fields import FRONTIER, fit_to_frontier
from optimization.request_form.law import UNREADABLE, calibrated_groups, law_start, put_law
from optimization.request_form.law_faults import law_fault_words, without_repetition
from optimization.request_form.law_fields import CORRELATION
from optimization.request_form.page_field import PageField
from optimization.request_form.paths import drop_lone_confidence, put_at, value_at
from optimization.request_form.placement import ShownFault, field_at_fault, group_at_fault
from optimization.request_form.rows import CalibrationRow, LawRows, PairRow
from optimization.request_form.units import json_value, typed_text
from scenarios.simulation.checked_input import Fault, InvalidInput

CVAR_CONFIDENCE = "limits.cvar.confidence"
CORRELATION_FILE = f"{CORRELATION.name}-file"
# The calibration whose regimes stood on the page beside the inputs for their probabilities.
REGIMES_OF = "regimes_of"


class RequestForm(forms.Form):
    """Fields depend on the fund: its stages, its sectors, its calibrations and their regimes.

    When valid, ``parsed`` is the request. ``shown_faults`` lists everything that is wrong.
    """

    parsed: OptimizationRequest

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, "UploadedFile[Any]"] | None = None,
        *,
        facts: FundFacts,
        calibrations: Sequence[CalibrationChoice],
        defaults: Mapping[str, Any],
        start_from: Mapping[str, Any],
        parse: Callable[..., OptimizationRequest] = parse_request,
    ) -> None:
        """``defaults`` is the fund's own request; an unsent form shows that of ``start_from``.

        ``parse`` is `parse_request` or reads less of a request under the same rules.
        """
        self._parse = parse
        self._unread_files: list[Fault] = []
        data = data if data is None else self._with_files(data, files or {})
        super().__init__(data, use_required_attribute=False)
        self.facts = facts
        self.shown_faults: list[ShownFault] = []
        self._calibrations = calibrations
        self.regimes_of = self._chosen_calibration(start_from)
        self._parameters = facts.calibrations.get(self.regimes_of, {})
        self.stage_pairs = list(weight_pairs("stages", _labels(facts, "stage")))
        self.sector_pairs = list(weight_pairs("sectors", _labels(facts, "sector")))
        self.regimes = list(regime_fields(self._parameters.get("regimes", [])))
        self.law_groups = calibrated_groups(self._parameters)
        self._by_path = {field.path: field for field in self._request_fields()}
        starts = {path: value_at(start_from, path) for path in self._by_path}
        starts.update(law_start(start_from))
        for path, field in self._by_path.items():
            self._add(field, default=value_at(defaults, path), start=starts[path])

    def clean(self) -> dict[str, Any]:
        request, faults = self._request_and_faults()
        try:
            self.parsed = self._parse(request, fund=self.facts)
        except InvalidInput as error:
            faults.extend(error.faults)
        correlation = request.get("scenario_law", {}).get("bucket_correlation")
        for fault in without_repetition(faults):
            self._show(fault, correlation)
        self.shown_faults.sort(key=lambda shown: shown.position)
        return self.cleaned_data

    def as_request(self) -> dict[str, Any]:
        """The JSON object that the same request through the API would hold."""
        return self._request_and_faults()[0]

    def fields_at(self, *paths: str) -> list[BoundField]:
        return [self[self._by_path[path].name] for path in paths]

    @property
    def request_rows(self) -> list[BoundField]:
        return self.fields_at(*(field.path for field in REQUEST))

    @property
    def calibration_rows(self) -> list[CalibrationRow]:
        radios = self[CALIBRATION.name].subwidgets
        return [
            CalibrationRow(choice, radio)
            for choice, radio in zip(self._calibrations, radios, strict=True)
        ]

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
    def relax_row(self) -> BoundField:
        return self[RELAX.name]

    @property
    def frontier_rows(self) -> list[BoundField]:
        return self.fields_at(*(field.path for field in FRONTIER))

    @property
    def states_frontier(self) -> bool:
        return any(row.value() for row in self.frontier_rows)

    @property
    def law_rows(self) -> list[LawRows]:
        return [
            LawRows(group, self.fields_at(*(field.path for field in group.fields)))
            for group in self.law_groups
        ]

    @property
    def regime_rows(self) -> list[BoundField]:
        return self.fields_at(*(field.path for field in self.regimes))

    @property
    def solver_rows(self) -> list[BoundField]:
        return self.fields_at(*(field.path for field in SOLVER))

    @property
    def stated_law_count(self) -> int:
        """How many inputs of the section on the scenario law say something."""
        rows = [row for group in self.law_rows for row in group.rows]
        return sum(bool(row.value()) for row in [*rows, *self.regime_rows])

    @property
    def has_law_faults(self) -> bool:
        rows = [row for group in self.law_rows for row in group.rows]
        return any(row.errors for row in [*rows, *self.regime_rows]) or any(
            fault.target == "regimes" for fault in self.shown_faults
        )

    @property
    def has_solver_faults(self) -> bool:
        return any(row.errors for row in self.solver_rows)

    def _request_fields(self) -> Iterator[RequestField]:
        yield from REQUEST
        yield CALIBRATION
        yield from RISK
        yield from self._pair_fields()
        yield RELAX
        yield from FRONTIER
        yield from self.regimes
        for group in self.law_groups:
            yield from group.fields
        yield from SOLVER

    def _add(self, field: RequestField, *, default: object, start: object) -> None:
        default_text = typed_text(default, field.unit)
        initial = typed_text(start, field.unit)
        if field.path == CVAR_CONFIDENCE:
            initial = initial or default_text
        self.fields[field.name] = PageField(
            field,
            initial=initial,
            default=default_text,
            choices=self._choices_of(field),
            is_labelled_by_table=field in self._pair_fields(),
        )

    def _choices_of(self, field: RequestField) -> list[tuple[str, str]]:
        if field is CALIBRATION:
            return [(choice.version, choice.label) for choice in self._calibrations]
        return list(field.choices)

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

    def _chosen_calibration(self, start_from: Mapping[str, Any]) -> str:
        """The calibration that the page is about.

        Its regimes and its law stand beside the inputs that may replace them.
        """
        chosen = self.data.get(CALIBRATION.name) if self.is_bound else None
        return chosen or start_from.get("calibration") or ""

    def _regimes_of_another(self) -> list[Fault]:
        """A probability typed beside one regime must not become that of another."""
        shown = self.facts.calibrations.get(self.data.get(REGIMES_OF, self.regimes_of), {})
        if shown.get("regimes") == self._parameters.get("regimes"):
            return []
        return [
            Fault(
                "regimes",
                "REGIMES_OF_ANOTHER",
                "are other ones under the calibration chosen now: state them again, or leave them"
                " blank",
            )
        ]

    def _request_and_faults(self) -> tuple[dict[str, Any], list[Fault]]:
        """The request, and the faults of what cannot even be stated in one."""
        request: dict[str, Any] = {}
        stated = {
            path: json_value(self.cleaned_data[field.name], field.unit)
            for path, field in self._by_path.items()
        }
        for path, field in self._by_path.items():
            if stated[path] is not None and not field.is_of_law and field not in self.regimes:
                put_at(request, path, stated[path])
        fit_to_frontier(request)
        drop_lone_confidence(request)
        faults = [*self._unread_files, *put_law(request, stated)]
        if any(stated[field.path] is not None for field in self.regimes):
            faults += self._regimes_of_another()
            request["regimes"] = [
                regime
                if stated[field.path] is None
                else {**regime, "probability": stated[field.path]}
                for regime, field in zip(self._parameters["regimes"], self.regimes, strict=True)
            ]
        return request, faults

    def _with_files(
        self, data: Mapping[str, Any], files: Mapping[str, "UploadedFile[Any]"]
    ) -> Mapping[str, Any]:
        """What was typed, with the text of an uploaded table in place of a typed one.

        The page shows that text, so that it can be corrected there: a browser forgets the file.
        """
        uploaded = files.get(CORRELATION_FILE)
        if uploaded is None:
            return data
        try:
            text = text_of_upload(uploaded.read())
        except UnreadableCorrelation as error:
            self._unread_files = [
                Fault(CORRELATION.path, UNREADABLE, message) for message in error.messages
            ]
            return data
        return {**{name: data[name] for name in data}, CORRELATION.name: text}

    def _show(self, fault: Fault, correlation: Mapping[str, Any] | None) -> None:
        field = field_at_fault(fault.path, self._by_path)
        if field is None:
            label, target, unit = group_at_fault(fault.path)
            words = group_fault_words(fault, unit=unit)
            self.add_error(None, f"{label} {words}")
        else:
            label, target = field.label, self._id_of(field)
            typed = self.cleaned_data[field.name]
            if field.is_of_law:
                words = law_fault_words(fault, field=field, typed=typed, correlation=correlation)
            else:
                words = fault_words(fault, unit=field.unit, typed=typed)
            self.errors.setdefault(field.name, self.error_class()).append(words)
        self.shown_faults.append(
            ShownFault(
                label=label,
                words=words,
                target=target,
                position=self._position(field.path if field else fault.path),
                is_of_group=field is None,
            )
        )

    def _id_of(self, field: RequestField) -> str | None:
        """Of the first radio button where there are several."""
        return "id_calibration_0" if field is CALIBRATION else self[field.name].id_for_label

    def _position(self, path: str) -> int:
        """Of the first field at or below ``path``; what has no field comes first."""
        return next(
            (index for index, known in enumerate(self._by_path) if known.startswith(path)), -1
        )


def _labels(facts: FundFacts, kind: str) -> list[tuple[str, str]]:
    """(key, label) of the fund's stages or sectors, each once, in the fund's order."""
    return list({bucket[kind]: bucket[f"{kind}_label"] for bucket in facts.buckets}.items())

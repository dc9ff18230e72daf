"""The request form with the scenario law filled in."""

from typing import Any

from optimization.request_form.correlation_text import uncorrelated_table
from optimization.request_form.form import RequestForm
from tests.optimization.pages.requests import request_form, shipped_facts, typed_request

FACTS = shipped_facts()
KEYS = [bucket["key"] for bucket in FACTS.buckets]
TABLE = uncorrelated_table(KEYS)


def law_form(files: Any = None, /, **typed: str) -> RequestForm:
    fields = {f"scenario_law-{name.replace('__', '-')}": text for name, text in typed.items()}
    return request_form(typed_request() | fields, files)


def law_of(form: RequestForm) -> Any:
    assert form.is_valid(), form.errors
    return form.as_request().get("scenario_law")


def words_at(form: RequestForm, name: str) -> list[str]:
    assert not form.is_valid()
    return [str(words) for words in form.errors.get(f"scenario_law-{name}", [])]

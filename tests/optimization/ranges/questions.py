"""Questions of a small fund, and what they ask."""

from typing import Any

from funds.models import Fund
from optimization.ranges import asking
from optimization.ranges.models import AskedRanges
from optimization.ranges.question import RangesQuestion, parse_relevant, question_of
from optimization.request.fund_facts import fund_facts

FEW = {"optimization_scenarios": 64}


def question(fund: Fund, **fields: Any) -> RangesQuestion:
    facts = fund_facts(fund)
    return question_of(parse_relevant({**FEW, **fields}, fund=facts), fund=facts)


def asked(fund: Fund, **fields: Any) -> AskedRanges:
    return asking.ask(fund=fund, question=question(fund, **fields))

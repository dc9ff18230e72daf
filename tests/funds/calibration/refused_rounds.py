"""What reading a file of rounds refuses, in words and by code, and rows to start from."""

import pytest

from funds.calibration.rounds import read_rounds
from funds.calibration.row_faults import InvalidRounds
from tests.funds.calibration.worked_example import HEADER

GOOD = "acme,seed,2020-01-31,,"
WITH_INVESTED = HEADER + ",invested_usd"


def faults_of(content: bytes) -> list[str]:
    with pytest.raises(InvalidRounds) as refused:
        read_rounds(content)
    assert str(refused.value).splitlines() == [str(fault) for fault in refused.value.faults]
    return [str(fault) for fault in refused.value.faults]


def codes_of(content: bytes) -> list[str]:
    with pytest.raises(InvalidRounds) as refused:
        read_rounds(content)
    return [fault.code for fault in refused.value.faults]

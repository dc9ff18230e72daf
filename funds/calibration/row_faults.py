"""What is wrong with a file of rounds, by row and column as a spreadsheet numbers them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One fault: a stable code for programs and words for people.

    Row 1 is the header. ``row`` is None for a fault of the whole file, ``column`` for one of a
    whole row.
    """

    row: int | None
    column: str | None
    code: str
    message: str

    def __str__(self) -> str:
        where = "file" if self.row is None else f"row {self.row}"
        if self.column is not None:
            where += f", column {self.column}"
        return f"{where}: {self.message}"


class InvalidRounds(ValueError):
    """The rounds break at least one rule; ``faults`` lists every one that was found."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

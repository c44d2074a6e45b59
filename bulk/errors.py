"""What can stop a run, and what can be wrong with one row."""

from dataclasses import dataclass

from contract.errors import UserError


class BulkError(UserError):
    """The run cannot start or go on; the message says what was expected, found, how to mend it."""


@dataclass(frozen=True)
class RowError:
    """One row cannot be scored: a code for programs and a message for people."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

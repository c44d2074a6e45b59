"""One row of a batch: what it asks for, and of which kind the answer is."""

from dataclasses import dataclass

from contract.errors import ReviewError
from contract.request import Request


@dataclass(frozen=True)
class Row:
    """What one row asks for, or why it cannot be read; TorchServe mixes both kinds in a batch."""

    request: Request | ReviewError
    explain: bool
    #: what the header says that asks for an explanation later, or by its name
    later: str = ""

    @property
    def reviews(self) -> tuple[object, ...]:
        """The reviews to score, none for a row that cannot be read."""
        return self.request.reviews if isinstance(self.request, Request) else ()

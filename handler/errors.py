"""Two ways to be unfit: a review that cannot be scored, a checkpoint that cannot be used."""


class ReviewError(ValueError):
    """One review or request cannot be scored; carries the contract's code, message and status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def as_json(self) -> dict[str, dict[str, str]]:
        """Return the error in the one shape that every hop of the service uses."""
        return {"error": {"code": self.code, "message": self.message}}


class CheckpointError(ValueError):
    """A checkpoint does not fit; the message says what was expected, found, and how to mend it."""

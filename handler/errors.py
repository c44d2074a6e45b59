"""What can be wrong with a model that is to be loaded."""

from contract.errors import UserError


class CheckpointError(UserError):
    """A checkpoint does not fit; the message says what was expected, found, and how to mend it."""

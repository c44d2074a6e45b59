"""The one error that a user of the runner is meant to read."""

from contract.errors import UserError


class StartError(UserError):
    """Says in one line what keeps the servers from starting, and how to mend it."""

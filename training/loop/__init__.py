"""The training loop: optimizer, saved state, history and the record of a run."""

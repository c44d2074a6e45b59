"""Many reviews: from files to verdicts, in one process or in several."""

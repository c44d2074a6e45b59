"""Bulk scoring: its speed beside the bare predictor's and a pipeline's, its memory, its stages."""

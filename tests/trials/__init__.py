"""Trials with faults and load: what the service promises while somebody breaks it."""

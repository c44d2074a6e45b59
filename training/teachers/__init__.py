"""The models whose answers a student learns from."""

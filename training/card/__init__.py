"""The model card: what a checkpoint is, what it was trained on and what was measured."""

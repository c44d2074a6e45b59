"""The commands of training, one module each: `python -m training.NAME`."""

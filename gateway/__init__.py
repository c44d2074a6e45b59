"""The web gateway: the only part that faces users; it knows TorchServe over HTTP, nothing else."""

"""Reviews on their way in: read, split, tokenized, masked and cut into batches."""

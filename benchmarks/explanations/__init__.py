"""Ways to explain a verdict, compared: which words would change it, and at what cost."""

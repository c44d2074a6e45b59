"""What a network or a reference is worth: metrics, reports, plots and the behaviour suite."""

"""From labelled reviews to a calibrated, evaluated checkpoint."""

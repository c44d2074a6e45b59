"""Everything that travels in the .mar: cleaning, encoding, network, engines, predictor, handler."""

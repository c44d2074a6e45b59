"""Everything that travels in the .mar: cleaning, encoding, network, engines, predictor, handler.

Importing it switches off the libraries' telemetry, whichever of its modules is wanted.
"""

from handler import telemetry

telemetry.switch_off()

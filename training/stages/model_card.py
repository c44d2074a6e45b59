"""Write a checkpoint's README.md, its model card, from its own training run and evaluation.

    python -m training.model_card --checkpoint model_store/checkpoint \\
        --metrics run/test/metrics.json --behaviour run/test/behaviour.json \\
        --run run/train/run.json

No figure in the card is typed by hand; what a run did not record is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from handler.checkpoint import read_settings
from handler.files import write_text
from training.card.model_card import CARD_FILE, check_same_temperature, read_json, render
from training.options import command, option, parse, required


@dataclass(frozen=True, kw_only=True)
class CardOptions:
    """Whose card is written, and the files that its figures come from."""

    COMMAND: ClassVar[str] = "model_card"

    checkpoint: Path = required("checkpoint; its README.md is written", metavar="DIR")
    metrics: Path = required("metrics.json of the final evaluation", metavar="FILE")
    behaviour: Path | None = option(None, "behaviour.json of the same evaluation", metavar="FILE")
    run: Path | None = option(None, "run.json that training wrote", metavar="FILE")


def write_card(options: CardOptions) -> None:
    """Write the card; raises DataError or CheckpointError if a file is missing or does not fit."""
    settings, measured = read_settings(options.checkpoint), read_json(options.metrics)
    check_same_temperature(settings, measured)
    card = render(
        settings,
        measured,
        read_json(options.behaviour) if options.behaviour else None,
        read_json(options.run) if options.run else {},
    )
    write_text(options.checkpoint / CARD_FILE, card)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the card from the command line."""
    command(lambda: write_card(parse(CardOptions, arguments, __doc__)))


if __name__ == "__main__":
    main()

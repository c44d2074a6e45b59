"""Make a tiny BERT of random weights, its vocabulary fitted on the data, as a stand-in.

    python -m training.tiny_encoder --data reviews.csv --output run/tiny

`OUTPUT/bert` can be given to `training.train --encoder` and `training.teach --teacher` where no
pretrained encoder is at hand: it knows nothing, and shows in minutes that every step works.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from handler.cleaning import PROFILES
from handler.files import whole_folder
from training.loop.records import record_done
from training.models.tiny_bert import fit_word_pieces, random_bert
from training.options import command, option, parse
from training.stages.options import TrainingOptions, read_splits

STAGE = "encoder"
FOLDER = "bert"


@dataclass(frozen=True, kw_only=True)
class TinyEncoderOptions(TrainingOptions):
    """The shape of the stand-in."""

    COMMAND: ClassVar[str] = "tiny_encoder"

    output: Path = option(Path("run/tiny"), "folder of this stage")
    vocab_size: int = option(4000, "pieces of its tokenizer, at most")
    layers: int = option(2, "of the encoder")
    width: int = option(64, "of its hidden states")
    heads: int = option(2, "of its attention")
    max_length: int = option(256, "tokens, special ones included")


def make_encoder(options: TinyEncoderOptions) -> None:
    """Write the encoder, and that it is made."""
    clean = PROFILES["plain"]
    reviews = read_splits(options).train
    tokenizer = fit_word_pieces((clean(review.text) for review in reviews), options.vocab_size)
    with whole_folder(options.output / FOLDER) as staging:
        encoder = random_bert(
            tokenizer,
            hidden_size=options.width,
            num_hidden_layers=options.layers,
            num_attention_heads=options.heads,
            intermediate_size=4 * options.width,
            max_position_embeddings=options.max_length,
        )
        encoder.save_pretrained(staging)
        tokenizer.save_pretrained(staging)
    record_done(options.output, STAGE, options)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    command(lambda: make_encoder(parse(TinyEncoderOptions, argv, __doc__)))


if __name__ == "__main__":
    main()

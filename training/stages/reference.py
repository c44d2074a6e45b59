"""Write how verdicts on the training set are distributed: what live traffic is compared with.

    python -m training.stages.reference --data aclImdb_v1.tar.gz --output model_store/reference.json

The file holds counts by bucket, no text. Run it whenever a checkpoint is shipped: the gateway
compares only with the version that is served.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from contract.answer import Prediction
from contract.distribution import QUANTITIES, Counts, buckets
from handler.description import version
from handler.files import write_text
from handler.predictor import Predictor
from training.data.readers import Review, read_split
from training.options import command

_SEED = 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Count from the command line."""
    command(lambda: write_reference(_parser().parse_args(arguments)))


def write_reference(options: argparse.Namespace) -> None:
    """Score a sample of the training set and write the counts; raises UserError."""
    reviews = read_split(options.data, "train", options.text_column, options.label_column)
    predictor = Predictor.load(options.checkpoint)
    answers = predictor.predict([review.text for review in _sample(reviews, options.sample)])
    counts = count(answer for answer in answers if isinstance(answer, Prediction))
    content = {"model_version": version(options.checkpoint), **counts}
    write_text(options.output, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    print(f"{options.output}: {sum(counts['label'].values())} reviews counted")


def count(predictions: Iterable[Prediction]) -> dict[str, Counts]:
    """Return how many predictions fall into each bucket of each quantity."""
    counters: dict[str, Counter[str]] = {quantity: Counter() for quantity in QUANTITIES}
    for prediction in predictions:
        for quantity, bucket in buckets(prediction.as_json()).items():
            counters[quantity][bucket] += 1
    return {quantity: dict(sorted(counter.items())) for quantity, counter in counters.items()}


def _sample(reviews: list[Review], size: int) -> list[Review]:
    return random.Random(_SEED).sample(reviews, min(size, len(reviews)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.stages.reference",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    store = Path("model_store")
    add("--checkpoint", type=Path, default=store / "checkpoint", metavar="DIR")
    add("--data", type=Path, required=True, metavar="PATH", help="IMDb archive, CSV or TSV")
    add("--text-column", metavar="C", help="column with the texts (default: review)")
    add("--label-column", metavar="C", help="column with the labels (default: label)")
    add("--sample", type=int, default=5000, metavar="N", help="reviews drawn (default: 5000)")
    add("--output", type=Path, default=store / "reference.json", metavar="FILE")
    return parser


if __name__ == "__main__":
    main()

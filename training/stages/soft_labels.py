"""Let finished checkpoints and the linear model label all reviews softly together.

    python -m training.soft_labels --teacher model_store/checkpoint --data aclImdb_v1.tar.gz

For machines without the hours of a large teacher (`training.teach`): models that err on different
reviews know more together than each alone. Every teacher counts the same in the mean of the logits,
whose temperature is fitted on the validation part. Each teacher's own answers stay in the folder,
so that a stop loses little and another mix costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from training.data.readers import Review
from training.data.splits import Splits
from training.evaluation.report import markdown_table
from training.evaluation.scoring import Scorer, check_evaluable, load_scorer, probability_matrix
from training.evaluation.temperature import fit_temperature, measure
from training.loop.records import record_done
from training.options import command, option, parse, require
from training.stages.options import TrainingOptions, read_splits
from training.teachers.label_store import label_softly, read_logits, write_soft_labels
from training.teachers.soft_labels import linear_logits

STAGE = "soft labels"
SOFT_LABELS = "soft_labels.npz"
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, kw_only=True)
class SoftLabelsOptions(TrainingOptions):
    """Who teaches, and where the answers are kept."""

    COMMAND: ClassVar[str] = "soft_labels"

    output: Path = option(Path("run/soft_labels"), "folder of the answers")
    teacher: list[Path] = option([], "finished checkpoints", action="extend")
    linear: bool = option(True, "the linear model teaches, too")
    engine: str = option("auto", "engine of the checkpoints; auto, as when serving")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.teacher) or self.linear, "--teacher", "a checkpoint", "none")


def label(options: SoftLabelsOptions) -> Path:
    """Write what the teachers say together; returns the file. Prints how right each of them is."""
    options.output.mkdir(parents=True, exist_ok=True)
    splits = read_splits(options)
    reviews = splits.train + splits.validation + splits.unlabelled
    members = {
        str(path): checkpoint_logits(path, reviews, splits, options) for path in options.teacher
    }
    if options.linear:
        members["linear model"] = linear_logits(splits, reviews, options.seed)
    logits = np.mean(list(members.values()), axis=0)
    held_out = slice(len(splits.train), len(splits.train) + len(splits.validation))
    truth = np.array(splits.label_ids(splits.validation))
    temperature = fit_temperature(logits[held_out], truth)
    print(_table({**members, "together": logits}, held_out, truth))
    written = options.output / SOFT_LABELS
    write_soft_labels(written, reviews, logits / temperature, splits.labels)
    record_done(options.output, STAGE, options)
    print(f"wrote {written}: {len(reviews)} texts, temperature {temperature:.3f}")
    return written


def checkpoint_logits(
    checkpoint: Path, reviews: Sequence[Review], splits: Splits, options: SoftLabelsOptions
) -> NDArray[np.float32]:
    """Return a checkpoint's log-probabilities (reviews, labels), kept piece by piece."""
    scorer = load_scorer(checkpoint, options.engine)
    check_evaluable(splits.validation, scorer.labels)
    number = options.teacher.index(checkpoint)
    kept = options.output / f"teacher-{number}.npz"
    label_softly(reviews, lambda piece: _answers(scorer, piece, splits.labels), splits.labels, kept)
    return read_logits(kept, [review.text for review in reviews], splits.labels)


def _answers(
    scorer: Scorer, reviews: Sequence[Review], labels: Sequence[str]
) -> NDArray[np.float32]:
    """Return log-probabilities; a text that cannot be scored leaves everything open."""
    even = np.full(len(labels), 1 / len(labels))
    rows = [
        even if isinstance(answer, Exception) else probability_matrix([answer], labels)[0]
        for answer in scorer.predict([review.text for review in reviews])
    ]
    return np.asarray(np.log(np.clip(rows, _LEAST_PROBABILITY, None)), dtype=np.float32)


def _table(
    members: dict[str, NDArray[np.float32]], held_out: slice, truth: NDArray[np.int64]
) -> str:
    rows = []
    for name, logits in members.items():
        part = logits[held_out].astype(np.float64)
        accuracy = (part.argmax(axis=1) == truth).mean()
        log_loss = measure(part, truth, fit_temperature(part, truth)).log_loss
        rows.append((name, f"{accuracy:.2%}", f"{log_loss:.4f}"))
    return markdown_table(("teacher, on validation", "accuracy", "log-loss"), rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Label from the command line."""
    command(lambda: label(parse(SoftLabelsOptions, argv, __doc__)))


if __name__ == "__main__":
    main()

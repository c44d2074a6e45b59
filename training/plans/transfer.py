"""The plans that start from a pretrained encoder."""

from pathlib import Path
from typing import Any, Final

from training.data.readers import is_archive
from training.data.short_texts import FOLDER
from training.plans.plan import CHECKPOINT, UNREGULARISED, RunOptions, Step
from training.stages.soft_labels import SOFT_LABELS as SHARED_LABELS
from training.stages.soft_labels import STAGE as LABELLED
from training.stages.soft_labels import SoftLabelsOptions, label
from training.stages.teach import SOFT_LABELS as TEACHER_LABELS
from training.stages.teach import TeachOptions, teach
from training.stages.tiny_encoder import FOLDER as TINY_ENCODER
from training.stages.tiny_encoder import TinyEncoderOptions, make_encoder
from training.stages.train import TrainOptions, train

# A BERT of 6 layers × 384 under Apache-2.0, see NOTICE.
ENCODER: Final = "sentence-transformers/all-MiniLM-L6-v2"
REVISION: Final = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# An MPNet of 12 layers × 768 under Apache-2.0.
TEACHER: Final = "sentence-transformers/all-mpnet-base-v2"
TEACHER_REVISION: Final = "e8c3b32edf5434bc2275fc9bab85f82640a19130"
TEACHER_SHA256: Final = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
FEW_STEPS: Final = 80


def transfer(run: RunOptions) -> list[Step]:
    """A pretrained encoder, tuned twice on reviews and short texts: the shipped checkpoint.

    On IMDb it then learns what it and the linear model say together, of unlabelled reviews, too:
    better on reviews and less careful with short texts, so that has not been shipped (LOG.md).
    """
    first, second = run.output / "first", run.output / "second"
    labels, learned = run.output / "labels", run.output / "learned"
    labelling = Step(
        label,
        SoftLabelsOptions(**run.shared(), output=labels, teacher=[second / CHECKPOINT]),
        0.15,
        LABELLED,
        about_films=True,
    )
    return [
        Step(
            train,
            TrainOptions(
                **run.shared(), **_tuning(run), **_start(run), output=first, short_repeats=2,
                epochs=1, learning_rate=1e-4,
            ),
            0.25,
            "fine-tune",
        ),
        Step(
            train,
            TrainOptions(
                **run.shared(seed=run.seed + 1), **_tuning(run), output=second,
                encoder=str(first / CHECKPOINT), short_repeats=8, epochs=0.76, learning_rate=8e-5,
            ),
            0.2,
            "fine-tune",
        ),
        *([] if run.soft_labels else [labelling]),
        Step(
            train,
            TrainOptions(
                **run.shared(seed=21), **_tuning(run), output=learned,
                encoder=str(second / CHECKPOINT), unlabelled=True,
                soft_labels=run.soft_labels or labels / SHARED_LABELS, short_repeats=10,
                encoder_dropout=0.0, steps=1800, learning_rate=1e-4, ema=0.995,
            ),
            0.4,
            "fine-tune",
            about_films=True,
        ),
    ]  # fmt: skip


def few(run: RunOptions) -> list[Step]:
    """For some hundred rows and fewer: with a contrastive loss, and many passes over the rows."""
    options = TrainOptions(
        **run.shared(), **_start(run), output=run.output / "few", recipe="few",
        max_length=run.max_length, batch_tokens=4096, steps=FEW_STEPS, validate_every=FEW_STEPS,
    )  # fmt: skip
    return [Step(train, options, 1.0, "fine-tune")]


def distilled(run: RunOptions) -> list[Step]:
    """The recipe with a teacher: it labels train and unsup, the student learns that, then tunes."""
    taught, learned = run.output / "teacher", run.output / "distilled"
    soft_labels = run.soft_labels or taught / TEACHER_LABELS
    pinned: dict[str, Any] = (
        {} if run.teacher else {"revision": TEACHER_REVISION, "sha256": TEACHER_SHA256}
    )
    texts = _short_texts(run)
    steps = [
        Step(
            teach,
            TeachOptions(
                **run.shared(), **pinned, output=taught, teacher=run.teacher or TEACHER,
                short_texts=texts,
            ),
            0.5,
            "teach",
        ),
        Step(
            train,
            TrainOptions(
                **run.shared(), **_tuning(run), **_start(run), output=learned,
                soft_labels=soft_labels, unlabelled=True, short_repeats=4, epochs=1,
                learning_rate=1.5e-4,
            ),
            0.35,
            "fine-tune",
        ),
        Step(
            train,
            TrainOptions(
                **run.shared(seed=run.seed + 1), **_tuning(run), output=run.output / "tuned",
                encoder=str(learned / CHECKPOINT), soft_labels=soft_labels, short_repeats=4,
                epochs=1, learning_rate=5e-5,
            ),
            0.15,
            "fine-tune",
        ),
    ]  # fmt: skip
    return steps[1:] if run.soft_labels else steps


def smoke(run: RunOptions) -> list[Step]:
    """Every part of `distilled` once, in minutes, on an encoder that is made here: no network."""
    folder = run.output / "smoke"
    made, taught, distilled = folder / "encoder", folder / "teacher", folder / "distilled"
    encoder = str(made / TINY_ENCODER)
    few: dict[str, Any] = {
        **run.shared(limit=1000), "short_texts": _short_texts(run), "short_repeats": 1,
        "max_length": 128, "batch_tokens": 4096,
    }  # fmt: skip
    return [
        Step(
            make_encoder, TinyEncoderOptions(**run.shared(limit=1000), output=made), 0.1, "encoder"
        ),
        Step(
            teach,
            TeachOptions(**few, output=taught, teacher=encoder, steps=20),
            0.3,
            "teach",
        ),
        Step(
            train,
            TrainOptions(
                **few, **UNREGULARISED, output=distilled, encoder=encoder, steps=20,
                soft_labels=taught / TEACHER_LABELS, unlabelled=True,
            ),
            0.4,
            "fine-tune",
        ),
        Step(
            train,
            TrainOptions(
                **few, **UNREGULARISED, output=folder / "tuned",
                encoder=str(distilled / CHECKPOINT), steps=10,
            ),
            0.2,
            "fine-tune",
        ),
    ]  # fmt: skip


def _start(run: RunOptions) -> dict[str, Any]:
    """Which encoder a student starts from; the one by default is pinned."""
    if run.encoder:
        return {"encoder": run.encoder}
    return {"encoder": ENCODER, "encoder_revision": REVISION, "encoder_sha256": SHA256}


def _tuning(run: RunOptions) -> dict[str, Any]:
    """How a pretrained encoder is tuned on whole data sets."""
    return {
        "short_texts": _short_texts(run), "layer_decay": 0.95, "batch_tokens": 4096, "r_drop": 0,
        "validate_every": 700, "max_length": run.max_length,
    }  # fmt: skip


def _short_texts(run: RunOptions) -> Path | None:
    """The short texts are verdicts, positive or negative: of no use for other labels."""
    return FOLDER if run.data is None or is_archive(run.data) else None

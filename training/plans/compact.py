"""The plans that need no outside weights, and the tutorial's."""

from pathlib import Path
from typing import Final

from training.plans.plan import CHECKPOINT, UNREGULARISED, RunOptions, Step
from training.stages.distill import SOFT_LABELS, STUDENT, DistillOptions, distill
from training.stages.phrases import PhrasesOptions, learn_phrases
from training.stages.pretrain import PretrainOptions, pretrain
from training.stages.train import TrainOptions, train

TEACHER_SEEDS: Final = (13, 14, 15)


def light(run: RunOptions) -> list[Step]:
    """A smaller network without outside weights: distil twice, fine-tune, learn short verdicts."""
    first, again = run.output / "distill", run.output / "again"
    tuned = run.output / "train"
    return [
        Step(distill, DistillOptions(**run.shared(), output=first, steps=2400), 0.41, "distill"),
        # Another order of the reviews, and a gentler rate, from where the first pass ended.
        Step(
            distill,
            DistillOptions(
                **run.shared(seed=14), output=again, stage="again", init=first / STUDENT,
                soft_labels=first / SOFT_LABELS, steps=2400, learning_rate=6e-4, warmup_ratio=0.03,
            ),
            0.41,
            "again",
        ),
        Step(
            train,
            TrainOptions(
                **run.shared(), output=tuned, encoder=str(again / STUDENT), **UNREGULARISED,
                steps=740, learning_rate=5e-5, validate_every=185,
            ),
            0.12,
            "fine-tune",
        ),
        phrases_step(run, tuned, 0.06),
    ]  # fmt: skip


def gpu(run: RunOptions) -> list[Step]:
    """The full compact recipe: pre-train, three teachers, distil, fine-tune, one-line verdicts."""
    pretrained, distilled = run.output / "pretrain", run.output / "distill"
    tuned = run.output / "train"
    teachers = {seed: run.output / f"teacher-{seed}" for seed in TEACHER_SEEDS}
    start = pretrained / CHECKPOINT
    return [
        Step(
            pretrain,
            PretrainOptions(
                **run.shared(), output=pretrained, layers=8, width=384, heads=6,
                batch_tokens=65536, steps=30_000,
            ),
            0.5,
            "pretrain",
        ),
        *(
            Step(
                train,
                TrainOptions(
                    **run.shared(seed=seed), output=folder, encoder=str(start), layer_decay=0.9,
                    epochs=6, batch_tokens=32768,
                ),
                0.1,
                "fine-tune",
            )
            for seed, folder in teachers.items()
        ),
        Step(
            distill,
            DistillOptions(
                **run.shared(), output=distilled, init=start,
                teacher=[folder / CHECKPOINT for folder in teachers.values()],
                batch_tokens=65536, steps=3000, learning_rate=3e-4,
            ),
            0.1,
            "distill",
        ),
        Step(
            train,
            TrainOptions(
                **run.shared(), output=tuned, encoder=str(distilled / STUDENT), layer_decay=0.9,
                epochs=2, learning_rate=3e-5,
            ),
            0.05,
            "fine-tune",
        ),
        phrases_step(run, tuned, 0.05),
    ]  # fmt: skip


def tutorial(run: RunOptions) -> list[Step]:
    """The tutorial's recipe: two stages in one step, and each gets half the time."""
    options = TrainOptions(
        **run.shared(),
        output=run.output / "train",
        recipe="tutorial",
        encoder=run.encoder or "roberta-base",
    )
    return [Step(train, options, 0.5, "stage2")]


def phrases_step(run: RunOptions, tuned: Path, share: float) -> Step:
    """The last step of a plan for reviews of films: one-line verdicts, and the rest kept."""
    phrases, start = run.output / "phrases", tuned / CHECKPOINT
    options = PhrasesOptions(**run.shared(), output=phrases, encoder=start)
    return Step(learn_phrases, options, share, "phrases", about_films=True)

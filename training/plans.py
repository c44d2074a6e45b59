"""The plans of `training.run`: which stages, in which order, with which settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training import distill, phrases, pretrain, train

PLANS: Final = ("cpu", "gpu", "seed", "smoke")
TEACHER_SEEDS: Final = (13, 14, 15)


@dataclass(frozen=True)
class Step:
    """One command of a plan; `share` is its part of a total `--max-minutes`.

    `record` is the stage that `run.json` in `folder` shows as finished once the step is done;
    `about_films` marks a step that makes sense for reviews of films alone.
    """

    name: str
    main: Callable[[Sequence[str]], object]
    arguments: tuple[str, ...]
    share: float
    record: str
    folder: Path
    about_films: bool = False


def plan_of(name: str, output: Path, encoder: str = "roberta-base") -> list[Step]:
    """Return the steps of a plan; the folder holds what they hand on to each other."""
    plans = {"cpu": _cpu, "gpu": _gpu, "smoke": _smoke}
    return _seed(output, encoder) if name == "seed" else plans[name](output)


def _seed(output: Path, encoder: str) -> list[Step]:
    """The tutorial's recipe: both stages are one command, and each gets half the time."""
    words = ("--recipe", "seed", "--encoder", encoder)
    return [Step("train", train.main, words, 0.5, "stage2", output)]


def _cpu(output: Path) -> list[Step]:
    student = str(output / distill.STUDENT)
    # Another order of the reviews, and a gentler rate, from where the first pass ended.
    named = ("--stage", "again", "--init", student, "--seed", "14")
    again = (*named, "--learning-rate", "6e-4", "--warmup-ratio", "0.03")
    one_epoch = ("--steps", "740", "--learning-rate", "5e-5", "--validate-every", "185")
    return [
        Step("distill", distill.main, ("--steps", "2400"), 0.41, "distill", output),
        Step("again", distill.main, (*again, "--steps", "2400"), 0.41, "again", output),
        Step("train", train.main, (*_tune(student), *one_epoch), 0.12, "fine-tune", output),
        _phrases(output, share=0.06),
    ]


def _smoke(output: Path) -> list[Step]:
    student = str(output / distill.STUDENT)
    small = ("--vocab-size", "4000", "--layers", "2", "--width", "128", "--limit", "2000")
    tune = (*_tune(student), "--steps", "10", "--limit", "2000")
    return [
        Step("pretrain", pretrain.main, ("--smoke",), 0.3, "pretrain", output / "pretrained"),
        Step("distill", distill.main, (*small, "--steps", "60"), 0.4, "distill", output),
        Step("train", train.main, tune, 0.2, "fine-tune", output),
        _phrases(output, 0.1, "--limit", "2000", "--phrases", "2000", "--reviews", "200"),
    ]


def _tune(student: str) -> tuple[str, ...]:
    """One pass over few reviews by a student without dropout: nothing to regularise."""
    return ("--encoder", student, "--r-drop", "0", "--encoder-dropout", "0", "--ema", "0.98")


def _phrases(output: Path, share: float, *words: str) -> Step:
    """One-line verdicts at the end: whoever tries a film classifier types one of these."""
    named = ("--encoder", str(output / "checkpoint"), *words)
    return Step("phrases", phrases.main, named, share, "phrases", output, about_films=True)


def _gpu(output: Path) -> list[Step]:
    pretrained = output / "pretrained"
    large = ("--layers", "8", "--width", "384", "--heads", "6", "--steps", "30000")
    wide = ("--batch-tokens", "65536")
    start = str(pretrained / "checkpoint")
    teachers = [output / f"teacher-{seed}" for seed in TEACHER_SEEDS]
    named = [word for folder in teachers for word in ("--teacher", str(folder / "checkpoint"))]
    distilling = ("--init", start, *named, *wide, "--steps", "3000", "--learning-rate", "3e-4")
    tuning = ("--encoder", str(output / distill.STUDENT), "--layer-decay", "0.9")
    return [
        Step("pretrain", pretrain.main, (*large, *wide), 0.5, "pretrain", pretrained),
        *(_teacher(*pair, start) for pair in zip(teachers, TEACHER_SEEDS, strict=True)),
        Step("distill", distill.main, distilling, 0.1, "distill", output),
        Step(
            "train",
            train.main,
            (*tuning, "--epochs", "2", "--learning-rate", "3e-5"),
            0.05,
            "fine-tune",
            output,
        ),
        _phrases(output, share=0.05),
    ]


def _teacher(folder: Path, seed: int, start: str) -> Step:
    words = ("--encoder", start, "--layer-decay", "0.9", "--epochs", "6", "--batch-tokens", "32768")
    return Step(folder.name, train.main, (*words, "--seed", str(seed)), 0.1, "fine-tune", folder)

"""Train the shipped checkpoint from start to end: every stage, the final test, card, archive.

Each stage is a command of its own; this only calls them in order, in one folder. What is finished
is not done again: stop with Ctrl-C, or let `--piece-minutes` end a piece, and run the same command
to go on. `--plan cpu` is what two cores can do in about two hours. `--plan gpu` is the full compact
recipe (pre-train, three teachers, distil, fine-tune), about 55 minutes of one large GPU in pieces
of at most ten: `python -m training.run --plan gpu --piece-minutes 9`.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training import archive, distill, evaluate, model_card, pretrain, train
from training.options import IMDB, command, parser


@dataclass(frozen=True)
class Step:
    """One command of a plan; `share` is its part of a total `--max-minutes`."""

    name: str
    main: Callable[[Sequence[str]], object]
    arguments: tuple[str, ...]
    share: float


def plan_of(name: str, output: Path) -> list[Step]:
    """Return the steps of a plan; the folder holds what they hand on to each other."""
    student = str(output / distill.STUDENT)
    if name == "gpu":
        return _gpu_plan(output, student)
    tune = ("--encoder", student, "--r-drop", "0", "--encoder-dropout", "0", "--ema", "0.995")
    if name == "smoke":
        return [
            Step("pretrain", pretrain.main, ("--smoke",), 0.3),
            Step("distill", distill.main, _SMOKE, 0.4),
            Step("train", train.main, (*tune, "--steps", "10", "--limit", "2000"), 0.3),
        ]
    sentences = ("--stage", "sentences", "--init", student, "--excerpts", "1")
    return [
        Step("distill", distill.main, ("--steps", "2400"), 0.7),
        Step("sentences", distill.main, (*sentences, "--steps", "350", "--learning-rate", "3e-4"), 0.15),
        Step("train", train.main, (*tune, "--epochs", "1", "--learning-rate", "5e-5"), 0.15),
    ]


_SMOKE = (
    *("--steps", "60", "--limit", "2000", "--vocab-size", "4000"),
    *("--layers", "2", "--width", "128"),
)
_LARGE = ("--layers", "8", "--width", "384", "--heads", "6")
TEACHER_SEEDS = (13, 14, 15)


def _gpu_plan(output: Path, student: str) -> list[Step]:
    pretrained = str(output / "pretrained")
    wide, decay = ("--batch-tokens", "65536"), ("--layer-decay", "0.9")
    teachers = [output / f"teacher-{seed}" for seed in TEACHER_SEEDS]
    named = [word for folder in teachers for word in ("--teacher", str(folder / "checkpoint"))]
    return [
        Step("pretrain", pretrain.main, (*_LARGE, *wide, "--steps", "30000"), 0.5),
        *(
            Step(
                folder.name,
                train.main,
                (
                    *("--encoder", pretrained, *decay, "--epochs", "6", "--batch-tokens", "32768"),
                    *("--output", str(folder), "--seed", str(seed)),
                ),
                0.1,
            )
            for folder, seed in zip(teachers, TEACHER_SEEDS, strict=True)
        ),
        Step(
            "distill",
            distill.main,
            ("--init", pretrained, *named, *wide, "--steps", "3000", "--learning-rate", "3e-4"),
            0.1,
        ),
        Step(
            "train",
            train.main,
            ("--encoder", student, *decay, "--epochs", "2", "--learning-rate", "3e-5"),
            0.1,
        ),
    ]


def run(arguments: argparse.Namespace) -> None:
    """Run what is not finished yet, then evaluate, write the card and pack the archive."""
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    shared = ["--data", str(arguments.data or IMDB), "--cache", str(arguments.cache)]
    for step in plan_of(arguments.plan, output):
        if not _is_done(output, step) and not _run_step(step, shared, arguments):
            print(f"{step.name}: not finished within this piece; run the same command to go on")
            return
    finish(output, shared[:2], ["--sample", "500"] if arguments.plan == "smoke" else [])


def _run_step(step: Step, shared: list[str], arguments: argparse.Namespace) -> bool:
    """Run one step; False if it ran out of its piece and has to be resumed."""
    limit: list[str] = []
    if arguments.piece_minutes:
        limit = ["--max-minutes", str(arguments.piece_minutes)]
    elif arguments.max_minutes:
        limit = ["--max-minutes", str(step.share * arguments.max_minutes)]
    print(f"== {step.name}", flush=True)
    folder = ["--output", str(arguments.output), "--seed", str(arguments.seed)]
    step.main([*shared, *folder, *limit, *step.arguments])
    return not arguments.piece_minutes or _is_done(arguments.output, step)


def _is_done(output: Path, step: Step) -> bool:
    folder = output / step.name if step.name.startswith("teacher-") else output
    record = folder / "run.json"
    stages = json.loads(record.read_text("utf-8"))["stages"] if record.exists() else []
    names = {"train": "fine-tune"}
    name = "fine-tune" if step.name.startswith("teacher-") else names.get(step.name, step.name)
    return any(stage["name"] == name and stage["finished"] for stage in stages)


def finish(output: Path, data: list[str], sample: list[str]) -> None:
    """Evaluate the checkpoint on the test part once, write its card, pack it."""
    checkpoint, results = str(output / "checkpoint"), output / "test"
    commands: list[tuple[Callable[[list[str]], int], list[str]]] = [
        (
            evaluate.main,
            [*data, *sample, "--checkpoint", checkpoint, "--output", str(results), "--behaviour",
             "--history", str(output / "history.jsonl")],
        ),
        (
            model_card.main,
            ["--checkpoint", checkpoint, "--metrics", str(results / "metrics.json"), "--behaviour",
             str(results / "behaviour.json"), "--run", str(output / "run.json")],
        ),
        (archive.main, ["--checkpoint", checkpoint, "--output", str(output / "sentiment.mar")]),
    ]  # fmt: skip
    for main_of, words in commands:
        if code := main_of(words):
            raise SystemExit(code)
    print(f"checkpoint, card and archive are in {output}; serve it with")
    print(f"  make serve SERVE_ARGS='--checkpoint {checkpoint}'")


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/training")
    result.add_argument("--plan", choices=["cpu", "gpu", "smoke"], default="cpu")
    result.add_argument("--smoke", dest="plan", action="store_const", const="smoke")
    result.add_argument("--max-minutes", type=float, help="of all stages together: a smaller run")
    result.add_argument("--piece-minutes", type=float, help="stop then; run again to go on")
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Run a plan from the command line."""
    command(lambda: run(_parser().parse_args(argv)))


if __name__ == "__main__":
    main()

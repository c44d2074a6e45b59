"""Train the shipped checkpoint from start to end: every stage, the final test, card, archive.

Each stage is a command of its own; this only calls them in order, in one folder. What is finished
is not done again: stop with Ctrl-C, or let `--piece-minutes` end a piece, and run the same command
to go on. `--plan cpu` is what two cores can do in three hours. `--plan seed` is the
tutorial's recipe on `--encoder`. `--plan gpu` is the full compact recipe (pre-train, three
teachers, distil, fine-tune): about 4e17 FLOP, by count under an hour of one large GPU, not
measured yet; in pieces of at most ten minutes: `--plan gpu --piece-minutes 9`.
"""

import argparse
import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from handler.weights import write_text
from training import archive, evaluate, model_card
from training.data import download_imdb, is_archive
from training.options import IMDB, command, parser, splits_of
from training.plans import PLANS, Step, plan_of


def run(arguments: argparse.Namespace) -> None:
    """Run what is not finished yet, then evaluate, write the card and pack the archive."""
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    arguments.data = arguments.data or download_imdb(IMDB)
    for step in plan_of(arguments.plan, output, arguments.encoder):
        if step.about_films and not is_archive(arguments.data):
            continue
        if not is_done(step) and not run_step(step, arguments):
            print(f"{step.name}: not finished within this piece; run the same command to go on")
            return
    finish(arguments)


def run_step(step: Step, arguments: argparse.Namespace) -> bool:
    """Run one step; False if it ran out of its piece and has to be resumed."""
    words = [
        *data_words(arguments),
        *("--cache", str(arguments.cache), "--protocol", arguments.protocol),
        *("--output", str(step.folder), "--seed", str(arguments.seed)),
        *("--split-seed", str(arguments.split_seed)),
    ]
    if arguments.piece_minutes:
        words += ["--max-minutes", str(arguments.piece_minutes)]
    elif arguments.max_minutes:
        words += ["--max-minutes", str(step.share * arguments.max_minutes)]
    print(f"== {step.name}", flush=True)
    step.main([*words, *step.arguments])
    return not arguments.piece_minutes or is_done(step)


def data_words(arguments: argparse.Namespace) -> list[str]:
    """Return the words that name the data, for the stages."""
    columns = ("--text-column", arguments.text_column, "--label-column", arguments.label_column)
    return ["--data", str(arguments.data), *columns]


def is_done(step: Step) -> bool:
    """Whether the step's folder records its last stage as finished."""
    record = step.folder / "run.json"
    stages = json.loads(record.read_text("utf-8"))["stages"] if record.exists() else []
    return any(stage["name"] == step.record and stage["finished"] for stage in stages)


def finish(arguments: argparse.Namespace) -> None:
    """Evaluate the checkpoint once on reviews it never saw, write its card, pack it."""
    output: Path = arguments.output
    checkpoint, results = str(output / "checkpoint"), output / "test"
    sample = ["--sample", "500"] if arguments.plan == "smoke" else []
    commands: list[tuple[Callable[[list[str]], int], list[str]]] = [
        (
            evaluate.main,
            [*unseen(arguments), *sample, *behaviour(arguments), "--checkpoint", checkpoint,
             "--output", str(results), "--history", str(output / "history.jsonl")],
        ),
        (
            model_card.main,
            ["--checkpoint", checkpoint, "--metrics", str(results / "metrics.json"), "--run",
             str(output / "run.json"), *_existing("--behaviour", results / "behaviour.json")],
        ),
        (archive.main, ["--checkpoint", checkpoint, "--output", str(output / "sentiment.mar")]),
    ]  # fmt: skip
    for main_of, words in commands:
        if code := main_of(words):
            raise SystemExit(code)
    print(f"checkpoint, card and archive are in {output}; serve it with")
    print(f"  make serve SERVE_ARGS='--checkpoint {checkpoint}'")


def unseen(arguments: argparse.Namespace) -> list[str]:
    """Return the words that name unseen reviews: IMDb's test part, or a table's held-out rows."""
    if is_archive(arguments.data):
        return ["--data", str(arguments.data), "--split", "test"]
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["review", "label"])
    writer.writerows((held.text, held.label) for held in splits_of(arguments).validation)
    path = arguments.output / "held-out.csv"
    write_text(path, table.getvalue())
    return ["--data", str(path)]


def behaviour(arguments: argparse.Namespace) -> list[str]:
    """Return the word that asks for the behaviour suite, whose cases are about films."""
    return ["--behaviour"] if is_archive(arguments.data) else []


def _existing(option: str, path: Path) -> list[str]:
    return [option, str(path)] if path.exists() else []


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/training")
    result.add_argument("--plan", choices=PLANS, default="cpu")
    result.add_argument("--smoke", dest="plan", action="store_const", const="smoke")
    result.add_argument("--encoder", default="roberta-base", help="of the plan `seed`")
    result.add_argument("--max-minutes", type=float, help="of all stages together: a smaller run")
    result.add_argument("--piece-minutes", type=float, help="stop then; run again to go on")
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Run a plan from the command line."""
    command(lambda: run(_parser().parse_args(argv)))


if __name__ == "__main__":
    main()

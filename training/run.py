"""Train a checkpoint from start to end: every stage, the final test, card, archive.

Each stage is a command of its own and has a folder of its own; this runs them in order. What is
finished is not done again: stop with Ctrl-C, or let `--piece-minutes` end a piece, and run the same
command to go on. `--plan transfer` fine-tunes a pretrained encoder and, on IMDb, lets it learn what
it and the linear model say together, in some hours of two cores.
`--plan distilled` lets a larger encoder teach it: some hours, or none of the teacher's where
`--soft-labels` names its answers.
`--plan light` does without outside weights: a smaller network, three hours. `--plan tutorial` is
the tutorial's recipe on `--encoder`. `--plan gpu` is the full compact recipe (pre-train, three
teachers, distil, fine-tune): about 4e17 FLOP, by count under an hour of one large GPU, not
measured yet; in pieces of at most ten minutes: `--plan gpu --piece-minutes 9`.
"""

import csv
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from archive.build import build_archive
from handler.files import whole_folder, write_text
from training.data.readers import download_imdb, is_archive
from training.evaluation.behaviour import CASES
from training.loop.records import RUN_FILE, read_record
from training.options import command, parse
from training.plans.named import steps_of
from training.plans.plan import CHECKPOINT, RunOptions, Step
from training.stages.evaluate import HISTORY_FILE, EvaluateOptions, evaluate
from training.stages.model_card import CardOptions, write_card
from training.stages.options import IMDB, read_splits

SMOKE_SAMPLE: Final = 500
# A table with fewer rows than this is learned by the plan `few`.
FEW: Final = 1200


def run(options: RunOptions) -> None:
    """Run what is not finished yet, then evaluate, write the card and pack the archive."""
    options = sized(replace(options, data=options.data or download_imdb(IMDB)))
    steps = [step for step in steps_of(options) if not step.about_films or _about_films(options)]
    for step in steps:
        if not is_done(step) and not run_step(step, options):
            print(f"{step.name}: not finished within this piece; run the same command to go on")
            return
    finish(steps, options)


def sized(options: RunOptions) -> RunOptions:
    """Return the plan `few` in the place of `transfer` where a table has few rows."""
    if options.plan != "transfer" or options.smoke or _about_films(options):
        return options
    count = len(read_splits(options).train)
    if count >= FEW:
        return options
    print(f"{count} rows to train on, fewer than {FEW}: plan `few`")
    return replace(options, plan="few")


def run_step(step: Step, options: RunOptions) -> bool:
    """Run one step; False if it ran out of its piece and has to be resumed."""
    told = step.options
    if options.piece_minutes:
        told = replace(told, max_minutes=options.piece_minutes)
    elif options.max_minutes:
        told = replace(told, max_minutes=step.share * options.max_minutes)
    print(f"== {step.name}", flush=True)
    step.stage(told)
    return not options.piece_minutes or is_done(step)


def is_done(step: Step) -> bool:
    """Whether the step's folder records its last stage as finished."""
    stages = read_record(step.options.output)["stages"]
    return any(stage["name"] == step.record and stage["finished"] for stage in stages)


def finish(steps: Sequence[Step], options: RunOptions) -> None:
    """Put the run together; evaluate it once on reviews it never saw, write its card, pack it."""
    output, checkpoint, results = (
        options.output,
        options.output / CHECKPOINT,
        options.output / "test",
    )
    gather(steps, output)
    evaluate(
        EvaluateOptions(
            **unseen(options),
            checkpoint=checkpoint,
            output=results,
            history=output / HISTORY_FILE,
            behaviour=CASES if _about_films(options) else None,
            sample=SMOKE_SAMPLE if options.smoke or options.plan == "smoke" else None,
        )
    )
    write_card(
        CardOptions(
            checkpoint=checkpoint,
            metrics=results / "metrics.json",
            behaviour=results / "behaviour.json" if _about_films(options) else None,
            run=output / RUN_FILE,
        )
    )
    build_archive(checkpoint, output / "sentiment.mar")
    print(f"checkpoint, card and archive are in {output}; serve it with")
    print(f"  make serve SERVE_ARGS='--checkpoint {checkpoint}'")


def gather(steps: Sequence[Step], output: Path) -> None:
    """Copy the last step's checkpoint, and join all steps' records and histories in order."""
    folders = [step.options.output for step in steps]
    with whole_folder(output / CHECKPOINT) as staging:
        shutil.copytree(folders[-1] / CHECKPOINT, staging, dirs_exist_ok=True)
    records = [read_record(folder) for folder in folders]
    stages = [stage for record in records for stage in record["stages"]]
    joined = {name: value for record in records for name, value in record.items()}
    joined["stages"] = stages
    write_text(output / RUN_FILE, json.dumps(joined, indent=1) + "\n")
    histories = [folder / HISTORY_FILE for folder in folders]
    lines = [path.read_text("utf-8") for path in histories if path.exists()]
    write_text(output / HISTORY_FILE, "".join(lines))


def unseen(options: RunOptions) -> dict[str, Any]:
    """Return the options that name unseen reviews: IMDb's test part, or a table's held-out rows."""
    assert options.data is not None
    if _about_films(options):
        return {"data": options.data, "split": "test"}
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["review", "label"])
    writer.writerows((held.text, held.label) for held in read_splits(options).validation)
    path = options.output / "held-out.csv"
    write_text(path, table.getvalue())
    return {"data": path}


def _about_films(options: RunOptions) -> bool:
    """Whether the data is IMDb's; the behaviour suite and the phrases are about films."""
    return options.data is not None and is_archive(options.data)


def main(argv: Sequence[str] | None = None) -> None:
    """Run a plan from the command line."""
    command(lambda: run(parse(RunOptions, argv, __doc__)))


if __name__ == "__main__":
    main()

"""Teach an encoder the language of reviews from bare text: no label is looked at.

The text is that of the train and unsup parts (or a CSV's text column), never that of the test part.
`--objective mlm` guesses masked words, `rtd` tells words that a small generator has put in from
real ones. The encoder lands in OUTPUT/checkpoint, whose classification head is still untrained:
give it to `training.train --encoder` or `training.distill --init`.
"""

import argparse
import io
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from accelerate import PartialState
from tokenizers import Tokenizer
from torch import Tensor, nn

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from handler.network import ReviewClassifier
from handler.weights import save_checkpoint
from training.corpus import Corpus, encode_corpus
from training.curriculum import Plan, curriculum, held_out_batches
from training.data import DataError, drop_leaks
from training.encoders import load_start
from training.language_model import MaskedLanguageModel, ReplacedTokenDetector
from training.loop import STATE_FILE, Outcome, fit, stop_if_interrupted
from training.masking import read_vocabulary
from training.options import (
    add_recipe_options,
    command,
    limits_of,
    parser,
    recipe_of,
    splits_of,
)
from training.records import record_stage
from training.splits import Splits
from training.student import add_student_options, student_settings
from training.tokenizer import fit_tokenizer
from training.warm_start import warm_start

STAGE: Final = "pretrain"
TASKS: Final[dict[str, Callable[..., nn.Module]]] = {
    "mlm": MaskedLanguageModel,
    "rtd": ReplacedTokenDetector,
}
SMOKE: Final = {
    "limit": 1500, "vocab_size": 2048, "layers": 2, "width": 64, "heads": 2, "max_length": 256,
    "steps": 40, "batch_tokens": 1024, "validate_every": 20,
}  # fmt: skip
_EPILOG: Final = """
A run that was stopped by Ctrl-C, SIGTERM or --max-minutes goes on when the same command is run
again, and ends with the same weights as one that was never stopped.

One machine, one process (CPU or GPU; bf16 where the machine computes in it):
  python -m training.pretrain --data aclImdb_v1.tar.xz --max-minutes 30

Several GPUs, each with batches of its own (so N of them do N times the tokens per step):
  accelerate launch --multi_gpu --num_processes 8 --num_machines 1 --mixed_precision bf16 \\
      -m training.pretrain --data aclImdb_v1.tar.xz --layers 8 --width 384 --heads 6 \\
      --vocab-size 8192 --batch-tokens 32768 --steps 8000 --max-minutes 9.5

The same command without a GPU starts CPU processes that speak over gloo. (`--cpu` in the place of
`--multi_gpu` would start a single process: accelerate leaves several to MPI.)
  accelerate launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision bf16 \\
      -m training.pretrain --data aclImdb_v1.tar.xz
"""


@dataclass(frozen=True)
class Material:
    """What a run works on: the texts, and the network with the tokenizer that fits them."""

    splits: Splits
    network: ReviewClassifier
    settings: Settings
    tokenizer: Tokenizer
    corpus: Corpus
    held_out: Corpus


def pretrain(arguments: argparse.Namespace) -> None:
    """Run the stage and write its checkpoint; in a distributed run the first process writes."""
    state = PartialState(cpu=not torch.cuda.is_available())
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    quiet = nullcontext() if state.is_main_process else redirect_stdout(io.StringIO())
    with state.main_process_first(), quiet:  # it tokenizes, the others read its cache
        material = prepare(arguments)
    outcome = learn(material, arguments, state.num_processes)
    if state.is_main_process:
        record_stage(arguments.output, STAGE, arguments, material.splits, outcome)
    stop_if_interrupted(outcome)
    if state.is_main_process:
        material.network.encoder.load_state_dict(trained_encoder(outcome.network).state_dict())
        checkpoint = arguments.output / "checkpoint"
        save_checkpoint(checkpoint, material.network, material.settings, material.tokenizer)
        print(f"wrote {checkpoint} after {outcome.progress.step} steps")


def prepare(arguments: argparse.Namespace) -> Material:
    """Read, check and tokenize the texts and build the network."""
    splits = splits_of(arguments)
    refuse_test_text(splits)
    network, settings, tokenizer = starting_network(splits, arguments)
    clean = PROFILES[settings.cleaning]
    corpus, held_out = (
        encode_corpus([review.text for review in reviews], clean, tokenizer, arguments.cache)
        for reviews in (splits.train + splits.unlabelled, splits.validation)
    )
    return Material(splits, network, settings, tokenizer, corpus, held_out)


def refuse_test_text(splits: Splits) -> None:
    """Make sure of what `splits` promises: no text to be read stands in the test part."""
    _, leaks = drop_leaks(splits.train + splits.validation + splits.unlabelled, splits.test)
    if leaks.exact or leaks.normalised:
        raise DataError(
            f"expected no test review among the texts, found {leaks}; this is a defect."
        )


def starting_network(
    splits: Splits, arguments: argparse.Namespace
) -> tuple[ReviewClassifier, Settings, Tokenizer]:
    """Load `--encoder`, or build the student that the options describe; its head is a fresh one."""
    texts = [PROFILES["plain"](review.text) for review in splits.train + splits.unlabelled]

    def fit_kept(size: int) -> Tokenizer:
        return kept_tokenizer(arguments.output / "tokenizer.json", texts, size)

    if not arguments.encoder:
        tokenizer = fit_kept(arguments.vocab_size)
        settings = student_settings(splits.labels, tokenizer, arguments)
        return ReviewClassifier(settings), settings, tokenizer
    start = load_start(arguments.encoder, fit_kept)
    positions = int(start.fields["max_position_embeddings"]) - 2
    settings = Settings(
        splits.labels, start.fields, max_length=min(arguments.max_length, positions)
    )
    network = ReviewClassifier(settings)
    if start.encoder is not None:
        network.encoder.load_state_dict(start.encoder.state_dict())
    return network, settings, start.tokenizer


def kept_tokenizer(path: Path, texts: Sequence[str], size: int) -> Tokenizer:
    """Fit a tokenizer once per output folder: a resumed run needs the one it began with."""
    if not path.exists():
        partial = path.with_name(path.name + ".partial")
        fit_tokenizer(texts, size).save(str(partial))
        partial.rename(path)
    return Tokenizer.from_file(str(path))


def learn(material: Material, arguments: argparse.Namespace, processes: int) -> Outcome:
    """Run the loop on packed, masked batches."""
    plan = plan_of(arguments, material.settings, processes)
    vocabulary = read_vocabulary(material.tokenizer)
    lessons = curriculum(material.corpus, vocabulary, material.settings, plan)
    exam = held_out_batches(material.held_out, vocabulary, material.settings, plan)
    fresh = not (arguments.encoder or (arguments.output / STAGE / STATE_FILE).exists())
    if arguments.warm_start and fresh:
        warm_start(material.network, material.corpus, arguments.seed)
    return fit(
        TASKS[arguments.objective](material.network.encoder),
        lessons.batch,
        recipe_of(arguments),
        limits_of(arguments),
        arguments.output,
        STAGE,
        lambda task: examine(task, exam),
    )


def trained_encoder(task: nn.Module) -> nn.Module:
    """Return the part of a task that the other stages go on from."""
    return task.get_submodule("encoder")


def plan_of(arguments: argparse.Namespace, settings: Settings, processes: int) -> Plan:
    """Return how the run is divided into batches."""
    return Plan(
        steps=arguments.steps,
        short_share=arguments.short_share,
        short=arguments.short_length,
        long=settings.max_length,
        batch_tokens=arguments.batch_tokens,
        batches_per_step=arguments.accumulate * processes,
        always_mask=arguments.objective == "rtd",
        seed=arguments.seed,
    )


def examine(task: nn.Module, batches: Sequence[dict[str, Tensor]]) -> dict[str, float]:
    """Return the mean of the task's losses on held-out text.

    Only masked LM gives a `validation_loss` to select by: the better ELECTRA's generator becomes,
    the harder its detector's exam, so there the last weights count.
    """
    device = next(task.parameters()).device
    totals: Counter[str] = Counter()
    for batch in batches:
        for name, value in task({key: part.to(device) for key, part in batch.items()}).items():
            totals[f"validation_{name}"] += value.item() / len(batches)
    if isinstance(task, ReplacedTokenDetector):
        del totals["validation_loss"]
    return dict(totals)


def _parser() -> argparse.ArgumentParser:
    result = parser(__doc__, "run/pretrain")
    result.formatter_class = _Help
    result.epilog = _EPILOG
    result.add_argument("--objective", choices=sorted(TASKS), default="mlm")
    result.add_argument(
        "--encoder",
        help="checkpoint, hub name or config .json to go on from, else a student built anew",
    )
    result.add_argument("--short-length", type=int, default=128, help="tokens per row at first")
    result.add_argument(
        "--short-share", type=float, default=0.8, help="of the steps, on short rows"
    )
    result.add_argument(
        "--warm-start",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="start a new student's embeddings from co-occurrence vectors",
    )
    result.add_argument("--smoke", action="store_true", help="a tiny run that ends in two minutes")
    add_student_options(result)
    add_recipe_options(result, steps=12_000, learning_rate=1e-3, ema=0.999)
    # Without a label column a CSV/TSV needs none: its texts are all that is read.
    result.set_defaults(label_column=None, weight_decay=0.1)
    return result


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; `--smoke` changes the defaults, what is said beside it still counts."""
    result = _parser()
    if result.parse_args(argv).smoke:
        result.set_defaults(**SMOKE)
    return result.parse_args(argv)


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows defaults and keeps the lines of the examples."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    command(lambda: pretrain(parse(argv)))


if __name__ == "__main__":
    main()

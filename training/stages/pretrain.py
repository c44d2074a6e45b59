"""Teach an encoder the language of reviews from bare text: no label is looked at.

The text is that of the train and unsup parts (or a CSV's text column), never that of the test part.
`--objective mlm` guesses masked words, `rtd` tells words that a small generator has put in from
real ones. The encoder lands in OUTPUT/checkpoint, whose classification head is still untrained:
give it to `training.train --encoder` or `training.distill --init`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from tokenizers import Tokenizer
from torch import Tensor, nn

from handler.checkpoint import Settings
from handler.cleaning import PROFILES
from handler.network import ReviewClassifier
from handler.weights import save_checkpoint
from training.data.corpus import Corpus, encode_corpus
from training.data.curriculum import Plan, curriculum, held_out_batches
from training.data.masking import read_vocabulary
from training.data.readers import DataError
from training.data.splits import Splits
from training.data.tokenizer import kept_tokenizer
from training.loop.loop import STATE_FILE, Outcome, fit, stop_if_interrupted
from training.loop.processes import first_prepares
from training.loop.records import record_stage
from training.models.encoders import load_start
from training.models.student import StudentOptions, student_settings
from training.models.warm_start import warm_start
from training.objectives.language_model import MaskedLanguageModel, ReplacedTokenDetector
from training.options import command, option, require
from training.options import parse as parse_options
from training.stages.options import TrainingOptions, begin

STAGE: Final = "pretrain"
TASKS: Final[dict[str, Callable[..., nn.Module]]] = {
    "mlm": MaskedLanguageModel,
    "rtd": ReplacedTokenDetector,
}
SMOKE: Final = {
    "limit": 1500, "vocab_size": 2048, "layers": 2, "width": 64, "heads": 2, "max_length": 256,
    "steps": 40, "batch_tokens": 1024, "validate_every": 20,
}  # fmt: skip
_EXAMPLES: Final = """
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


@dataclass(frozen=True, kw_only=True)
class PretrainOptions(StudentOptions, TrainingOptions):
    """What is learned from bare text, by which network, in which rows."""

    COMMAND: ClassVar[str] = "pretrain"

    output: Path = option(Path("run/pretrain"), "folder of this stage")
    label_column: str | None = option(None, "of a CSV/TSV; without it only its texts are read")
    steps: int = option(12_000, "optimizer steps")
    learning_rate: float = option(1e-3, "peak, AdamW")
    weight_decay: float = option(0.1, "of matrices; vectors have none")
    ema: float = option(0.999, "decay of the weights' average")
    objective: Literal["mlm", "rtd"] = option("mlm", "masked words, or replaced token detection")
    encoder: str | None = option(
        None, "checkpoint, hub name or config .json to go on from, else a student built anew"
    )
    short_length: int = option(128, "tokens per row at first")
    short_share: float = option(0.8, "of the steps, on short rows")
    smoke: bool = option(False, "a tiny run that ends in two minutes")

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.short_share <= 1, "short_share", "from 0 to 1", self.short_share)
        self.refuse_to_overwrite(self.encoder, "checkpoint")


@dataclass(frozen=True)
class Material:
    """What a run works on: the texts, and the network with the tokenizer that fits them."""

    splits: Splits
    network: ReviewClassifier
    settings: Settings
    tokenizer: Tokenizer
    corpus: Corpus
    held_out: Corpus


def pretrain(options: PretrainOptions) -> None:
    """Run the stage and write its checkpoint; in a distributed run the first process writes."""
    with first_prepares() as state:
        material = prepare(options)
    outcome = learn(material, options, state.num_processes)
    if state.is_main_process:
        record_stage(options.output, STAGE, options, material.splits, outcome)
    stop_if_interrupted(outcome)
    if state.is_main_process:
        material.network.encoder.load_state_dict(trained_encoder(outcome.network).state_dict())
        checkpoint = options.output / "checkpoint"
        save_checkpoint(checkpoint, material.network, material.settings, material.tokenizer)
        print(f"wrote {checkpoint} after {outcome.progress.step} steps")


def prepare(options: PretrainOptions) -> Material:
    """Read, check and tokenize the texts and build the network."""
    splits = begin(options)
    refuse_test_text(splits)
    network, settings, tokenizer = starting_network(splits, options)
    clean = PROFILES[settings.cleaning]
    corpus, held_out = (
        encode_corpus([review.text for review in reviews], clean, tokenizer, options.cache)
        for reviews in (splits.train + splits.unlabelled, splits.validation)
    )
    return Material(splits, network, settings, tokenizer, corpus, held_out)


def refuse_test_text(splits: Splits) -> None:
    """Make sure of what `splits` promises: no text to be read stands in the test part."""
    _, leaks = splits.known.drop(splits.train + splits.validation + splits.unlabelled)
    if leaks.exact or leaks.normalised:
        raise DataError(
            f"expected no test review among the texts, found {leaks}; this is a defect."
        )


def starting_network(
    splits: Splits, options: PretrainOptions
) -> tuple[ReviewClassifier, Settings, Tokenizer]:
    """Load `--encoder`, or build the student that the options describe; its head is a fresh one."""
    texts = [PROFILES["plain"](review.text) for review in splits.train + splits.unlabelled]

    def fit_kept(size: int) -> Tokenizer:
        return kept_tokenizer(options.output / "tokenizer.json", texts, size)

    if not options.encoder:
        tokenizer = fit_kept(options.vocab_size)
        settings = student_settings(splits.labels, tokenizer, options)
        return ReviewClassifier(settings), settings, tokenizer
    start = load_start(options.encoder, fit_kept)
    positions = int(start.fields["max_position_embeddings"]) - 2
    settings = Settings(splits.labels, start.fields, max_length=min(options.max_length, positions))
    network = ReviewClassifier(settings)
    if start.encoder is not None:
        network.encoder.load_state_dict(start.encoder.state_dict())
    return network, settings, start.tokenizer


def learn(material: Material, options: PretrainOptions, processes: int) -> Outcome:
    """Run the loop on packed, masked batches."""
    plan = plan_of(options, material.settings, processes)
    vocabulary = read_vocabulary(material.tokenizer)
    batches = curriculum(material.corpus, vocabulary, material.settings, plan)
    held_out = held_out_batches(material.held_out, vocabulary, material.settings, plan)
    if not (options.encoder or (options.output / STAGE / STATE_FILE).exists()):
        warm_start(material.network, material.corpus, options.seed)
    return fit(
        TASKS[options.objective](material.network.encoder),
        batches.batch,
        options.hyperparameters(),
        options.limits(),
        options.output,
        STAGE,
        lambda task: validate(task, held_out),
    )


def trained_encoder(task: nn.Module) -> nn.Module:
    """Return the part of a task that the other stages go on from."""
    return task.get_submodule("encoder")


def plan_of(options: PretrainOptions, settings: Settings, processes: int) -> Plan:
    """Return how the run is divided into batches."""
    return Plan(
        steps=options.steps,
        short_share=options.short_share,
        short=options.short_length,
        long=settings.max_length,
        batch_tokens=options.batch_tokens,
        batches_per_step=options.accumulate * processes,
        always_mask=options.objective == "rtd",
        seed=options.seed,
    )


def validate(task: nn.Module, batches: Sequence[dict[str, Tensor]]) -> dict[str, float]:
    """Return the mean of the task's losses on held-out text.

    Only masked LM gives a `validation_loss` to select by: the better ELECTRA's generator becomes,
    the harder what its detector has to tell, so there the last weights count.
    """
    device = next(task.parameters()).device
    totals: Counter[str] = Counter()
    for batch in batches:
        for name, value in task({key: part.to(device) for key, part in batch.items()}).items():
            totals[f"validation_{name}"] += value.item() / len(batches)
    if isinstance(task, ReplacedTokenDetector):
        del totals["validation_loss"]
    return dict(totals)


def parse(argv: Sequence[str] | None = None) -> PretrainOptions:
    """Return the options; `--smoke` changes the defaults, what is said beside it still counts."""
    described = f"{__doc__}{_EXAMPLES}"
    if parse_options(PretrainOptions, argv, described).smoke:
        return parse_options(PretrainOptions, argv, described, SMOKE)
    return parse_options(PretrainOptions, argv, described)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    command(lambda: pretrain(parse(argv)))


if __name__ == "__main__":
    main()

"""What a run is asked for, and the steps that a plan is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from training.options import option
from training.stages.options import CACHE, DataOptions, TrainingOptions

CHECKPOINT: Final = "checkpoint"
# One pass over few reviews by a student without dropout: nothing to regularise.
UNREGULARISED: Final[dict[str, Any]] = {"r_drop": 0, "encoder_dropout": 0, "ema": 0.98}


@dataclass(frozen=True, kw_only=True)
class RunOptions(DataOptions):
    """Which plan is run, in which folder, for how long."""

    COMMAND: ClassVar[str] = "run"

    output: Path = option(Path("run/training"), "folder of this run")
    cache: Path = option(CACHE, "folder of the tokenized texts")
    seed: int = option(13, "of weights and batches")
    plan: Literal["transfer", "few", "distilled", "light", "gpu", "tutorial", "smoke"] = option(
        "transfer", "which stages are run; `transfer` becomes `few` where there are few rows"
    )
    smoke: bool = option(False, "the plan `smoke`: every part once, in minutes")
    encoder: str | None = option(
        None,
        "of the plans that transfer (else all-MiniLM-L6-v2) and of `tutorial` (else roberta-base)",
    )
    teacher: str | None = option(None, "of the plan `distilled` (else all-mpnet-base-v2)")
    soft_labels: Path | None = option(
        None, "a teacher's answers that are there already: the plan then asks no teacher"
    )
    max_length: int | None = option(
        None, "tokens read of a text by a plan that transfers, else 512"
    )
    max_minutes: float | None = option(None, "of all stages together: a smaller run")
    piece_minutes: float | None = option(None, "stop then; run again to go on")

    def shared(self, **changes: Any) -> dict[str, Any]:
        """Return what every stage of a plan is told alike, but for the changes."""
        names = (
            "data", "text_column", "label_column", "protocol", "split_seed", "limit", "cache",
            "seed",
        )  # fmt: skip
        return {**{name: getattr(self, name) for name in names}, **changes}


@dataclass(frozen=True)
class Step:
    """One stage of a plan.

    `share` is its part of a total of `max_minutes`; `record` is the entry of its `run.json` that
    says whether it is finished; `about_films` marks what makes sense for reviews of films alone.
    """

    stage: Callable[[Any], object]
    options: TrainingOptions
    share: float
    record: str
    about_films: bool = False

    @property
    def name(self) -> str:
        """What the step is called, and its folder."""
        return self.options.output.name

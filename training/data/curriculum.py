"""What pre-training sees at which step: short rows, then long ones, ever fewer words masked."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handler.checkpoint import Settings
from training.data.corpus import Corpus
from training.data.masking import LAST_RATE, Vocabulary, mask_rate, mask_words
from training.data.packed_rows import Rows

# Held-out text is masked in the same places at every validation, at the final rate.
_VALIDATION_SEED = 0
_VALIDATION_BATCHES = 32


@dataclass(frozen=True)
class Plan:
    """How the run is divided: steps, the share of them on short rows, tokens per batch, seed.

    `batches_per_step` counts those of all processes and of gradient accumulation.
    """

    steps: int
    short_share: float
    short: int
    long: int
    batch_tokens: int
    batches_per_step: int
    always_mask: bool
    seed: int

    @property
    def short_batches(self) -> int:
        """Number of the first batch of long rows."""
        share = self.short_share if self.short < self.long else 0.0
        return round(self.steps * share) * self.batches_per_step


@dataclass(frozen=True)
class Curriculum:
    """An endless sequence of masked batches; batch `n` depends on `n` and the plan alone."""

    plan: Plan
    vocabulary: Vocabulary
    short: Rows
    long: Rows

    def batch(self, number: int) -> dict[str, Tensor]:
        """Return batch `number` of the run."""
        plan = self.plan
        early = number < plan.short_batches
        tokens = self.short[number] if early else self.long[number - plan.short_batches]
        rate = mask_rate(number / (plan.steps * plan.batches_per_step))
        generator = np.random.default_rng((plan.seed, number))
        return masked_batch(tokens, self.vocabulary, rate, generator, plan.always_mask)


def curriculum(
    corpus: Corpus, vocabulary: Vocabulary, settings: Settings, plan: Plan
) -> Curriculum:
    """Pack the corpus for both lengths; raises DataError if it is too small for one batch."""
    short, long = (
        Rows(corpus, length, max(1, plan.batch_tokens // length), *frame(settings), plan.seed)
        for length in (min(plan.short, plan.long), plan.long)
    )
    return Curriculum(plan, vocabulary, short, long)


def held_out_batches(
    corpus: Corpus, vocabulary: Vocabulary, settings: Settings, plan: Plan
) -> list[dict[str, Tensor]]:
    """Mask up to 32 batches of held-out text, once and for all."""
    tokens = int(corpus.starts[-1]) + len(corpus)
    length = min(plan.short, plan.long, tokens)
    count = max(1, min(plan.batch_tokens // length, tokens // (length - 1)))
    rows = Rows(corpus, length, count, *frame(settings), _VALIDATION_SEED)
    return [
        masked_batch(
            rows[number],
            vocabulary,
            LAST_RATE,
            np.random.default_rng((_VALIDATION_SEED, number)),
            plan.always_mask,
        )
        for number in range(min(_VALIDATION_BATCHES, rows.per_epoch))
    ]


def frame(settings: Settings) -> tuple[int, int]:
    """Return the ids that begin a row and end a document."""
    return settings.encoder["bos_token_id"], settings.encoder["eos_token_id"]


def masked_batch(
    tokens: NDArray[np.int64],
    vocabulary: Vocabulary,
    rate: float,
    generator: np.random.Generator,
    always_mask: bool,
) -> dict[str, Tensor]:
    """Return corrupted `input_ids`, the `answers` (rows, length), and the flat `places` to guess.

    `draws` is one number in [0, 1) per place, for a generator's sampling.
    """
    masked = mask_words(tokens, vocabulary, rate, generator, always_mask)
    return {
        "input_ids": torch.from_numpy(masked.tokens),
        "attention_mask": torch.ones(tokens.shape, dtype=torch.long),
        "answers": torch.from_numpy(tokens),
        "places": torch.from_numpy(masked.places),
        "draws": torch.from_numpy(generator.random(len(masked.places), dtype=np.float32)),
    }

"""Two ways to learn from bare text: guess masked words, or tell replaced words from real ones."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import RobertaConfig, RobertaModel

# Clark et al. 2020: the discriminator's loss is small, so it counts fifty times.
DISCRIMINATOR_WEIGHT = 50.0
GENERATOR_SHARE = 0.5


class LanguageHead(nn.Module):
    """RoBERTa's language head: hidden states to scores of all pieces, over the tied embeddings."""

    def __init__(self, width: int, table: Tensor) -> None:
        super().__init__()
        pieces, embedding_width = table.shape
        self.dense = nn.Linear(width, embedding_width)
        self.norm = nn.LayerNorm(embedding_width)
        self.bias = nn.Parameter(torch.zeros(pieces))
        # Scores start near zero however large the embeddings are, so the first losses stay sane.
        spread = float(table.detach().std()) * embedding_width**0.5
        nn.init.constant_(self.norm.weight, min(1.0, 1.0 / spread))

    def forward(self, hidden: Tensor, table: Tensor) -> Tensor:
        """Return (places, pieces) scores of (places, width) hidden states."""
        return functional.linear(self.norm(functional.gelu(self.dense(hidden))), table, self.bias)


class MaskedLanguageModel(nn.Module):
    """Guesses the pieces at a batch's `places` (Devlin et al. 2019)."""

    def __init__(self, encoder: RobertaModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.language_head = LanguageHead(encoder.config.hidden_size, word_table(encoder))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the cross-entropy per guessed piece and the share of right guesses."""
        hidden = hidden_states(self.encoder, input_ids=batch["input_ids"])
        scores = self.language_head(at_places(hidden, batch["places"]), word_table(self.encoder))
        answers = batch["answers"].flatten()[batch["places"]]
        return {
            "loss": functional.cross_entropy(scores.float(), answers),
            "accuracy": (scores.argmax(1) == answers).float().mean(),
        }


class ReplacedTokenDetector(nn.Module):
    """The encoder tells which tokens a small generator has replaced (ELECTRA, Clark et al. 2020).

    The generator has the encoder's depth and half its width; both share the piece embeddings.
    """

    def __init__(self, encoder: RobertaModel) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        config = generator_config(encoder.config)
        self.encoder = encoder
        self.narrow = nn.Linear(width, config.hidden_size)
        self.generator = RobertaModel(config, add_pooling_layer=False)
        # It is fed the encoder's embeddings: a table of its own would only be dead weight.
        self.generator.embeddings.register_module("word_embeddings", None)
        self.language_head = LanguageHead(config.hidden_size, word_table(encoder))
        self.detector = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the generator's and the detector's losses and the detector's accuracy."""
        guesses = self._guess(batch)
        answers = batch["answers"].flatten()[batch["places"]]
        generator_loss = functional.cross_entropy(guesses, answers)
        sampled = sample(guesses.detach(), batch["draws"])
        tokens = batch["answers"].flatten().scatter(0, batch["places"], sampled)
        tokens = tokens.view_as(batch["answers"])
        replaced = (tokens != batch["answers"]).float()
        found = self.detector(hidden_states(self.encoder, input_ids=tokens)).squeeze(-1).float()
        detector_loss = functional.binary_cross_entropy_with_logits(found, replaced)
        return {
            "loss": generator_loss + DISCRIMINATOR_WEIGHT * detector_loss,
            "generator_loss": generator_loss,
            "detector_loss": detector_loss,
            "detector_accuracy": ((found > 0) == replaced.bool()).float().mean(),
        }

    def _guess(self, batch: dict[str, Tensor]) -> Tensor:
        table = word_table(self.encoder)
        embedded = self.narrow(functional.embedding(batch["input_ids"], table))
        hidden = hidden_states(self.generator, inputs_embeds=embedded)
        scores: Tensor = self.language_head(at_places(hidden, batch["places"]), table)
        return scores.float()


def generator_config(config: RobertaConfig) -> RobertaConfig:
    """Return the encoder's shape at half the width, with as many heads."""
    fields: dict[str, Any] = config.to_dict()
    width = int(config.hidden_size * GENERATOR_SHARE)
    return RobertaConfig(**{**fields, "hidden_size": width, "intermediate_size": 4 * width})


def word_table(encoder: RobertaModel) -> Tensor:
    """Return the encoder's piece embeddings, (pieces, width)."""
    return encoder.embeddings.word_embeddings.weight


def hidden_states(encoder: RobertaModel, **inputs: Tensor) -> Tensor:
    """Return the last layer, (rows, length, width); packed rows need no attention mask."""
    output: Tensor = encoder(**inputs)[0]
    return output


def at_places(hidden: Tensor, places: Tensor) -> Tensor:
    """Return (places, width): scores of all pieces are computed only where something is guessed."""
    return hidden.flatten(0, 1)[places]


def sample(scores: Tensor, draws: Tensor) -> Tensor:
    """Draw a piece per row from softmax(scores); `draws` in [0, 1) decide, so reruns agree."""
    cumulative = scores.softmax(1).cumsum(1)
    found = torch.searchsorted(cumulative, draws.unsqueeze(1) * cumulative[:, -1:], right=True)
    return found.squeeze(1).clamp_max(scores.shape[1] - 1)

"""Learn from teachers: soft labels of reviews and, piece by piece, the evidence for them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from handler.network import ReviewClassifier
from training.data.batches import stack
from training.data.inputs import Inputs


class DistillTask(nn.Module):
    """A student with an evidence head that only training needs."""

    def __init__(self, network: ReviewClassifier, columns: int, evidence_weight: float) -> None:
        super().__init__()
        self.network = network
        self.evidence_head = nn.Linear(network.encoder.config.hidden_size, columns)
        self.evidence_weight = evidence_weight

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses: soft cross-entropy per review, smooth L1 per token of evidence."""
        mask = batch["attention_mask"]
        hidden = self.network.hidden_states(batch["input_ids"], mask)
        logits = self.network.classify(hidden, mask).float()
        review_loss = functional.cross_entropy(logits, batch["probabilities"])
        found = self.evidence_head(hidden).float()
        gaps = functional.smooth_l1_loss(found, batch["evidence"], reduction="none").mean(-1)
        evidence_loss = (gaps * mask).sum() / mask.sum()
        return {
            "loss": review_loss + self.evidence_weight * evidence_loss,
            "review_loss": review_loss,
            "evidence_loss": evidence_loss,
        }


@dataclass(frozen=True)
class DistillDataset:
    """Inputs and targets of the texts that the student learns from."""

    inputs: Inputs
    probabilities: NDArray[np.float32]
    evidence: NDArray[np.float16]

    def batch(self, indices: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return a batch of inputs with `probabilities` and `evidence` beside them."""
        batch = self.inputs.batch(indices)
        length = batch["input_ids"].shape[1]
        rows = [self._evidence(int(index)) for index in indices]
        batch["probabilities"] = torch.from_numpy(self.probabilities[indices])
        batch["evidence"] = stack(rows, 0.0, length)
        return batch

    def _evidence(self, index: int) -> NDArray[np.float32]:
        start = self.inputs.corpus.starts[index]
        kept = self.evidence[start + self.inputs.positions(index)].astype(np.float32)
        return np.pad(kept, ((1, 1), (0, 0)))  # <s> and </s> carry none

"""The loss of every classifier here: cross-entropy with class weights, and R-Drop on request."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from handler.network import BiLSTMClassifier, ReviewClassifier


class ClassifyTask(nn.Module):
    """Cross-entropy with class weights; with `r_drop`, two dropout passes have to agree.

    R-Drop: Liang et al. 2021, the mean of both cross-entropies and a symmetric KL divergence.
    """

    class_weights: Tensor

    def __init__(
        self,
        network: ReviewClassifier | BiLSTMClassifier,
        class_weights: Tensor,
        frozen: bool = False,
        r_drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.r_drop = r_drop
        self.frozen = frozen
        self.register_buffer("class_weights", class_weights)

    def train(self, mode: bool = True) -> "ClassifyTask":
        """Switch to training, except that a frozen encoder stays free of dropout."""
        super().train(mode)
        if self.frozen:
            self.network.get_submodule("encoder").eval()
        return self

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses of a batch with `labels`."""
        first = self._logits(batch)
        loss = self._cross_entropy(first, batch["labels"])
        if not (self.r_drop and self.training):
            return {"loss": loss}
        second = self._logits(batch)
        loss = (loss + self._cross_entropy(second, batch["labels"])) / 2
        divergence = (_divergence(first, second) + _divergence(second, first)) / 2
        return {"loss": loss + self.r_drop * divergence, "divergence": divergence}

    def _logits(self, batch: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self.network(batch["input_ids"], batch["attention_mask"])
        return logits.float()

    def _cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(logits, labels, self.class_weights)


def _divergence(first: Tensor, second: Tensor) -> Tensor:
    log_first, log_second = first.log_softmax(-1), second.log_softmax(-1)
    return functional.kl_div(log_first, log_second, reduction="batchmean", log_target=True)


def classifier_of(task: nn.Module) -> nn.Module:
    """Return the classifier inside a trained task."""
    return task.get_submodule("network")


def class_weights(labels: NDArray[np.int64], count: int, balanced: bool) -> Tensor:
    """Return weights inverse to the labels' frequencies (mean 1 over the reviews), or ones."""
    if not balanced:
        return torch.ones(count)
    return torch.from_numpy(len(labels) / (count * np.bincount(labels, minlength=count))).float()

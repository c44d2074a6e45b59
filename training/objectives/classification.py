"""The loss of every classifier here: cross-entropy; R-Drop and a contrast of texts on request.

Targets are distributions over the labels: one-hot, a teacher's soft labels, or a mix of both.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from handler.network import ReviewClassifier, pool

_CONTRAST_TEMPERATURE = 0.1


class ClassifyTask(nn.Module):
    """Cross-entropy with class weights; with `r_drop`, two dropout passes have to agree.

    R-Drop: Liang et al. 2021, the mean of both cross-entropies and a symmetric KL divergence.
    `contrast` weighs the supervised contrast of a batch's pooled texts, for few rows.
    """

    class_weights: Tensor

    def __init__(
        self,
        network: nn.Module,
        class_weights: Tensor,
        frozen: bool = False,
        r_drop: float = 0.0,
        contrast: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.r_drop = r_drop
        self.contrast = contrast
        self.frozen = frozen
        self.register_buffer("class_weights", class_weights)

    def train(self, mode: bool = True) -> "ClassifyTask":
        """Switch to training, except that a frozen encoder stays free of dropout."""
        super().train(mode)
        if self.frozen:
            self.network.get_submodule("encoder").eval()
        return self

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the losses of a batch with `targets` (rows, labels)."""
        if self.contrast and self.training:
            return self._contrasted(batch)
        first = self._logits(batch)
        loss = self._cross_entropy(first, batch["targets"])
        if not (self.r_drop and self.training):
            return {"loss": loss}
        second = self._logits(batch)
        loss = (loss + self._cross_entropy(second, batch["targets"])) / 2
        divergence = (_divergence(first, second) + _divergence(second, first)) / 2
        return {"loss": loss + self.r_drop * divergence, "divergence": divergence}

    def _contrasted(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        assert isinstance(self.network, ReviewClassifier)
        mask = batch["attention_mask"]
        hidden = self.network.hidden_states(batch["input_ids"], mask)
        pooled = pool(hidden.float(), mask, self.network.pooling)
        loss = self._cross_entropy(self.network.head(pooled).float(), batch["targets"])
        contrast = contrast_loss(pooled, batch["targets"].argmax(1))
        return {"loss": loss + self.contrast * contrast, "contrast": contrast}

    def _logits(self, batch: dict[str, Tensor]) -> Tensor:
        logits: Tensor = self.network(batch["input_ids"], batch["attention_mask"])
        return logits.float()

    def _cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
        # The mean over class weights: torch takes it over rows where targets are distributions.
        total = functional.cross_entropy(logits, targets, self.class_weights, reduction="sum")
        return total / (targets * self.class_weights).sum()


def contrast_loss(pooled: Tensor, labels: Tensor) -> Tensor:
    """Return how hard it is to tell each text's own label by its neighbours (Khosla et al. 2020).

    Each pair of texts in the batch counts, so (n, width) of n texts teach n (n − 1) / 2 times. A
    text that is alone with its label pulls nothing towards itself.
    """
    directions = functional.normalize(pooled, dim=1)
    alone = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    closeness = (directions @ directions.T / _CONTRAST_TEMPERATURE).masked_fill(alone, -torch.inf)
    others = (closeness - closeness.logsumexp(1, keepdim=True)).masked_fill(alone, 0.0)
    same = (labels[:, None] == labels[None]) & ~alone
    return -((others * same).sum(1) / same.sum(1).clamp(min=1)).mean()


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

"""PyTorch on the CPU: packed fp32 or bf16 for RoBERTa, padded fp32 for any other architecture."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from handler.batching import plan_batches
from handler.engines.base import Logits
from handler.network import ReviewClassifier
from handler.packed import PackedClassifier, pack

# Enough rows to fill the GEMM kernels; more only pushes activations out of the L2 cache.
TOKEN_BUDGET = 1024


class TorchPackedEngine:
    """Scores packed reviews in the given type on the CPU."""

    def __init__(self, network: ReviewClassifier, dtype: torch.dtype, threads: int) -> None:
        self.name = "torch-bf16" if dtype == torch.bfloat16 else "torch-fp32"
        self._network = PackedClassifier(network, dtype).eval()
        torch.set_num_threads(threads)

    @torch.inference_mode()
    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews."""
        parts, order = [], []
        for batch in plan_batches([len(review) for review in reviews], TOKEN_BUDGET):
            packing = pack(
                [reviews[i] for i in batch], self._network.first_position, torch.device("cpu")
            )
            parts.append(self._network(packing).numpy())
            order += batch
        return in_request_order(parts, order)


class TorchPaddedEngine:
    """Scores reviews of equal length together with the network as it is, in fp32."""

    name = "torch-fp32"

    def __init__(self, network: nn.Module, threads: int) -> None:
        self._network = network.eval()
        torch.set_num_threads(threads)

    @torch.inference_mode()
    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews."""
        parts, order = [], []
        for batch in plan_batches([len(review) for review in reviews], TOKEN_BUDGET):
            tensors = [torch.tensor(reviews[i]) for i in batch]
            ids = nn.utils.rnn.pad_sequence(tensors, batch_first=True)
            lengths = torch.tensor([len(tensor) for tensor in tensors])
            mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
            parts.append(self._network(ids, mask).numpy())
            order += batch
        return in_request_order(parts, order)


def in_request_order(parts: Sequence[Logits], order: Sequence[int]) -> Logits:
    """Undo the batch plan: row i of the result belongs to review i."""
    return np.asarray(np.concatenate(parts)[np.argsort(order)])

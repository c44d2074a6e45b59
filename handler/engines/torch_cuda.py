"""PyTorch on an NVIDIA GPU: packed fp16 with variable-length attention, no padding anywhere."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn.attention.varlen import varlen_attn

from handler.batching import in_request_order, plan_batches
from handler.engines.base import EngineError, Logits, Source
from handler.network import ReviewClassifier
from handler.packed import PackedClassifier, Packing, pack
from handler.weights import load_network

NAME: Final = "cuda"
# Enough work to hide a small encoder's kernel launches; 200 MB of activations for a base one.
TOKEN_BUDGET: Final = 32_768
# The variable-length kernels need tensor cores of this generation (Ampere).
CAPABILITY: Final = (8, 0)


class CudaEngine:
    """Scores packed reviews in fp16 on one GPU."""

    name = NAME

    def __init__(self, network: ReviewClassifier, device: torch.device, longest: int) -> None:
        self.warm_up_batches = ((longest, 2),)
        self._device = device
        self._network = PackedClassifier(network, torch.float16, attend_packed).eval().to(device)

    @torch.inference_mode()
    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews."""
        plan = list(plan_batches([len(review) for review in reviews], TOKEN_BUDGET))
        # All batches are queued before the first result is waited for: packing overlaps computing.
        queued = [self._queue([reviews[i] for i in batch]) for batch in plan]
        return in_request_order([logits.cpu().numpy() for logits in queued], plan)

    def _queue(self, reviews: Sequence[list[int]]) -> Tensor:
        packing = pack(reviews, self._network.first_position, self._device)
        logits: Tensor = self._network(packing)
        return logits


def attend_packed(query: Tensor, key: Tensor, value: Tensor, packing: Packing) -> Tensor:
    """Attend within each review of a packed batch in one kernel."""
    longest = max(packing.lengths)
    one_query_each = query.shape[0] != key.shape[0]
    count = len(packing.lengths) + 1
    starts = torch.arange(count, dtype=torch.int32, device=query.device)
    # num_splits=1: how a review's keys are split must not depend on its neighbours.
    attended = varlen_attn(
        query,
        key,
        value,
        starts if one_query_each else packing.starts,
        packing.starts,
        1 if one_query_each else longest,
        longest,
        num_splits=1,
    )
    assert isinstance(attended, Tensor)
    return attended


def load(source: Source) -> CudaEngine:
    """Load the network onto the GPU of `source`; raises EngineError if there is none that fits."""
    if not torch.cuda.is_available():
        raise EngineError(f"{NAME}: expected an NVIDIA GPU and torch built for CUDA, found none.")
    device = torch.device(source.device if source.device.startswith("cuda") else "cuda:0")
    found = torch.cuda.get_device_capability(device)
    if found < CAPABILITY:
        raise EngineError(f"{NAME}: expected compute capability {CAPABILITY}, found {found}.")
    network = load_network(source.directory)[0]
    if not isinstance(network, ReviewClassifier):
        raise EngineError(f"{NAME}: expected roberta, found {source.settings.architecture}.")
    return CudaEngine(network, device, source.settings.max_length)

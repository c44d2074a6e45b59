"""PyTorch on the CPU: packed fp32 or bf16 for RoBERTa, padded fp32 for any other architecture."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import torch
from torch import Tensor, nn

from handler.batching import in_request_order, plan_batches
from handler.engines import hardware
from handler.engines.base import EngineError, Logits, Source
from handler.network import ReviewClassifier
from handler.packed import PackedClassifier, pack
from handler.weights import load_network

BF16: Final = "torch-bf16"
FP32: Final = "torch-fp32"
# Enough rows to fill the GEMM kernels; more only pushes activations out of the L2 cache.
TOKEN_BUDGET: Final = 1024

Batch = Sequence[list[int]]


class TorchEngine:
    """Scores batches under a token budget with a function from token ids to logits."""

    def __init__(self, name: str, score: Callable[[Batch], Tensor], source: Source) -> None:
        self.name = name
        self.warm_up_batches = ((source.settings.max_length, 2),)
        self._score = score
        torch.set_num_threads(source.threads)

    @torch.inference_mode()
    def logits(self, reviews: Sequence[list[int]]) -> Logits:
        """Return (reviews, labels) logits in the order of the reviews."""
        plan = list(plan_batches([len(review) for review in reviews], TOKEN_BUDGET))
        parts = [self._score([reviews[i] for i in batch]).numpy() for batch in plan]
        return in_request_order(parts, plan)


def score_packed(network: PackedClassifier, reviews: Batch) -> Tensor:
    """Score reviews laid end to end: no padding."""
    logits: Tensor = network(pack(reviews, network.first_position, torch.device("cpu")))
    return logits


def score_padded(network: nn.Module, reviews: Batch) -> Tensor:
    """Score reviews padded to the longest, for networks that have no packed form."""
    tensors = [torch.tensor(review) for review in reviews]
    lengths = torch.tensor([len(tensor) for tensor in tensors])
    ids = nn.utils.rnn.pad_sequence(tensors, batch_first=True)
    logits: Tensor = network(ids, (torch.arange(ids.shape[1]) < lengths[:, None]).long())
    return logits


def load_bf16(source: Source) -> TorchEngine:
    """Load the packed bf16 network; raises EngineError where it cannot run."""
    if not hardware.has_bf16():
        raise EngineError(f"{BF16}: expected a processor with bf16 instructions, found none.")
    network = load_network(source.directory)[0]
    if not isinstance(network, ReviewClassifier):
        raise EngineError(f"{BF16}: expected roberta, found {source.settings.architecture}.")
    packed = PackedClassifier(network, torch.bfloat16).eval()
    return TorchEngine(BF16, partial(score_packed, packed), source)


def load_fp32(source: Source) -> TorchEngine:
    """Load the network in fp32, which runs everywhere: the reference for every other engine."""
    network = load_network(source.directory)[0]
    if not isinstance(network, ReviewClassifier):
        return TorchEngine(FP32, partial(score_padded, network), source)
    packed = PackedClassifier(network, torch.float32).eval()
    return TorchEngine(FP32, partial(score_packed, packed), source)

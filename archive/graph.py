"""Build a RoBERTa classifier's OpenVINO graph: in fp32 to observe ranges, then in int8 to serve.

What stays in floating point: embeddings, softmax, residual sums, layer norms, pooling and head.
Where the pooling reads nothing but the first token, the last layer computes only that token's row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from handler.checkpoint import Settings
from handler.engines.openvino_int8 import IDS, OUTPUT, TOKENS

Weights = Mapping[str, NDArray[np.float32]]
Range = tuple[float, float]

# Names in a Hugging Face config, and OpenVINO's for the same function.
ACTIVATIONS: Final = {"gelu": "erf", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh"}
HEAD_EPS: Final = 1e-5
# Added to the scores of padding: its exponential is zero in fp32.
MASKED: Final = -1e4
_LENGTH_AXIS: Final = np.array([1], np.int32)
_LAST_AXIS: Final = np.array([-1], np.int32)
_HEADS_FIRST: Final = np.array([0, 2, 1, 3], np.int32)


@dataclass
class Quantization:
    """Ranges of activations by name: observed at first, then read when the int8 graph is built."""

    ranges: Mapping[str, Range] = field(default_factory=dict)
    observed: dict[str, ov.Node] = field(default_factory=dict)

    def apply(self, name: str, node: ov.Node, symmetric: bool = False) -> ov.Node:
        """Quantize a tensor to 8 bits, or take note of it while its range is not known yet."""
        if name not in self.ranges:
            self.observed[name] = node
            return node
        around = symmetric_range if symmetric else asymmetric_range
        low, high = (np.float32(limit) for limit in around(*self.ranges[name]))
        return ops.fake_quantize(node, low, high, low, high, levels=256)


def can_build(settings: Settings) -> bool:
    """Whether this architecture and activation have a graph."""
    return settings.architecture == "roberta" and _activation(settings) in ACTIVATIONS


def build_graph(settings: Settings, weights: Weights, quantization: Quantization) -> ov.Model:
    """Return the graph from (1, length) token ids, the first `tokens` of them real, to logits.

    While the quantization knows no ranges, each activation adds a `NAME:low` and a `NAME:high`.
    """
    ids = ops.parameter([1, -1], np.int32, name=IDS)
    tokens = ops.parameter([1], np.int32, name=TOKENS)
    logits = _Builder(settings, weights, quantization).logits(ids, tokens)
    outputs = {OUTPUT: logits}
    for name, node in quantization.observed.items():
        axes = np.arange(3, dtype=np.int32)
        outputs[f"{name}:low"] = ops.reduce_min(node, axes)
        outputs[f"{name}:high"] = ops.reduce_max(node, axes)
    for name, node in outputs.items():
        node.output(0).set_names({name})
    return ov.Model([ops.result(node) for node in outputs.values()], [ids, tokens], "sentiment")


class _Builder:
    def __init__(self, settings: Settings, weights: Weights, quantization: Quantization) -> None:
        self._settings = settings
        self._weights = weights
        self._quantize = quantization.apply
        self._is_int8 = bool(quantization.ranges)
        self._heads: int = settings.encoder["num_attention_heads"]
        self._eps: float = settings.encoder.get("layer_norm_eps", 1e-12)
        self._activation = ACTIVATIONS[_activation(settings)]

    def logits(self, ids: ov.Node, tokens: ov.Node) -> ov.Node:
        length = ops.squeeze(ops.gather(ops.shape_of(ids, "i32"), _LENGTH_AXIS, 0), 0)
        index = ops.range(np.int32(0), length, np.int32(1), output_type="i32")
        self._is_real = ops.convert(ops.less(index, tokens), "f32")
        self._mask = self._additive_mask()
        self._tokens = ops.convert(tokens, "f32")
        hidden = self._embed(ids, index)
        layers: int = self._settings.encoder["num_hidden_layers"]
        for number in range(layers):
            only_first = number == layers - 1 and self._settings.pooling == "cls"
            hidden = self._layer(f"encoder.encoder.layer.{number}", hidden, only_first)
        return self._head(self._pool(hidden))

    def _embed(self, ids: ov.Node, index: ov.Node) -> ov.Node:
        prefix = "encoder.embeddings"
        # RoBERTa counts positions from the padding id + 1; every token is of type 0.
        first = self._settings.encoder.get("pad_token_id", 1) + 1
        table = self._weights[f"{prefix}.position_embeddings.weight"][first:]
        table = table + self._weights[f"{prefix}.token_type_embeddings.weight"][0]
        words = ops.gather(_table(self._weights[f"{prefix}.word_embeddings.weight"]), ids, 0)
        hidden = ops.add(words, ops.gather(_table(table), index, 0))
        return self._norm(f"{prefix}.LayerNorm", hidden, self._eps)

    def _layer(self, name: str, hidden: ov.Node, only_first: bool) -> ov.Node:
        inputs = self._quantize(f"{name}.input", hidden)
        queries = inputs
        if only_first:
            hidden, queries = _first_token(hidden), _first_token(inputs)
        attended = self._quantize(f"{name}.attended", self._attend(name, queries, inputs))
        hidden = ops.add(self._linear(f"{name}.attention.output.dense", attended), hidden)
        hidden = self._norm(f"{name}.attention.output.LayerNorm", hidden, self._eps)
        middle = self._linear(f"{name}.intermediate.dense", self._quantize(f"{name}.mid", hidden))
        middle = self._quantize(f"{name}.up", ops.gelu(middle, self._activation))
        hidden = ops.add(self._linear(f"{name}.output.dense", middle), hidden)
        return self._norm(f"{name}.output.LayerNorm", hidden, self._eps)

    def _attend(self, name: str, queries: ov.Node, inputs: ov.Node) -> ov.Node:
        prefix = f"{name}.attention.self"
        query = self._linear(f"{prefix}.query", queries)
        key = self._linear(f"{prefix}.key", inputs)
        value = self._linear(f"{prefix}.value", inputs)
        # Symmetric ranges: the int8 product of query and key takes no zero points.
        query = self._quantize(f"{name}.query", query, symmetric=True)
        key = self._quantize(f"{name}.key", key, symmetric=True)
        heads = (self._split(node) for node in (query, key, value))
        attended = ops.transpose(ops.scaled_dot_product_attention(*heads, self._mask), _HEADS_FIRST)
        return ops.reshape(attended, np.array([0, 0, -1], np.int32), True)

    def _split(self, node: ov.Node) -> ov.Node:
        shape = np.array([0, 0, self._heads, -1], np.int32)
        return ops.transpose(ops.reshape(node, shape, True), _HEADS_FIRST)

    def _linear(self, name: str, inputs: ov.Node) -> ov.Node:
        weight = self._weights[f"{name}.weight"]
        factor = _int8_rows(weight) if self._is_int8 else ops.constant(weight)
        return self._add_bias(name, ops.matmul(inputs, factor, False, True))

    def _norm(self, name: str, node: ov.Node, eps: float) -> ov.Node:
        normal = ops.mvn(node, _LAST_AXIS, True, eps, "inside_sqrt")
        return self._add_bias(name, ops.multiply(normal, self._weights[f"{name}.weight"]))

    def _add_bias(self, name: str, node: ov.Node) -> ov.Node:
        return ops.add(node, self._weights[f"{name}.bias"])

    def _additive_mask(self) -> ov.Node:
        penalty = ops.multiply(ops.subtract(np.float32(1), self._is_real), np.float32(MASKED))
        return ops.unsqueeze(penalty, np.arange(3, dtype=np.int32))

    def _pool(self, hidden: ov.Node) -> ov.Node:
        first = ops.squeeze(_first_token(hidden), _LENGTH_AXIS)
        real = ops.multiply(hidden, ops.unsqueeze(self._is_real, 1))
        mean = ops.divide(ops.reduce_sum(real, _LENGTH_AXIS), self._tokens)
        if self._settings.pooling == "cls_mean":
            return ops.concat([first, mean], 1)
        return first if self._settings.pooling == "cls" else mean

    def _head(self, node: ov.Node) -> ov.Node:
        # The modules of handler.network.build_head by number; dropout has no weights.
        if self._settings.head == "standard":
            return self._dense("head.4", ops.tanh(self._dense("head.1", node)))
        number = 1
        for _ in self._settings.head_sizes:
            node = self._norm(f"head.{number + 1}", self._dense(f"head.{number}", node), HEAD_EPS)
            number += 2
        if self._settings.head_sizes:
            node = ops.tanh(node)
            number += 2
        return self._dense(f"head.{number}", node)

    def _dense(self, name: str, node: ov.Node) -> ov.Node:
        weight = ops.constant(self._weights[f"{name}.weight"])
        return self._add_bias(name, ops.matmul(node, weight, False, True))


def _int8_rows(weight: NDArray[np.float32]) -> ov.Node:
    """Return a weight as int8 with one scale per output channel."""
    scale = np.maximum(np.abs(weight).max(1, keepdims=True), 1e-8) / np.float32(127)
    rounded = ops.constant(np.rint(weight / scale).astype(np.int8))
    return ops.multiply(ops.convert(rounded, "f32"), scale)


def _table(values: NDArray[np.float32]) -> ov.Node:
    """Return an embedding table in fp16, as checkpoints store it."""
    return ops.convert(ops.constant(values.astype(np.float16)), "f32")


def _first_token(node: ov.Node) -> ov.Node:
    start, one = np.array([0], np.int32), np.array([1], np.int32)
    return ops.slice(node, start, one, one, one)


def _activation(settings: Settings) -> str:
    return str(settings.encoder.get("hidden_act", "gelu"))


def asymmetric_range(low: float, high: float) -> Range:
    """Widen a range so that zero is one of its 256 levels: zeros stay zeros."""
    low, high = min(low, 0.0), max(high, 1e-6)
    zero = round(-low / (high - low) * 255)
    step = max(-low / zero if zero else 0.0, high / (255 - zero) if zero < 255 else 0.0)
    return -zero * step, (255 - zero) * step


def symmetric_range(low: float, high: float) -> Range:
    """Widen a range to the 256 levels of a signed byte, zero in the middle."""
    limit = max(-low, high, 1e-6)
    return -limit * 128 / 127, limit

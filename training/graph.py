"""Build a RoBERTa classifier's OpenVINO graph: in fp32 to observe ranges, then in int8 to serve.

What stays in floating point: embeddings, layer norms, softmax, residual sums, pooling and head.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as ops

from handler.checkpoint import Settings

Weights = Mapping[str, NDArray[np.float32]]
Range = tuple[float, float]
ACTIVATIONS: Final[dict[str, str]] = {
    "gelu": "erf",
    "gelu_new": "tanh",
    "gelu_pytorch_tanh": "tanh",
}


@dataclass
class Quantization:
    """Ranges of activations by name: filled by calibration, then read when the int8 graph is built."""

    ranges: dict[str, Range] = field(default_factory=dict)
    observed: dict[str, ov.Node] = field(default_factory=dict)

    def apply(self, name: str, node: ov.Node) -> ov.Node:
        """Quantize a tensor to 8 bits, or take note of it while the ranges are not known yet."""
        if name not in self.ranges:
            self.observed[name] = node
            return node
        low, high = (np.float32(limit) for limit in _with_zero(*self.ranges[name]))
        return ops.fake_quantize(node, low, high, low, high, levels=256)


def can_build(settings: Settings) -> bool:
    """Whether this architecture and activation have a graph."""
    return settings.architecture == "roberta" and _activation(settings) in ACTIVATIONS


def build_graph(settings: Settings, weights: Weights, quantization: Quantization) -> ov.Model:
    """Return the graph from (1, length) token ids to (1, labels) logits; the length is free."""
    return _GraphBuilder(settings, weights, quantization).build()


class _GraphBuilder:
    """Builds the classifier layer by layer; linear layers are int8 once `quantization` knows ranges."""

    def __init__(self, settings: Settings, weights: Weights, quantization: Quantization) -> None:
        self._settings = settings
        self._weights = weights
        self._quantization = quantization
        self._heads: int = settings.encoder["num_attention_heads"]
        self._eps: float = settings.encoder.get("layer_norm_eps", 1e-12)
        self._activation = ACTIVATIONS[_activation(settings)]

    def build(self) -> ov.Model:
        """Return the whole graph; while ranges are unknown, with two more outputs per activation."""
        ids = ops.parameter([1, -1], np.int32, name="input_ids")
        hidden = self._embed(ids)
        layers = self._settings.encoder["num_hidden_layers"]
        for number in range(layers):
            only_first = number == layers - 1 and self._settings.pooling == "cls"
            hidden = self._layer(f"encoder.encoder.layer.{number}", hidden, only_first)
        logits = self._head(self._pool(hidden))
        logits.output(0).set_names({"logits"})
        results = [logits]
        for name, node in self._quantization.observed.items():
            axes = [0, 1, 2]
            for kind, value in (
                ("low", ops.reduce_min(node, axes)),
                ("high", ops.reduce_max(node, axes)),
            ):
                value.output(0).set_names({f"{name}:{kind}"})
                results.append(value)
        return ov.Model([ops.result(r) for r in results], [ids], "sentiment")

    def _embed(self, ids: ov.Node) -> ov.Node:
        prefix = "encoder.embeddings"
        first = self._settings.encoder.get("pad_token_id", 1) + 1
        words = self._table(self._weights[f"{prefix}.word_embeddings.weight"])
        table = self._weights[f"{prefix}.position_embeddings.weight"][first:]
        positions = self._table(table + self._weights[f"{prefix}.token_type_embeddings.weight"][0])
        count = ops.gather(ops.shape_of(ids, "i32"), np.array([1], np.int32), np.int32(0))
        index = ops.range(
            np.int32(0), ops.squeeze(count, np.int32(0)), np.int32(1), output_type="i32"
        )
        embedded = ops.add(
            ops.gather(words, ids, np.int32(0)), ops.gather(positions, index, np.int32(0))
        )
        return self._norm(f"{prefix}.LayerNorm", embedded)

    def _layer(self, name: str, hidden: ov.Node, only_first: bool) -> ov.Node:
        quantize = self._quantization.apply
        inputs = quantize(f"{name}.input", hidden)
        if only_first:
            hidden, first = _first_token(hidden), _first_token(inputs)
        else:
            first = inputs
        attention = f"{name}.attention.self"
        query = self._split(quantize(f"{name}.query", self._linear(f"{attention}.query", first)))
        key = self._split(quantize(f"{name}.key", self._linear(f"{attention}.key", inputs)))
        value = self._split(self._linear(f"{attention}.value", inputs))
        attended = ops.scaled_dot_product_attention(query, key, value)
        attended = quantize(f"{name}.attended", self._merge(attended))
        hidden = ops.add(self._linear(f"{name}.attention.output.dense", attended), hidden)
        hidden = self._norm(f"{name}.attention.output.LayerNorm", hidden)
        up = self._linear(f"{name}.intermediate.dense", quantize(f"{name}.middle", hidden))
        up = quantize(f"{name}.up", ops.gelu(up, self._activation))
        hidden = ops.add(self._linear(f"{name}.output.dense", up), hidden)
        return self._norm(f"{name}.output.LayerNorm", hidden)

    def _linear(self, name: str, inputs: ov.Node) -> ov.Node:
        weight = self._weights[f"{name}.weight"]
        if self._quantization.ranges:
            scale = np.maximum(np.abs(weight).max(1, keepdims=True), 1e-8) / 127
            rounded = ops.constant(np.rint(weight / scale).astype(np.int8))
            node = ops.multiply(ops.convert(rounded, "f32"), ops.constant(scale.astype(np.float32)))
        else:
            node = ops.constant(weight)
        product = ops.matmul(inputs, node, False, True)
        return ops.add(product, ops.constant(self._weights[f"{name}.bias"][None, None]))

    def _norm(self, name: str, node: ov.Node) -> ov.Node:
        axes = ops.constant(np.array([-1], np.int32))
        node = ops.mvn(node, axes, True, self._eps, "inside_sqrt")
        node = ops.multiply(node, ops.constant(self._weights[f"{name}.weight"][None, None]))
        return ops.add(node, ops.constant(self._weights[f"{name}.bias"][None, None]))

    def _split(self, node: ov.Node) -> ov.Node:
        shape = np.array([0, 0, self._heads, -1], np.int32)
        return ops.transpose(ops.reshape(node, shape, True), np.array([0, 2, 1, 3], np.int32))

    def _merge(self, node: ov.Node) -> ov.Node:
        node = ops.transpose(node, np.array([0, 2, 1, 3], np.int32))
        return ops.reshape(node, np.array([0, 0, -1], np.int32), True)

    def _pool(self, hidden: ov.Node) -> ov.Node:
        first = ops.squeeze(_first_token(hidden), np.int32(1))
        mean = ops.reduce_mean(hidden, np.int32(1))
        pooled = {"cls": [first], "mean": [mean], "cls_mean": [first, mean]}[self._settings.pooling]
        return ops.concat(pooled, 1) if len(pooled) > 1 else pooled[0]

    def _head(self, node: ov.Node) -> ov.Node:
        # Same order as handler.network.build_head; dropout does nothing here.
        sizes = self._settings.head_sizes
        for i in range(len(sizes)):
            node = self._dense(f"head.{1 + 2 * i}", node)
            node = self._norm2(f"head.{2 + 2 * i}", node)
        last = 1 + 2 * len(sizes) + (2 if sizes else 0)
        if sizes:
            node = ops.tanh(node)
        return self._dense(f"head.{last}", node)

    def _dense(self, name: str, node: ov.Node) -> ov.Node:
        product = ops.matmul(node, ops.constant(self._weights[f"{name}.weight"]), False, True)
        return ops.add(product, ops.constant(self._weights[f"{name}.bias"][None]))

    def _norm2(self, name: str, node: ov.Node) -> ov.Node:
        axes = ops.constant(np.array([-1], np.int32))
        node = ops.mvn(node, axes, True, 1e-5, "inside_sqrt")
        node = ops.multiply(node, ops.constant(self._weights[f"{name}.weight"][None]))
        return ops.add(node, ops.constant(self._weights[f"{name}.bias"][None]))

    def _table(self, values: NDArray[np.float32]) -> ov.Node:
        return ops.convert(ops.constant(values.astype(np.float16)), "f32")


def _activation(settings: Settings) -> str:
    return str(settings.encoder.get("hidden_act", "gelu"))


def _first_token(node: ov.Node) -> ov.Node:
    one, zero = np.array([1], np.int32), np.array([0], np.int32)
    return ops.slice(node, zero, one, one, one)


def _with_zero(low: float, high: float) -> Range:
    """Widen a range so that zero is one of its 256 levels: zeros stay zeros."""
    low, high = min(low, 0.0), max(high, 1e-6)
    zero = round(-low / (high - low) * 255)
    if zero == 0:
        return 0.0, high
    step = max(-low / zero, high / (255 - zero) if zero < 255 else 0.0)
    return -zero * step, (255 - zero) * step

"""How much each token speaks for a label: gradient × input through a network held nearly linear.

Ali et al., "XAI for Transformers: Better Explanations through Conservative Propagation" (ICML
2022): the plain gradient of a transformer says little, because attention's softmax and LayerNorm's
division cancel what they pass on. Both are held constant here, as if they were given numbers; then
gradient × input shares the verdict's log-odds out among the tokens, by one forward and one backward
pass. In numpy, because what is left of the backward pass is matrix products: a worker that
explains needs no torch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from handler.activations import activate
from handler.checkpoint import Pooling, Settings
from handler.tensors import Arrays

Array = NDArray[np.float32]
# From the gradient at an output to the gradient at the input.
Back = Callable[[Array], Array]

HEAD_EPSILON: Final = 1e-5  # the head's LayerNorms have torch's own


@dataclass(frozen=True)
class Relevance:
    """Each token's part of the label's log-odds, (tokens,), and the network's logits, (labels,)."""

    tokens: Array
    logits: Array


@dataclass(frozen=True)
class Network:
    """A RoBERTa encoder under a head: its weights, and what of its configuration they need."""

    weights: Arrays
    config: dict[str, Any]
    pooling: Pooling

    @classmethod
    def of(cls, weights: Arrays, settings: Settings) -> "Network":
        """Return the network that the settings describe."""
        return cls(weights, settings.encoder, settings.pooling)

    @property
    def layers(self) -> range:
        """The numbers of the encoder's layers."""
        return range(self.config["num_hidden_layers"])

    @property
    def epsilon(self) -> float:
        """What the encoder's LayerNorms add to the variance; transformers' default is 1e-12."""
        return float(self.config.get("layer_norm_eps", 1e-12))

    def linear(self, name: str, x: Array) -> tuple[Array, Back]:
        """Apply a linear layer."""
        weight = self.weights[f"{name}.weight"]
        return x @ weight.T + self.weights[f"{name}.bias"], lambda gradient: gradient @ weight

    def norm(self, name: str, x: Array, epsilon: float) -> tuple[Array, Back]:
        """Apply a LayerNorm whose denominator counts as given."""
        weight = self.weights[f"{name}.weight"]
        centred = _centred(x)
        scale = weight / np.sqrt(np.square(centred).mean(-1, keepdims=True) + epsilon)
        return (
            centred * scale + self.weights[f"{name}.bias"],
            lambda gradient: _centred(gradient * scale),
        )


def relevance(network: Network, ids: Sequence[int], label: int) -> Relevance:
    """Explain one review's label, given as its token ids."""
    embedded = _embed(network, ids)
    logits, back = _classify(network, embedded)
    gradient = back(log_odds_slope(logits, label))
    return Relevance((gradient * embedded).sum(-1), logits)


def log_odds_slope(logits: Array, label: int) -> Array:
    """Return the gradient, (labels,), of the logarithm of p / (1 - p) of one label."""
    others = np.arange(len(logits)) != label
    exponentials = np.where(others, np.exp(logits - logits[others].max()), 0)
    slope: Array = np.where(others, -exponentials / exponentials.sum(), 1).astype(logits.dtype)
    return slope


def _embed(network: Network, ids: Sequence[int]) -> Array:
    """Return the sum of the three embeddings of each token, (tokens, width), before their norm."""
    table = network.weights
    name = "encoder.embeddings"
    first = network.config.get("pad_token_id", 1) + 1
    positions = table[f"{name}.position_embeddings.weight"][first : first + len(ids)]
    kind = table[f"{name}.token_type_embeddings.weight"][0]
    embedded: Array = table[f"{name}.word_embeddings.weight"][list(ids)] + positions + kind
    return embedded


def _classify(network: Network, embedded: Array) -> tuple[Array, Back]:
    """Return the logits, (labels,), of one review's embeddings, (tokens, width)."""
    hidden, back = network.norm("encoder.embeddings.LayerNorm", embedded, network.epsilon)
    backs = [back]
    for number in network.layers:
        # Where the pooling reads nothing but the first token, the last layer computes only that.
        alone = network.pooling == "cls" and number == network.layers[-1]
        hidden, back = _layer(network, number, hidden, rows=1 if alone else len(hidden))
        backs.append(back)
    pooled, back = _pool(hidden, network.pooling)
    backs.append(back)
    logits, back = _head(network, pooled)
    return logits, _chained([*backs, back])


def _layer(network: Network, number: int, hidden: Array, rows: int) -> tuple[Array, Back]:
    """Return the first `rows` of a layer's output."""
    name, epsilon = f"encoder.encoder.layer.{number}", network.epsilon
    attended, attend_back = _attend(network, f"{name}.attention.self", hidden, rows)
    mixed, mixed_back = network.linear(f"{name}.attention.output.dense", attended)
    middle, middle_back = network.norm(
        f"{name}.attention.output.LayerNorm", hidden[:rows] + mixed, epsilon
    )
    inner, inner_back = network.linear(f"{name}.intermediate.dense", middle)
    active, slope = activate(network.config.get("hidden_act", "gelu"), inner)
    outer, outer_back = network.linear(f"{name}.output.dense", active)
    output, output_back = network.norm(f"{name}.output.LayerNorm", middle + outer, epsilon)

    def back(gradient: Array) -> Array:
        gradient = output_back(gradient)
        gradient = middle_back(gradient + inner_back(outer_back(gradient) * slope))
        whole = attend_back(mixed_back(gradient))
        whole[:rows] += gradient
        return whole

    return output, back


def _attend(network: Network, name: str, hidden: Array, rows: int) -> tuple[Array, Back]:
    """Attend with weights that count as given: gradients flow through the values alone."""
    heads = network.config["num_attention_heads"]
    query = _by_head(network.linear(f"{name}.query", hidden[:rows])[0], heads)
    key = _by_head(network.linear(f"{name}.key", hidden)[0], heads)
    value, value_back = network.linear(f"{name}.value", hidden)
    weights = _softmax(query @ key.swapaxes(1, 2) / np.float32(math.sqrt(query.shape[-1])))
    attended = _merged(weights @ _by_head(value, heads))
    return attended, lambda gradient: value_back(
        _merged(weights.swapaxes(1, 2) @ _by_head(gradient, heads))
    )


def _pool(hidden: Array, pooling: Pooling) -> tuple[Array, Back]:
    """Reduce (tokens, width) to (width,), or twice the width for `cls_mean`."""
    rows, width = hidden.shape
    parts = {"cls": [hidden[0]], "mean": [hidden.mean(0)]}
    pooled = np.concatenate(parts.get(pooling) or parts["cls"] + parts["mean"])

    def back(gradient: Array) -> Array:
        whole = np.zeros_like(hidden)
        if pooling != "mean":
            whole[0] += gradient[:width]
        if pooling != "cls":
            whole += gradient[-width:] / rows
        return whole

    return pooled, back


def _head(network: Network, pooled: Array) -> tuple[Array, Back]:
    """Return the logits: a linear layer and a LayerNorm per size, tanh, a linear layer."""
    numbers = sorted(
        int(name.split(".")[1])
        for name in network.weights
        if name.startswith("head.") and name.endswith(".weight")
    )
    backs: list[Back] = []
    for number in numbers[:-1]:
        name = f"head.{number}"
        is_linear = network.weights[f"{name}.weight"].ndim == 2
        pooled, back = (
            network.linear(name, pooled) if is_linear else network.norm(name, pooled, HEAD_EPSILON)
        )
        backs.append(back)
    if backs:
        pooled, slope = activate("tanh", pooled)
        backs.append(lambda gradient: gradient * slope)
    logits, back = network.linear(f"head.{numbers[-1]}", pooled)
    return logits, _chained([*backs, back])


def _chained(backs: Sequence[Back]) -> Back:
    """Return the way back through steps that were taken in this order."""

    def back(gradient: Array) -> Array:
        for step in reversed(backs):
            gradient = step(gradient)
        return gradient

    return back


def _by_head(projected: Array, heads: int) -> Array:
    """Turn (tokens, width) into (heads, tokens, size)."""
    return projected.reshape(len(projected), heads, -1).swapaxes(0, 1)


def _merged(by_head: Array) -> Array:
    """Turn (heads, tokens, size) into (tokens, width)."""
    return by_head.swapaxes(0, 1).reshape(by_head.shape[1], -1)


def _softmax(scores: Array) -> Array:
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(-1, keepdims=True)
    return scores


def _centred(x: Array) -> Array:
    centred: Array = x - x.mean(-1, keepdims=True)
    return centred

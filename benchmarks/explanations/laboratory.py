"""Everything that measures: the fp32 network, the serving engine and the explainer."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from archive.export import export
from benchmarks.corpus import CACHE
from benchmarks.explanations.cases import Scores, make_case
from benchmarks.explanations.faithfulness import measure, timed
from benchmarks.explanations.methods import methods
from benchmarks.explanations.served import WHOLE, Server
from handler.checkpoint import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, load_tokenizer
from handler.description import version
from handler.encoding import Encoder
from handler.engines import AUTO, Source, load_engine
from handler.files import whole_folder
from handler.network import ReviewClassifier
from handler.predictor import softmax
from handler.relevance import Network
from handler.tensors import load_arrays
from handler.weights import load_network
from training.data.readers import Review

#: not a way to explain: what the engine and the network behind it answer
ANSWERS: Final = "answers"
FOLDER: Final = CACHE / "explanations"


class Laboratory:
    """Measures a method on reviews; `folder` holds a checkpoint with its engine's exports."""

    def __init__(self, folder: Path, threads: int, engine: str = AUTO) -> None:
        network, settings = load_network(folder)
        assert isinstance(network, ReviewClassifier)
        self._network = network.requires_grad_(False)
        self._engine = load_engine(Source(folder, settings, threads, "cpu"), engine)
        self._encoder = Encoder(load_tokenizer(folder, settings), settings)
        self._temperature = settings.temperature
        self._server = Server(folder, threads)
        served = Network.of(load_arrays(folder / WEIGHTS_FILE, settings), settings)
        self._methods = methods(network, served, self._score)
        torch.set_num_threads(threads)
        threadpool_limits(threads)

    @property
    def engine(self) -> str:
        """The name of the engine that gives the verdicts."""
        return self._engine.name

    def run(self, method: str, reviews: Sequence[Review]) -> list[dict[str, Any]]:
        """Return what the method did on each review."""
        return [self._row(method, review) for review in reviews]

    def _row(self, method: str, review: Review) -> dict[str, Any]:
        if method == ANSWERS:
            return self._answers(review)
        case = make_case(self._encoder, review.text, self._score)
        if method == WHOLE:
            return asdict(self._server.explain(review, timed(self._forward, case.ids)[1]))
        found = measure(review.id, case, self._methods[method], self._forward, self._score)
        return asdict(found)

    def _answers(self, review: Review) -> dict[str, Any]:
        ids = self._encoder.encode([review.text])[0].ids
        return {
            "review": review.id,
            "engine": self._score([ids])[0].tolist(),
            "fp32": softmax(self._forward(ids)[None] / self._temperature)[0].tolist(),
        }

    def _score(self, ids: Sequence[list[int]]) -> Scores:
        return softmax(self._engine.logits(ids) / self._temperature)

    def _forward(self, ids: list[int]) -> Scores:
        with torch.inference_mode():
            logits = self._network(torch.tensor([ids]), torch.ones(1, len(ids)))
        return np.asarray(logits[0].numpy(), dtype=np.float64)


def prepare(checkpoint: Path) -> Path:
    """Copy a checkpoint and export what its fastest engine needs, as packing does; kept."""
    folder = FOLDER / version(checkpoint) / "model"
    if not folder.is_dir():
        with whole_folder(folder) as staging:
            for name in (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE):
                shutil.copyfile(checkpoint / name, staging / name)
            export(staging)
    return folder

"""The process that explains: the same figures as in this one, and another one if it dies."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from handler.checkpoint import WEIGHTS_FILE, read_settings
from handler.relevance import Network, relevance
from handler.relevance_process import RelevanceProcess
from handler.tensors import load_arrays

IDS = [0, 40, 41, 42, 2]


@pytest.fixture
def process(tiny_checkpoint: Path) -> Iterator[RelevanceProcess]:
    process = RelevanceProcess(tiny_checkpoint)
    yield process
    process.close()


def child() -> psutil.Process:
    """Return the process that explains; other tests leave helpers of multiprocessing here."""
    children = psutil.Process().children()
    (found,) = (each for each in children if "handler.relevance_process" in each.cmdline())
    return found


def test_it_gives_the_networks_own_figures_on_cores_that_scoring_leaves(
    process: RelevanceProcess, tiny_checkpoint: Path
) -> None:
    settings = read_settings(tiny_checkpoint)
    network = Network.of(load_arrays(tiny_checkpoint / WEIGHTS_FILE, settings), settings)
    expected = relevance(network, IDS, 1)
    for _ in range(2):
        found = process.relevance(IDS, 1)
        assert found.tokens == pytest.approx(expected.tokens, rel=1e-4)
        assert found.logits == pytest.approx(expected.logits, rel=1e-4)
    assert found.tokens.dtype == np.float32
    assert os.sched_getscheduler(child().pid) == os.SCHED_IDLE


def test_it_is_begun_again_after_its_death(process: RelevanceProcess) -> None:
    process.relevance(IDS, 1)
    with pytest.raises(RuntimeError, match="has ended"):
        process.relevance([10**9], 1)  # no such token: the process dies of it
    assert len(process.relevance(IDS, 1).tokens) == len(IDS)

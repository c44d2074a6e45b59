"""The network that is explained, in a process of its own that scoring goes before.

An explanation takes ten times as long as a verdict. In the worker it would hold up every review
that comes behind it; here it takes what scoring leaves of the cores.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from handler.checkpoint import WEIGHTS_FILE, read_settings
from handler.relevance import Network, Relevance, relevance
from handler.tensors import load_arrays

# Where there is no SCHED_IDLE (not Linux): a tenth of a core for each core that scoring keeps busy.
NICENESS: Final = 10
# Two threads of BLAS spin while they wait for each other: on busy cores one is far sooner done.
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1"}
_ROOT: Final = Path(__file__).resolve().parent.parent


class RelevanceProcess:
    """Begun when first asked, and again if it has died; it ends with the process that holds it."""

    def __init__(self, directory: Path | str) -> None:
        self._command = [sys.executable, "-m", "handler.relevance_process", str(directory)]
        self._process: subprocess.Popen[str] | None = None
        self._one_at_a_time = threading.Lock()

    def relevance(self, ids: Sequence[int], label: int) -> Relevance:
        """Explain one review's label; raises RuntimeError if the process dies of it."""
        with self._one_at_a_time:
            answer = self._ask(json.dumps([list(ids), label]))
            if not answer:
                self.close()
                raise RuntimeError("expected an explanation, found that its process has ended")
        tokens, logits = json.loads(answer)
        return Relevance(np.array(tokens, np.float32), np.array(logits, np.float32))

    def _ask(self, question: str) -> str:
        process = self._alive()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(question + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return ""
        return process.stdout.readline()

    def _alive(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(_ROOT), **_ONE_THREAD},
            )
        return self._process

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _stand_back() -> None:
    """Leave a core the moment that scoring wants it: niceness alone keeps it for milliseconds.

    Scoring wakes its threads for every layer, so those milliseconds doubled the time of a verdict.
    """
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(NICENESS)


def main() -> None:
    """Answer each line of standard input, token ids and a label, with a line: shares and logits."""
    _stand_back()
    directory = Path(sys.argv[1])
    settings = read_settings(directory)
    network = Network.of(load_arrays(directory / WEIGHTS_FILE, settings), settings)
    for line in sys.stdin:
        ids, label = json.loads(line)
        found = relevance(network, ids, label)
        print(json.dumps([found.tokens.tolist(), found.logits.tolist()]), flush=True)


if __name__ == "__main__":
    main()

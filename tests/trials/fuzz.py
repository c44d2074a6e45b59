"""Requests of every kind, fit and unfit: each gets an answer of the contract, nothing breaks."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.stack import Stack
from tests.trials.bulk import worker_pids
from tests.trials.clients import LOST, Client, Seen, together
from tests.trials.results import Bar, Result

TEXTS = st.one_of(
    st.text(max_size=300),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=50),  # lone surrogates too
    st.sampled_from(["", " ", "\f", "\0", "<br />" * 50, "a" * 50_001, "&amp;" * 2_000]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()


FIELDS = st.sampled_from(["review", "reviews", "text", "", "Review"])
BODIES = st.one_of(
    st.builds(lambda text: _encoded({"review": text}), TEXTS),
    st.builds(lambda texts: _encoded({"reviews": texts}), st.lists(TEXTS, max_size=130)),
    st.builds(_encoded, st.dictionaries(FIELDS, VALUES)),
    st.builds(_encoded, VALUES),
    st.binary(min_size=1, max_size=200),
)
CONTENT_TYPES = st.sampled_from(
    ["application/json", "application/json; charset=utf-8", "text/plain", ""]
)
EXPECTED = (200, 400, 403, 404, 405, 408, 413, 429)


def fuzz(stack: Stack, count: int = 2_000, mutants: int = 49, clients: int = 8) -> Result:
    """Send so many bodies drawn by hypothesis, and `mutants` broken copies of each; the same ones
    every time.
    """
    workers = worker_pids(stack)
    begin = time.monotonic()
    ends = send_all(stack.gateway_url, requests(drawn(count), mutants), clients)
    unfit = Counter(status for status, fits in ends if not fits)
    statuses = Counter(status for status, _ in ends)
    return Result(
        f"{len(ends):,} fuzzed requests",
        [
            Bar("5xx or lost", sum(status >= 500 or status == LOST for status, _ in ends), 0),
            Bar("answers outside the contract", sum(unfit.values()), 0),
            Bar("workers replaced", len(workers - worker_pids(stack)), 0),
        ],
        {
            "statuses": dict(sorted(statuses.items())),
            **({"outside": dict(unfit)} if unfit else {}),
            "seconds": round(time.monotonic() - begin, 1),
        },
    )


Drawn = tuple[bytes, str]


def drawn(count: int) -> list[Drawn]:
    """Return bodies and content types from the strategies above."""
    found: list[Drawn] = []

    @repeatable(count)
    @given(BODIES, CONTENT_TYPES)
    def note(body: bytes, content_type: str) -> None:
        found.append((body, content_type))

    note()
    return found


def repeatable(count: int) -> settings:
    """Have hypothesis draw up to so many examples, the same ones every time."""
    return settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def requests(originals: list[Drawn], mutants: int) -> Iterator[Drawn]:
    """Yield each original and then its broken copies."""
    order = random.Random(0)
    for body, content_type in originals:
        yield body, content_type
        for _ in range(mutants):
            yield broken(body, order), content_type


def broken(body: bytes, order: random.Random) -> bytes:
    """Return a body with one to three faults: bytes changed, left out, put in or repeated."""
    for _ in range(order.randint(1, 3)):
        start = order.randrange(len(body) + 1)
        end = min(len(body), start + order.randint(0, 8))
        put = order.choice([order.randbytes(end - start), b"", order.randbytes(3), body[start:end]])
        keep = order.choice([start, end])
        body = body[:keep] + put + body[end:]
    return body


def send_all(url: str, bodies: Iterator[Drawn], clients: int) -> list[tuple[int, bool]]:
    """Send all by so many clients at once; returns each status, and if the contract has it so."""
    ends: list[tuple[int, bool]] = []
    lock = threading.Lock()

    def act() -> None:
        client = Client(url)
        while True:
            with lock:
                body, kind = next(bodies, (None, ""))
            if body is None:
                break
            seen = client.ask(body=body, method="POST", headers={"Content-Type": kind})
            ends.append((seen.status, is_of_the_contract(seen)))
        client.close()

    together([act] * clients)
    return ends


def is_of_the_contract(seen: Seen) -> bool:
    """Return whether an answer has the contract's status, shape and headers."""
    if seen.status not in EXPECTED or "x-request-id" not in seen.headers:
        return False
    try:
        content: Any = seen.json
    except ValueError:
        return False
    if seen.status != 200:
        return list(content) == ["error"] and {"code", "message"} == content["error"].keys()
    return "predictions" in content or {"label", "confidence", "probabilities"} <= content.keys()

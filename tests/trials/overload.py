"""Ten times the sustainable rate: who is let in is served soon, the rest are told at once."""

import json
import random
import time

from benchmarks.load import Load, run_load
from tests.stack import Stack
from tests.trials.clients import Client, crowd, percentile
from tests.trials.results import Bar, Result

WORDS = [
    "the",
    "film",
    "a",
    "plot",
    "actor",
    "scene",
    "never",
    "quite",
    "good",
    "bad",
    "and",
    "it",
    "was",
    "not",
    "dull",
    "fine",
    "long",
    "story",
    "music",
]
BATCH = 32  # requests that TorchServe scores together


def overload(stack: Stack, seconds: float = 10.0, times: float = 10.0) -> Result:
    """Measure what can be sustained, then send `times` as much at random moments."""
    bodies = reviews(20_000)
    client = Client(stack.gateway_url)
    unloaded = percentile([client.ask(body=body).seconds for body in bodies[:100]], 0.99)
    begin = time.monotonic()
    sustained = crowd(stack.gateway_url, bodies[:400], clients=16)
    rate = len(sustained) / (time.monotonic() - begin)
    count = min(len(bodies), int(times * rate * seconds))
    texts = [body.decode() for body in bodies[:count]]
    url = f"{stack.gateway_url}/predict"
    outcome = run_load(Load(url, texts, 64, {}, arrivals_per_second=times * rate))
    recovered = client.ask(body=bodies[0])
    client.close()
    accepted = [sample.latency for sample in outcome.samples if sample.status == 200]
    others = [sample.status for sample in outcome.samples if sample.status not in (200, 429)]
    return Result(
        f"{times:g} times the sustainable rate",
        [
            Bar("neither scored nor 429", len(others), 0),
            Bar(
                "accepted p99 (s) / (twice unloaded + one batch)",
                percentile(accepted, 0.99) / (2 * unloaded + BATCH / rate),
                1.0,
            ),
            Bar("first answer afterwards (s)", recovered.seconds, 1.0),
        ],
        {
            "sustainable (1/s)": round(rate, 1),
            "unloaded p99 (ms)": round(unloaded * 1e3, 1),
            "accepted": len(accepted),
            "accepted p99 (ms)": round(percentile(accepted, 0.99) * 1e3, 1),
            "refused": len(outcome.samples) - len(accepted) - len(others),
        },
    )


def reviews(count: int) -> list[bytes]:
    """Return reviews of the usual lengths, the same ones every time."""
    order = random.Random(0)
    return [
        json.dumps(
            {"review": " ".join(order.choices(WORDS, k=int(order.lognormvariate(5.2, 0.6)) + 1))}
        ).encode()
        for _ in range(count)
    ]

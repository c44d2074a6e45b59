"""From the process through TorchServe and the gateway: what each hop costs."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.contestant import Contestant
from benchmarks.engines import PREDICTOR
from benchmarks.load import Load, LoadResult, read_outcome
from benchmarks.model_files import ModelFiles
from benchmarks.plan import Plan, bodies, requests_for
from benchmarks.stack import Stack, running_stack
from benchmarks.statistics import percentiles_ms, ratios, spread

Row = dict[str, Any]
HOPS = ("TorchServe", "gateway")
# Java compiles what it has run often: a service that has been up for a minute is faster.
WARM_UP_REQUESTS = 400


def measure_shipped(files: ModelFiles, texts: list[str], threads: int, plan: Plan) -> Row:
    """Sweep clients and reviews per request, then arrival rates, on the shipped checkpoint."""
    direct = Contestant(PREDICTOR, files, threads, texts[0])
    try:
        with running_stack(files) as stack:
            warm_up(stack)
            added = measure_added(direct, stack, texts, plan.one_client_reviews * 2, plan)
            capacity = len(texts) / direct.score(texts)[0]
            rows = _sweep(direct, stack, texts, capacity, plan)
            through = _best(rows, "gateway")
            return {
                "startup_s": stack.startup_s,
                "added": added,
                "closed_loop": rows,
                "open_loop": _open_loop(stack, texts, through, plan),
                "gateway_reviews_per_second": through,
                "memory_mb": stack.memory_mb(),
            }
    finally:
        direct.close()


def measure_bars(files: ModelFiles, texts: list[str], threads: int, plan: Plan) -> Row:
    """Measure what the bars ask of TorchServe and the gateway, in rounds against the process."""
    direct = Contestant(PREDICTOR, files, threads, texts[0])
    try:
        with running_stack(files) as stack:
            warm_up(stack)
            added = measure_added(direct, stack, texts, plan.one_client_reviews, plan)
            seconds: dict[str, list[float]] = {}
            for number in range(plan.bar_rounds):
                for name, value in _whole_round(direct, stack, texts):
                    seconds.setdefault(name, []).append(value)
                print(f"  round {number + 1} of {plan.bar_rounds}", flush=True)
            return {
                "startup_s": stack.startup_s,
                "added": added,
                "reviews_per_second": {
                    name: spread([len(texts) / each for each in values]).as_json()
                    for name, values in seconds.items()
                },
                "torchserve_share_of_process": ratios(
                    seconds["in process"], seconds["TorchServe, 32 clients"]
                ).as_json(),
                "one_request_to_many_clients": ratios(
                    seconds["gateway, many clients"], seconds["gateway, one request"]
                ).as_json(),
                "memory_mb": stack.memory_mb(),
            }
    finally:
        direct.close()


def warm_up(stack: Stack) -> None:
    """Send short reviews over every hop; nothing is measured."""
    for hop in HOPS:
        send(stack, hop, [["Fine."]] * WARM_UP_REQUESTS, 4)


def _whole_round(direct: Contestant, stack: Stack, texts: list[str]) -> Iterator[tuple[str, float]]:
    """Score the same texts four ways; yields the name and the seconds of each.

    The two ways through the gateway are compared with each other, and differ by a few per cent, as
    the machine does: they come twice, in opposite orders.
    """
    singles = list(bodies(texts, 1, len(texts)))
    size = min(128, len(texts))
    one_request = ("gateway, one request", list(bodies(texts, size, len(texts) // size)), 1)
    many_clients = ("gateway, many clients", singles, size)
    yield "in process", direct.score(texts)[0]
    yield "TorchServe, 32 clients", send(stack, "TorchServe", singles, min(32, size)).seconds
    for name, requests, clients in (one_request, many_clients, many_clients, one_request):
        yield name, send(stack, "gateway", requests, clients).seconds


def measure_added(
    direct: Contestant, stack: Stack, texts: list[str], count: int, plan: Plan
) -> Row:
    """Send the same reviews one by one over every hop; returns the milliseconds that each adds.

    Differences are taken review by review, so that the spread of their lengths cancels, and the
    median is the figure of a round. Many short rounds: what a shared machine does to all hops
    changes from one second to the next. `outside_model` is what a request takes beside the
    handler's own tokenization and inference.
    """
    added: dict[str, list[float]] = {hop: [] for hop in HOPS}
    outside: dict[str, list[float]] = {hop: [] for hop in HOPS}
    p50: dict[str, list[float]] = {"in process": [], **{hop: [] for hop in HOPS}}
    for number in range(plan.one_client_rounds):
        requests = list(bodies(texts[number :: plan.one_client_rounds], 1, count))
        before = direct.latencies(requests)
        p50["in process"].append(median(before) * 1e3)
        for hop in HOPS:
            samples = sorted(send(stack, hop, requests, 1).answered, key=lambda each: each.index)
            latencies = [sample.latency for sample in samples]
            added[hop].append(median_difference(latencies, before) * 1e3)
            outside[hop].append(median(each.latency - each.model for each in samples) * 1e3)
            p50[hop].append(median(latencies) * 1e3)
            before = latencies
    return {
        "added_ms": {hop: spread(values).as_json() for hop, values in added.items()},
        "outside_model_ms": {hop: spread(values).as_json() for hop, values in outside.items()},
        "p50_ms": {name: spread(values).as_json() for name, values in p50.items()},
    }


def median_difference(after: Sequence[float], before: Sequence[float]) -> float:
    """Return the median of the differences, pair by pair."""
    return median(a - b for a, b in zip(after, before, strict=True))


def _sweep(
    direct: Contestant, stack: Stack, texts: list[str], capacity: float, plan: Plan
) -> list[Row]:
    rows = []
    for clients, size in plan.cells:
        count = requests_for(clients, size, capacity, plan.cell_seconds)
        requests = list(bodies(texts, size, count))
        if clients == 1:
            rows.append(_direct_row(direct, requests))
        rows += [_row(hop, clients, size, send(stack, hop, requests, clients)) for hop in HOPS]
        print(f"  {clients} clients, {size} reviews per request", flush=True)
    return rows


def _direct_row(direct: Contestant, requests: list[list[str]]) -> Row:
    latencies = direct.latencies(requests)
    size = len(requests[0])
    return {
        "through": "in process", "clients": 1, "reviews_per_request": size,
        "reviews_per_second": len(requests) * size / sum(latencies),
        "latency": percentiles_ms(latencies), "not_answered": 0,
    }  # fmt: skip


def _row(hop: str, clients: int, size: int, outcome: LoadResult) -> Row:
    answered = [sample.latency for sample in outcome.answered]
    return {
        "through": hop,
        "clients": clients,
        "reviews_per_request": size,
        "reviews_per_second": len(answered) * size / outcome.seconds,
        "latency": percentiles_ms(answered) if answered else None,
        "not_answered": len(outcome.samples) - len(answered),
    }


def _best(rows: list[Row], hop: str) -> float:
    """Return the highest rate of single-review requests."""
    return max(
        float(row["reviews_per_second"])
        for row in rows
        if row["through"] == hop and row["reviews_per_request"] == 1
    )


def _open_loop(stack: Stack, texts: list[str], capacity: float, plan: Plan) -> list[Row]:
    rows = []
    for share in plan.loads:
        rate = capacity * share
        requests = list(bodies(texts, 1, max(10, round(rate * plan.load_seconds))))
        outcome = send(stack, "gateway", requests, 32, rate)
        offered = {"share_of_capacity": share, "arrivals_per_second": rate}
        rows.append({**_row("gateway", 0, 1, outcome), **offered})
        print(f"  {rate:.0f} arrivals/s ({share:.0%} of capacity)", flush=True)
    return rows


def send(
    stack: Stack, hop: str, requests: list[list[str]], clients: int, rate: float | None = None
) -> LoadResult:
    """Send requests to a hop from a load generator of its own process."""
    url = stack.torchserve_url if hop == "TorchServe" else stack.gateway_url
    headers = stack.token if hop == "TorchServe" else {}
    return generate(Load(url, [_body(texts) for texts in requests], clients, headers, rate))


def _body(texts: list[str]) -> str:
    return json.dumps({"review": texts[0]} if len(texts) == 1 else {"reviews": texts})


def generate(load: Load) -> LoadResult:
    """Run a load in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(load)), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return read_outcome(done.stdout)


def measure_generator() -> Row:
    """Send to a server that does nothing: what the load generator itself takes and can do."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.no_op"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
        body = _body(["x" * 1300])
        one = generate(Load(url, [body] * 500, clients=1))
        many = generate(Load(url, [body] * 4000, clients=32))
    finally:
        server.terminate()
        server.communicate()
    return {
        "p50_ms": percentiles_ms([sample.latency for sample in one.samples])["p50_ms"],
        "requests_per_second": len(many.samples) / many.seconds,
    }

"""A day of traffic before the autoscaler, simulated: who is refused, and what it costs.

    python -m deploy.simulation                     # the table
    python -m deploy.simulation --picture day.png   # and the day as a picture

A pod is what `make bench-full` measured through the gateway on two cores: so many reviews a second,
so many requests in flight at each load, so long from its start until it is ready. The autoscaler is
the manifest's (deploy.autoscaler). The traffic is made up: one country's day, with a rush in the
evening.
"""

import argparse
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np

from deploy.autoscaler import SYNC_SECONDS, Autoscaler, Policy, read_policy

MEASURED: Final = Path(__file__).parent.parent / "benchmarks" / "results" / "full.json"
DAY: Final = 86_400
# Shares of the evening's peak at each full hour, straight lines between them.
HOURS: Final = (
    0.35, 0.20, 0.12, 0.10, 0.10, 0.12, 0.20, 0.32, 0.42, 0.48, 0.50, 0.52,
    0.55, 0.54, 0.50, 0.50, 0.54, 0.60, 0.70, 0.85, 1.00, 0.98, 0.80, 0.55,
)  # fmt: skip
PEAK: Final = 1000.0  # reviews per second
RUSH_AT: Final = 19 * 3600  # somebody links to the page: twice the traffic within a minute
RUSH_RISE: Final = 60
RUSH_SECONDS: Final = 20 * 60
# Assumed beside the measured start: until a container runs, and until a probe has found it ready.
AROUND_START_SECONDS: Final = 5.0
SCRAPE_SECONDS: Final = 15
SCRAPES: Final = 4  # the autoscaler looks at the mean of a minute
MOST_REFUSED: Final = 0.001  # the bar: of all reviews of the day


@dataclass(frozen=True)
class Pod:
    """One pod, as measured; times in seconds."""

    reviews_per_second: float
    start_seconds: float
    # Requests in flight at shares of the capacity.
    shares: tuple[float, ...]
    in_flight: tuple[float, ...]
    # What it holds before it refuses, a quarter of a second's work; half of that while a crowd of
    # more than so many is refused in a second (gateway.admission, gateway.crowd).
    room_seconds: float = 0.25
    crowd: float = 32.0


@dataclass
class Result:
    """What came of a day, second by second."""

    arrived: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    ready: list[int] = field(default_factory=list)
    paid: list[int] = field(default_factory=list)
    in_flight: list[float] = field(default_factory=list)

    @property
    def refused_share(self) -> float:
        """The share of all reviews that was answered 429."""
        return sum(self.refused) / sum(self.arrived)

    @property
    def pod_hours(self) -> float:
        """What is paid for, pods that are only starting included."""
        return sum(self.paid) / 3600


def read_pod(path: Path = MEASURED) -> Pod:
    """Return the pod that was measured.

    Requests in flight are arrivals times the median latency, by Little's law. What rises with the
    load rises here, too: two loads that lie close may have been measured the other way round.
    """
    found = json.loads(path.read_text("utf-8"))["servers"]["shipped"]
    loads = [row for row in found["open_loop"] if row["share_of_capacity"] < 1]
    in_flight = [row["arrivals_per_second"] * row["latency"]["p50_ms"] / 1e3 for row in loads]
    return Pod(
        found["gateway_reviews_per_second"],
        found["startup_s"] + AROUND_START_SECONDS,
        (0.0, *(row["share_of_capacity"] for row in loads)),
        (0.0, *accumulate(in_flight, max)),
    )


def day_of_traffic(
    peak: float = PEAK, hours: Sequence[float] = HOURS, rush: float = 1.0
) -> np.ndarray:
    """Return the mean reviews per second for each second of a day; 1 is a rush of twice as many."""
    seconds = np.arange(DAY)
    usual = peak * np.interp(seconds / 3600, range(len(hours) + 1), [*hours, hours[0]])
    since = seconds - RUSH_AT
    times = (0, RUSH_RISE, RUSH_SECONDS, RUSH_SECONDS + RUSH_RISE)
    traffic: np.ndarray = usual * (1 + rush * np.interp(since, times, (0, 1, 1, 0)))
    return traffic


class Pods:
    """The pods of a Deployment: who is ready, who waits in them, what Prometheus saw of them."""

    def __init__(self, pod: Pod, count: int) -> None:
        self._pod = pod
        self._starting: list[float] = []
        self._waiting = np.zeros(count)
        self._seen: list[deque[float]] = [deque(maxlen=SCRAPES) for _ in range(count)]
        self._busy = np.zeros(count)
        self._refused = np.zeros(count)

    @property
    def ready(self) -> int:
        """Return how many pods take requests."""
        return len(self._waiting)

    @property
    def paid(self) -> int:
        """Return how many pods there are, starting ones included."""
        return self.ready + len(self._starting)

    def pass_second(self, now: float, arrivals: np.ndarray) -> float:
        """Let each ready pod work for a second; return how many reviews were refused."""
        pod = self._pod
        left = self._waiting + arrivals - pod.reviews_per_second
        crowded = self._refused > pod.crowd
        room = pod.room_seconds * pod.reviews_per_second * np.where(crowded, 0.5, 1.0)
        self._waiting = np.clip(left, 0, room)
        self._refused = np.maximum(left - room, 0)
        load = arrivals / pod.reviews_per_second
        usual = np.minimum(room, np.interp(load, pod.shares, pod.in_flight))
        self._busy = np.maximum(self._waiting, usual)
        if now % SCRAPE_SECONDS == 0:
            for seen, busy in zip(self._seen, self._busy, strict=True):
                seen.append(float(busy))
        refused = float(self._refused.sum())
        self._begin_serving(now)
        return refused

    def _begin_serving(self, now: float) -> None:
        begun = sum(moment <= now for moment in self._starting)
        if begun:
            self._starting = [moment for moment in self._starting if moment > now]
            self._waiting = np.append(self._waiting, np.zeros(begun))
            self._busy = np.append(self._busy, np.zeros(begun))
            self._refused = np.append(self._refused, np.zeros(begun))
            self._seen += [deque(maxlen=SCRAPES) for _ in range(begun)]

    def in_flight(self) -> list[float]:
        """Return the mean of the last minute for each pod that was seen."""
        return [sum(seen) / len(seen) for seen in self._seen if seen]

    def scale(self, now: float, count: int) -> None:
        """Start pods, or end the youngest; what waits in those is still answered."""
        self._starting += [now + self._pod.start_seconds] * (count - self.paid)
        while self.paid > count and self._starting:
            self._starting.pop()
        self._waiting, self._busy = self._waiting[:count], self._busy[:count]
        self._refused = self._refused[:count]
        del self._seen[count:]


def simulate(pod: Pod, traffic: np.ndarray, count: int, autoscaler: Autoscaler | None) -> Result:
    """Return a day with `count` pods at its beginning; without an autoscaler it stays so."""
    chance = np.random.default_rng(0)
    pods, result = Pods(pod, count), Result()
    for now, rate in enumerate(traffic):
        arrivals = chance.poisson(rate / pods.ready, pods.ready)
        ready, paid = pods.ready, pods.paid
        result.refused.append(pods.pass_second(now, arrivals))
        result.arrived.append(float(arrivals.sum()))
        result.ready.append(ready)
        result.paid.append(paid)
        if now % SYNC_SECONDS == SYNC_SECONDS - 1:
            seen = pods.in_flight()
            result.in_flight.append(sum(seen) / max(1, len(seen)))
            if autoscaler:
                pods.scale(now, autoscaler.decide(now, pods.paid, seen))
    return result


def fewest_pods(pod: Pod, traffic: np.ndarray) -> tuple[int, Result]:
    """Return the smallest fixed number of pods that keeps the bar, and its day."""
    count = max(1, int(traffic.max() / pod.reviews_per_second))
    while (result := simulate(pod, traffic, count, None)).refused_share > MOST_REFUSED:
        count += 1
    return count, result


@dataclass(frozen=True)
class Row:
    """One line of the table: what was assumed, what came of it."""

    name: str
    refused_share: float
    pod_hours: float
    of_fixed: float


def autoscaled(pod: Pod, traffic: np.ndarray, policy: Policy) -> Result:
    """Return a day under a policy."""
    return simulate(pod, traffic, policy.least, Autoscaler(policy))


def compare(pod: Pod, traffic: np.ndarray, policy: Policy) -> list[Row]:
    """Return the fixed number, the policy as it is, and what other assumptions would change."""
    count, fixed = fewest_pods(pod, traffic)
    flat = day_of_traffic(hours=[(1 + share) / 2 for share in HOURS])
    flat_fixed = fewest_pods(pod, flat)[1]
    calm = day_of_traffic(rush=0.0)
    calm_fixed = fewest_pods(pod, calm)[1]
    others = [
        (f"autoscaled, target {policy.target:g} in flight", pod, traffic, policy, fixed),
        *(
            (f"… target {target}", pod, traffic, replace(policy, target=target), fixed)
            for target in (4, 16, 32)
            if target != policy.target
        ),
        *(
            (f"… a pod is ready after {seconds} s", replace(pod, start_seconds=seconds), traffic,
             policy, fixed)
            for seconds in (60, 180)
        ),
        ("… a flatter day (night: half the evening)", pod, flat, policy, flat_fixed),
        ("… a day without the rush", pod, calm, policy, calm_fixed),
    ]  # fmt: skip
    rows = [Row(f"fixed: {count} pods", fixed.refused_share, fixed.pod_hours, 1.0)]
    for name, kind, rates, rule, beside in others:
        found = autoscaled(kind, rates, rule)
        cost = found.pod_hours / beside.pod_hours
        rows.append(Row(name, found.refused_share, found.pod_hours, cost))
    return rows


def as_table(rows: Sequence[Row]) -> str:
    """Return the rows in Markdown."""
    lines = [
        "| a simulated day | answered 429 | pod-hours | of the fixed number's |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.refused_share:.3%} | {row.pod_hours:.0f} | {row.of_fixed:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and draw the day if asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--measured", type=Path, default=MEASURED, help="what `make bench-full` wrote")
    add("--picture", type=Path, help="file to draw the day into")
    options = parser.parse_args(arguments)
    pod, policy, traffic = read_pod(options.measured), read_policy(), day_of_traffic()
    print(
        f"A pod: {pod.reviews_per_second:.0f} reviews/s, ready after {pod.start_seconds:.0f} s. "
        f"The day: {traffic.sum() / 1e6:.1f} million reviews, at most {traffic.max():.0f}/s.\n"
    )
    print(as_table(compare(pod, traffic, policy)))
    if options.picture:
        from deploy.simulation_picture import draw

        draw(autoscaled(pod, traffic, policy), pod, policy, options.picture)


if __name__ == "__main__":
    main()

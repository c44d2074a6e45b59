"""Two Ray nodes with a core each on loopback: prints HOST:PORT, loses one for each line it reads.

A program of its own: Ray's libraries do not get along with all that a test's process has loaded.
"""

import signal
import sys
import time
from typing import Any

import psutil
from ray.cluster_utils import Cluster

from benchmarks.stack import free_ports

# With ports of their own nodes need not wait for helpers that are slow to start.
PORTS = ("metrics_agent_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def add_node(cluster: Any) -> None:
    """Start a node that nothing reaches from outside.

    Ray puts the machine's own address in the place of 127.0.0.1.
    """
    cluster.add_node(
        num_cpus=1, object_store_memory=150_000_000, node_ip_address="127.0.0.2",
        include_dashboard=False, **dict(zip(PORTS, free_ports(len(PORTS)), strict=True)),
    )  # fmt: skip


def raylet(node: Any) -> psutil.Process:
    """Return the process that all others of a node belong to."""
    return psutil.Process(node.all_processes["raylet"][0].process.pid)


def lose(cluster: Any) -> None:
    """Kill the second node with all its processes, as soon as an actor scores there."""
    (second,) = cluster.worker_nodes
    while not any("_Actor" in " ".join(each.cmdline()) for each in children(second)):
        time.sleep(0.05)
    print("lost", [each.pid for each in children(second)], flush=True)
    for each in [raylet(second), *children(second)]:
        each.send_signal(signal.SIGKILL)
    cluster.remove_node(second, allow_graceful=False)


def children(node: Any) -> list[psutil.Process]:
    """Return a node's workers."""
    found: list[psutil.Process] = raylet(node).children(recursive=True)
    return found


def main() -> None:
    """Run until the input ends."""
    cluster = Cluster(shutdown_at_exit=True)
    try:
        add_node(cluster)
        add_node(cluster)
        print(cluster.address, flush=True)
        for _ in sys.stdin:
            lose(cluster)
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()

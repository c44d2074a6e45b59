"""A worker that dies: whoever waited is scored by the next one, or told when to come back."""

import threading
import time

import psutil

from tests.integration.conftest import error_of, through_gateway
from tests.stack import Reply, Stack, send

SLOW = {"reviews": ["a very long film " * 900] * 128}


def test_worker_killed_in_mid_request(stack: Stack) -> None:
    post = through_gateway(stack)
    replies: list[Reply] = []
    waiting = threading.Thread(target=lambda: replies.append(post(SLOW)), daemon=True)
    victim = psutil.Process(stack.model()["workers"][0]["pid"])
    busy_since = sum(victim.cpu_times()[:2])
    waiting.start()
    while sum(victim.cpu_times()[:2]) < busy_since + 0.1:  # the request has reached the worker
        time.sleep(0.005)
    victim.kill()
    waiting.join(120)
    assert [reply.status for reply in replies] in ([200], [503])
    if replies[0].status == 503:  # no worker was back in the ten seconds that a request waits
        assert error_of(replies[0])["code"] == "not_ready"
        assert int(replies[0].headers["retry-after"]) >= 1

    deadline = time.monotonic() + 60
    while send(f"{stack.gateway_url}/readyz").status != 200:
        assert time.monotonic() < deadline, "no worker was ready again within a minute"
        time.sleep(0.2)
    assert post({"review": "Back again."}).status == 200
    assert stack.model()["workers"][0]["pid"] != victim.pid

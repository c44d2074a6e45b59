"""What is tried twice, what is not, and what is said while no worker is there."""

import threading

import pytest

from contract.request import Request
from gateway.admission import Admission
from gateway.errors import GatewayError
from gateway.scoring import Scoring
from gateway.torchserve import Answer, TorchServe
from gateway.worker_watch import WorkerWatch
from tests.unit.gateway.fake_torchserve import FakeTorchServe, model_state

REVIEW = Request(("Fine.",), many=False)
ANSWER = Answer(200, b"{}", "")
DIED = GatewayError(502, "upstream_failed", "Expected …", 1, repeatable=True)
FINAL = GatewayError(504, "upstream_timeout", "Expected …")


class Upstream:
    """Answers with what a test has put in, errors included."""

    def __init__(self, *ends: Answer | GatewayError) -> None:
        self.ends = list(ends)
        self.asked = 0

    def __call__(self, body: bytes) -> Answer:
        self.asked += 1
        end = self.ends.pop(0)
        if isinstance(end, GatewayError):
            raise end
        return end


def scoring(torchserve: FakeTorchServe, looked: bool = False) -> Scoring:
    watch = WorkerWatch(TorchServe(torchserve.settings()), retry_after=2)
    if looked:
        watch.look()
    return Scoring(Admission(128, 1), watch, retry_seconds=5)


def score(scoring: Scoring, upstream: Upstream) -> Answer:
    return scoring.score(upstream, REVIEW, b"body", "caller", lambda: False)


def test_a_request_whose_worker_died_is_sent_once_more(torchserve: FakeTorchServe) -> None:
    upstream = Upstream(DIED, ANSWER)
    assert score(scoring(torchserve), upstream) is ANSWER
    assert upstream.asked == 2


def test_a_request_that_fails_twice_is_given_up(torchserve: FakeTorchServe) -> None:
    upstream = Upstream(DIED, DIED, ANSWER)
    with pytest.raises(GatewayError) as caught:
        score(scoring(torchserve), upstream)
    assert (caught.value, upstream.asked) == (DIED, 2)


def test_what_would_fail_again_is_not_sent_again(torchserve: FakeTorchServe) -> None:
    upstream = Upstream(FINAL, ANSWER)
    with pytest.raises(GatewayError):
        score(scoring(torchserve), upstream)
    assert upstream.asked == 1


def test_second_tries_are_bounded(torchserve: FakeTorchServe) -> None:
    part = scoring(torchserve)
    asked = 0
    for _ in range(100):
        upstream = Upstream(DIED, DIED)
        with pytest.raises(GatewayError):
            score(part, upstream)
        asked += upstream.asked
    assert asked == 164


def test_without_a_ready_worker_nobody_is_queued(torchserve: FakeTorchServe) -> None:
    torchserve.state = model_state("UNLOADING")
    upstream = Upstream(ANSWER)
    with pytest.raises(GatewayError, match="worker that is READY") as caught:
        score(scoring(torchserve, looked=True), upstream)
    error = caught.value
    assert (error.status, error.code, error.retry_after) == (503, "not_ready", 2)
    assert upstream.asked == 0


def test_the_second_try_waits_for_a_worker(torchserve: FakeTorchServe) -> None:
    watch = WorkerWatch(TorchServe(torchserve.settings()), retry_after=1)
    watch.look()
    part = Scoring(Admission(128, 1), watch, retry_seconds=5)

    def come_back() -> None:
        torchserve.state = model_state("READY")
        watch.look()

    class Dying(Upstream):
        def __call__(self, body: bytes) -> Answer:
            if self.asked == 0:
                torchserve.state = model_state("UNLOADING")
                threading.Timer(0.5, come_back).start()
            return super().__call__(body)

    upstream = Dying(DIED, ANSWER)
    assert score(part, upstream) is ANSWER


def test_a_list_is_sent_in_pieces_and_answered_as_one(torchserve: FakeTorchServe) -> None:
    bodies: list[bytes] = []
    lock = threading.Lock()

    def send(body: bytes) -> Answer:
        with lock:
            bodies.append(body)
        return Answer(200, b'{"predictions": [1]}', "")

    request = Request(("a" * 5_000,) * 20, many=True)
    answer = scoring(torchserve).score(send, request, b"body", "caller", lambda: False)
    assert len(bodies) > 5
    assert answer.body.count(b"1") == len(bodies)

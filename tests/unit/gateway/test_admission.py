"""Who is admitted, in which order work goes on, and that nobody is scored who has hung up."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

import pytest

from gateway.admission import ALWAYS_ADMITTED, Admission, Place
from gateway.errors import GatewayError
from gateway.pace import SMALLEST_BUDGET, Pace

PIECE = Pace().piece
BULK = 100 * PIECE
ALONE = Pace().budget  # a piece beside which there is room for no other


class Turns:
    """Work in threads: each entry of `begun` is a piece that was let through, in order."""

    def __init__(self, admission: Admission) -> None:
        self.begun: list[str] = []
        self._admission = admission
        self._threads: list[threading.Thread] = []
        self._held = ExitStack()

    def line_up(self, name: str, costs: list[int], caller: str, times: int = 1) -> None:
        """Begin a request whose pieces are let through one after the other, `times` in a row."""

        def act() -> None:
            for _ in range(times):
                with self._admission.place(sum(costs), caller) as place:
                    for cost in costs:
                        self._take(place, name, cost)

        self._begin([act], self._waiting() + 1)

    def line_up_at_once(self, name: str, costs: list[int], caller: str) -> None:
        """Begin a request whose pieces all wait for their turns together."""
        place = self._held.enter_context(self._admission.place(sum(costs), caller))
        acts = [partial(self._take, place, name, cost) for cost in costs]
        self._begin(acts, self._waiting() + len(costs))

    def _take(self, place: Place, name: str, cost: int) -> None:
        with self._admission.turn(place, cost):
            self.begun.append(name)

    def _begin(self, acts: Sequence[Callable[[], None]], waiting: int) -> None:
        for act in acts:
            self._threads.append(threading.Thread(target=act, daemon=True))
            self._threads[-1].start()
        until(lambda: self._waiting() >= waiting)

    def _waiting(self) -> int:
        lines = list(self._admission._lines.values())
        return sum(len(line.waiting) for line in lines)

    def finish(self) -> None:
        """Wait for all of them."""
        for thread in self._threads:
            thread.join(10)
        self._held.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait for another thread, ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def admission() -> Admission:
    return Admission(places=128, retry_after=1)


def refusal(admission: Admission, held: ExitStack, cost: int, caller: str) -> GatewayError:
    """Take places until there is none."""
    for _ in range(128):
        try:
            held.enter_context(admission.place(cost, caller))
        except GatewayError as error:
            return error
    raise AssertionError("every request was admitted")


def full(admission: Admission, held: ExitStack) -> None:
    """Have all the work at TorchServe that may be there."""
    place = held.enter_context(admission.place(SMALLEST_BUDGET * 2, "somebody else"))
    held.enter_context(admission.turn(place, SMALLEST_BUDGET * 2))


def test_a_short_review_goes_before_the_rest_of_a_bulk_of_the_same_caller(
    admission: Admission,
) -> None:
    turns = Turns(admission)
    with ExitStack() as held:
        full(admission, held)
        turns.line_up("bulk", [ALONE] * 5, "caller")
        turns.line_up("short", [100], "caller")
    turns.finish()
    assert turns.begun.index("short") <= 1


def test_of_two_equal_bulks_of_one_caller_the_first_ends_before_the_second_begins(
    admission: Admission,
) -> None:
    turns = Turns(admission)
    with ExitStack() as held:
        full(admission, held)
        for name in ("first", "second"):
            turns.line_up_at_once(name, [ALONE] * 4, "caller")
    turns.finish()
    assert turns.begun == ["first"] * 4 + ["second"] * 4


def test_a_bulk_has_its_turns_among_shorter_requests_that_do_not_end(admission: Admission) -> None:
    turns = Turns(admission)
    with ExitStack() as held:
        full(admission, held)
        turns.line_up("bulk", [ALONE] * 4, "caller")
        for _ in range(2):
            turns.line_up("short", [ALONE] * 2, "caller", times=8)
    turns.finish()
    assert len(turns.begun) == 36
    assert turns.begun.index("bulk") < 16


@pytest.mark.parametrize(("begun", "status"), [(False, 429), (True, 200)])
def test_a_request_that_cannot_begin_in_time_is_refused(
    admission: Admission, monkeypatch: pytest.MonkeyPatch, begun: bool, status: int
) -> None:
    monkeypatch.setattr("gateway.admission.LATEST_BEGIN", 0.2)
    with ExitStack() as held:
        place = held.enter_context(admission.place(2 * BULK, "caller"))
        if begun:
            with admission.turn(place, BULK):
                pass
        full(admission, held)
        waited = threading.Timer(0.5, held.close)
        waited.start()
        assert outcome(admission, place) == status
        waited.join()


def outcome(admission: Admission, place: Place) -> int:
    """Return how the turn of a piece ends: 200, or the status of what is raised."""
    try:
        with admission.turn(place, BULK):
            return 200
    except GatewayError as error:
        return error.status


def test_callers_take_turns_however_much_one_of_them_sends(admission: Admission) -> None:
    turns = Turns(admission)
    with ExitStack() as held:
        full(admission, held)
        for number in range(6):
            turns.line_up(f"a{number}", [ALONE], "a")
        for number in range(2):
            turns.line_up(f"b{number}", [ALONE], "b")
    turns.finish()
    assert {"b0", "b1"} <= set(turns.begun[:4])


def test_no_more_work_is_at_torchserve_than_the_budget(admission: Admission) -> None:
    budget = admission.pace.budget
    lock = threading.Lock()
    now, most = 0, 0

    def act() -> None:
        nonlocal now, most
        with admission.place(PIECE) as place, admission.turn(place, PIECE):
            with lock:
                now += PIECE
                most = max(most, now)
            time.sleep(0.002)
            with lock:
                now -= PIECE

    threads = [threading.Thread(target=act, daemon=True) for _ in range(ALWAYS_ADMITTED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert budget - PIECE <= most <= budget
    assert admission.taken == 0


def test_a_piece_larger_than_the_budget_goes_alone(admission: Admission) -> None:
    cost = 10 * admission.pace.budget
    with admission.place(cost) as place, admission.turn(place, cost):
        pass


def test_a_request_that_is_one_too_many_is_told_when_to_come_back() -> None:
    admission = Admission(places=1, retry_after=3)
    with (
        admission.place(1),
        pytest.raises(GatewayError, match="fewer than 1 requests at once") as caught,
        admission.place(1),
    ):
        pytest.fail("admitted")
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (
        429,
        "queue_full",
        3,
    )


def test_one_batch_of_short_reviews_is_always_admitted(admission: Admission) -> None:
    with ExitStack() as held:
        for _ in range(ALWAYS_ADMITTED):
            held.enter_context(admission.place(PIECE, "caller"))
        with pytest.raises(GatewayError, match="s of work ahead"):
            held.enter_context(admission.place(PIECE, "caller"))


def test_a_bulk_waits_for_as_many_others_of_its_size_and_then_is_refused() -> None:
    pace = Pace()
    pace.per_second = float(BULK)  # each takes a second
    admission = Admission(places=128, retry_after=1, pace=pace)
    with ExitStack() as held:
        error = refusal(admission, held, BULK, "caller")
        assert 25 <= admission.taken <= 32
    assert (error.status, error.code) == (429, "queue_full")
    assert error.retry_after is not None


def test_the_bulk_of_one_caller_keeps_no_other_out(admission: Admission) -> None:
    with ExitStack() as held:
        refusal(admission, held, BULK, "greedy")
        held.enter_context(admission.place(BULK, "another"))
        held.enter_context(admission.place(100, "a third"))


def test_a_client_that_hangs_up_is_not_scored(admission: Admission) -> None:
    gone = threading.Event()
    with ExitStack() as held:
        full(admission, held)
        place = held.enter_context(admission.place(100, "caller", gone.is_set))
        gone.set()
        with pytest.raises(GatewayError) as caught, admission.turn(place, 100):
            pytest.fail("scored")
    assert caught.value.status == 499
    assert admission.taken == 0


def test_places_and_work_come_free_after_a_failure(admission: Admission) -> None:
    for _ in range(300):
        with (
            pytest.raises(RuntimeError),
            admission.place(BULK) as place,
            admission.turn(place, PIECE),
        ):
            raise RuntimeError
    assert admission.taken == 0
    assert not admission._lines

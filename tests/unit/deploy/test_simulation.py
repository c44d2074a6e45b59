"""The simulated day: its pods do what the measured one did, and the bars are kept."""

from pathlib import Path

import numpy as np
import pytest

from deploy.autoscaler import Policy, read_policy
from deploy.simulation import (
    DAY,
    MOST_REFUSED,
    RUSH_AT,
    Pod,
    Pods,
    autoscaled,
    day_of_traffic,
    fewest_pods,
    read_pod,
    simulate,
)

POD = Pod(100.0, 10.0, (0.0, 0.5, 1.0), (0.0, 2.0, 20.0))
POLICY = Policy(2, 12, 8, 100, 15, 1, 60, 300)


def steady(rate: float, seconds: int = 600) -> np.ndarray:
    return np.full(seconds, rate)


@pytest.mark.parametrize(
    ("arrivals", "refused", "in_flight"),
    [
        (0, 0, 0),
        (50, 0, 2),
        (100, 0, 20),
        (120, 0, 20),  # 20 wait, 25 may
        (150, 25, 25),
    ],
)
def test_a_pod_holds_a_quarter_of_a_seconds_work_and_refuses_the_rest(
    arrivals: int, refused: float, in_flight: float
) -> None:
    pods = Pods(POD, 1)
    assert pods.pass_second(0, np.array([arrivals])) == refused
    assert pods.in_flight() == [in_flight]


def test_a_pod_takes_requests_when_it_is_ready_and_is_paid_from_its_start() -> None:
    pods = Pods(POD, 1)
    pods.scale(0, 3)
    for second in range(10):
        assert (pods.ready, pods.paid) == (1, 3)
        pods.pass_second(second, np.zeros(pods.ready))
    pods.pass_second(10, np.zeros(pods.ready))
    assert (pods.ready, pods.paid) == (3, 3)


def test_starting_pods_are_the_first_to_go() -> None:
    pods = Pods(POD, 2)
    pods.scale(0, 4)
    pods.scale(1, 2)
    assert (pods.ready, pods.paid) == (2, 2)
    pods.scale(2, 1)
    assert (pods.ready, pods.paid) == (1, 1)


def test_what_is_too_much_is_refused_and_what_is_not_is_not() -> None:
    assert simulate(POD, steady(150), 1, None).refused_share == pytest.approx(1 / 3, abs=0.01)
    assert simulate(POD, steady(150), 2, None).refused_share == 0


def test_the_autoscaler_finds_enough_pods_and_gives_them_back() -> None:
    traffic = np.concatenate([steady(150), steady(500, 1200), steady(50, 3600)])
    result = autoscaled(POD, traffic, POLICY)
    assert max(result.ready) >= 6
    assert result.ready[-1] == POLICY.least
    assert sum(result.refused[900:]) == 0


def test_a_day_has_its_night_and_its_rush() -> None:
    traffic = day_of_traffic(peak=100)
    assert len(traffic) == DAY
    assert traffic.min() == pytest.approx(10)
    assert 170 < traffic.max() < 200


@pytest.mark.parametrize("field", ["shares", "in_flight"])
def test_what_was_measured_rises(field: str) -> None:
    values = getattr(read_pod(), field)
    assert list(values) == sorted(values)


def test_the_days_bars_are_kept() -> None:
    pod, traffic = read_pod(), day_of_traffic()
    found = autoscaled(pod, traffic, read_policy())
    # Of a fixed number the rush decides: this hour holds it.
    fixed, _ = fewest_pods(pod, traffic[RUSH_AT - 1800 : RUSH_AT + 1800])
    assert found.refused_share <= MOST_REFUSED
    assert found.pod_hours <= 0.6 * 24 * fixed


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    from deploy.simulation_picture import draw

    draw(autoscaled(POD, steady(300), POLICY), POD, POLICY, tmp_path / "day.png")
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")

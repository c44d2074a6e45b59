"""The autoscaler's arithmetic: the mean against the target, and the manifest's limits."""

import pytest

from deploy.autoscaler import SYNC_SECONDS, Autoscaler, Policy, read_policy

POLICY = Policy(2, 12, 8, 100, 15, 1, 60, 300)


def decisions(pods: int, *in_flight: float, policy: Policy = POLICY) -> list[int]:
    """Return the pods after each decision; every pod has as many requests as its argument says."""
    autoscaler, found = Autoscaler(policy), []
    for number, each in enumerate(in_flight):
        pods = autoscaler.decide(number * SYNC_SECONDS, pods, [each] * pods)
        found.append(pods)
    return found


@pytest.mark.parametrize(
    ("in_flight", "pods"),
    [
        (8.0, 4),
        (8.7, 4),  # within the tolerance of a tenth
        (7.3, 4),
        (8.9, 5),
        (10.0, 5),
        (16.0, 8),
        (40.0, 8),  # at most twice as many at once
    ],
)
def test_four_pods_become_as_many_as_the_mean_asks_for(in_flight: float, pods: int) -> None:
    assert decisions(4, in_flight) == [pods]


def test_they_double_every_fifteen_seconds_up_to_the_limit() -> None:
    assert decisions(2, 40, 40, 40, 40) == [4, 8, 12, 12]


def test_a_starting_pod_counts_as_one_without_requests() -> None:
    assert Autoscaler(POLICY).decide(0, 4, [16, 16]) == 4
    assert Autoscaler(POLICY).decide(0, 4, [20, 20]) == 5


def test_fewer_are_wanted_for_five_minutes_before_there_are_fewer() -> None:
    found = decisions(6, 8, *[1.0] * 24)
    steps = 300 // SYNC_SECONDS
    assert found[:steps] == [6] * steps
    assert found[steps] == 5


def test_at_most_one_goes_in_a_minute() -> None:
    found = decisions(6, *[1.0] * 12)
    assert found == [5, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3]


def test_never_fewer_than_the_least() -> None:
    assert decisions(2, *[0.0] * 30) == [2] * 30


def test_the_manifest_is_what_is_simulated() -> None:
    policy = read_policy()
    assert (policy.least, policy.most) == (2, 12)
    assert (policy.up_percent, policy.up_seconds) == (100, 15)
    assert (policy.down_pods, policy.down_seconds, policy.down_window) == (1, 60, 300)

"""Ports that cannot be listened on are told in one line before anything is started."""

import socket
from dataclasses import replace

import pytest

from serving.errors import StartError
from serving.ports import require_ports
from serving.settings import Settings, parse_settings


def settings(**ports: int) -> Settings:
    free = {"port": 0, "inference_port": 0, "management_port": 0, "metrics_port": 0}
    sockets = [socket.socket() for _ in free]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    found = {name: each.getsockname()[1] for name, each in zip(free, sockets, strict=True)}
    for each in sockets:
        each.close()
    return replace(parse_settings([]), **{**found, **ports})


def test_four_free_ports_will_do() -> None:
    require_ports(settings())


@pytest.mark.parametrize("port", [99999, 80000, 0, -1])
def test_what_is_no_port(port: int) -> None:
    with pytest.raises(StartError, match=f"port {port} for gateway is none: choose one from 1"):
        require_ports(settings(port=port))


def test_the_same_port_twice() -> None:
    port = settings().port
    with pytest.raises(StartError, match=f"port {port} is asked for twice, for gateway and for T"):
        require_ports(settings(port=port, management_port=port))


def test_a_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} for TorchServe metrics cannot be had"):
            require_ports(settings(metrics_port=port))

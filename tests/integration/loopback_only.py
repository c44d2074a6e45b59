"""Run a command in a network of its own that has loopback and nothing else, and count what left.

`python loopback_only.py REPORT COMMAND...`, inside a new network namespace. The kernel counts each
packet that had no route, whichever program sent it: REPORT is that count.
"""

import fcntl
import re
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def main(report: str, *command: str) -> int:
    """Return the command's exit code, after a stop signal as well."""
    raise_loopback()
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    code = child.wait()
    Path(report).write_text(str(packets_without_route()))
    return code


def raise_loopback() -> None:
    """Switch the loopback device on: it is down in a new namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def packets_without_route() -> int:
    """Return the kernel's count for this namespace, IPv4 and IPv6."""
    names, values = (
        line.split()
        for line in Path("/proc/net/snmp").read_text().splitlines()
        if line.startswith("Ip:")
    )
    four = dict(zip(names, values, strict=True))["OutNoRoutes"]
    six = re.search(r"^Ip6OutNoRoutes\s+(\d+)$", _text("/proc/net/snmp6"), re.MULTILINE)
    return int(four) + (int(six[1]) if six else 0)


def _text(path: str) -> str:
    return Path(path).read_text() if Path(path).is_file() else ""


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))

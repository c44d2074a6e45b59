"""`python -m serving.swap ARCHIVE`: another model in a service that runs, without losing a request.

The archive is loaded beside what is served, warmed and tried; then requests go to it, and the old
one ends when it has answered what it had. An archive that is damaged, cannot be loaded or answers
badly is removed, and the old one serves on. For that time both are in memory.
"""

import argparse
import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from serving.canary import PRAISE, asking, try_out
from serving.errors import StartError
from serving.management import Management, Version
from serving.settings import ROOT
from serving.store import as_version, bring, settle, store_of

_PATIENCE_SECONDS: Final = 60.0  # TorchServe ends a worker whose answer takes longer
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Service:
    """A service that runs: where its TorchServe listens, and where its files lie."""

    run_dir: Path
    inference_port: int
    management_port: int

    @property
    def key_file(self) -> Path:
        """Where TorchServe has written its tokens."""
        return self.run_dir / "key_file.json"


def main(arguments: list[str] | None = None) -> int:
    """Return 0 once the new model serves, 2 (and one line) if the old one does still."""
    options = _parser().parse_args(arguments)
    try:
        swap(service_of(options.run_dir), options.archive, options.new_labels)
    except StartError as error:
        print(f"swap: {error}; the old model serves on", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"swap: TorchServe does not answer as expected: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m serving.swap", description=__doc__)
    parser.add_argument(
        "archive", type=Path, help="a .mar of `python -m archive --output FILE`, its .sha256 beside"
    )
    parser.add_argument(
        "--run-dir", type=Path, default=ROOT / "run", help="run folder of the service"
    )
    parser.add_argument(
        "--new-labels", action="store_true", help="the new model may have other labels"
    )
    return parser


def service_of(run_dir: Path) -> Service:
    """Return the service that runs from a folder; raises StartError if none does."""
    try:
        lines = (run_dir / "config.properties").read_text("utf-8").splitlines()
    except OSError:
        raise StartError(f"no service runs from {run_dir}: name its folder by --run-dir") from None
    settings = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    ports = [urlsplit(settings[f"{each}_address"]).port for each in ("inference", "management")]
    return Service(run_dir, ports[0] or 0, ports[1] or 0)


def swap(service: Service, archive: Path, new_labels: bool = False) -> None:
    """Put an archive in the place of the one that is served; StartError leaves all as it was."""
    management = Management(service.management_port, service.key_file)
    with _alone(store_of(service.run_dir)) as store:
        old = management.served()
        _unload_others(management, old.name)
        copy = bring(archive, store)
        new = _next(old.name)
        print(f"Loading {archive.name} beside what is served (up to a minute) ...", flush=True)
        _load(management, as_version(copy, new), old)
        try:
            _try_out(service, management, new, None if new_labels else old.name)
            management.serve(new)
        except BaseException:
            management.unload(new)
            raise
        settle(copy)
        print(f"{archive.name} serves from now on; ending the old one ...", flush=True)
        _end(service, management, old)


@contextmanager
def _alone(store: Path) -> Iterator[Path]:
    """Yield the store to one swap at a time; raises StartError if another one is under way."""
    with (store.parent / "swap.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError("another model is being put in place at this moment") from None
        yield store


def _unload_others(management: Management, served: str) -> None:
    """Remove what a swap that was stopped half way has left."""
    for name in management.names():
        if name != served:
            management.unload(name)


def _next(served: str) -> str:
    """Return the name of the next version: TorchServe starts with the archive's own, 1.0."""
    return f"{int(float(served)) + 1}.0"


def _load(management: Management, archive: Path, like: Version) -> None:
    try:
        management.load(archive.name, like)
    except StartError as error:
        raise StartError(
            f"the new model cannot be loaded ({error}): logs/model_log.log in the run folder says "
            "why"
        ) from error
    finally:
        archive.unlink()  # TorchServe has unpacked it


def _try_out(service: Service, management: Management, new: str, old: str | None) -> None:
    labels = management.description(new)["labels"]
    known = management.description(old)["labels"] if old else labels
    if labels != known:
        raise StartError(
            f"expected the labels that are served, {', '.join(known)}, found {', '.join(labels)}: "
            "if clients can take them, say --new-labels"
        )
    try_out(asking(service.inference_port, service.key_file, new), labels)


def _end(service: Service, management: Management, old: Version) -> None:
    try:
        _drain(service, management, old)
        management.unload(old.name)
    except (OSError, StartError) as error:
        print(f"swap: the old model is still in memory ({error}): the next swap ends it")


def _drain(service: Service, management: Management, old: Version) -> None:
    """Wait until the version has nothing left: its queue is empty, and what came last is answered.

    What another of several workers still has would be sent once more by the gateway.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while management.version(old.name).waiting and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    asking(service.inference_port, service.key_file, old.name)("predictions", {"review": PRAISE})


if __name__ == "__main__":
    sys.exit(main())

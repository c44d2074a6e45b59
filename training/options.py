"""The options of a command as a frozen dataclass: typed, documented, checked when it is built.

A command derives its `--options` from such a class; a plan builds the same class by hand.
"""

import argparse
import dataclasses
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, TypeVar, cast

from transformers import HfArgumentParser

from contract.errors import UserError


class OptionError(UserError):
    """An option has an unfit value; the message names it, what was expected and what was found."""


class Options(Protocol):
    """A dataclass of options; `COMMAND` is the NAME of `python -m training.NAME`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    COMMAND: ClassVar[str]


# Options that had other values once; what people have in their scripts goes on working.
_FORMER_VALUES: Final = {
    (name, "seed"): "tutorial" for name in ("--recipe", "--cleaning", "--protocol", "--plan")
}

AnyOptions = TypeVar("AnyOptions", bound=Options)


def option(default: Any, help: str, **more: Any) -> Any:
    """Return a dataclass field with its default and its line in `--help`."""
    metadata = {"help": help, **more}
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def required(help: str, **more: Any) -> Any:
    """Return a dataclass field that has to be given."""
    return dataclasses.field(metadata={"help": help, **more})


def require(fits: bool, name: str, expected: str, found: object) -> None:
    """Raise OptionError unless a value fits."""
    if not fits:
        raise OptionError(f"expected {name} to be {expected}, found {found}")


def parse(
    kind: type[AnyOptions],
    argv: Sequence[str] | None,
    description: str | None,
    defaults: Mapping[str, Any] | None = None,
) -> AnyOptions:
    """Build options from a command line; `defaults` take the place of the class's own."""
    parser = HfArgumentParser(
        cast(Any, kind),
        prog=f"python -m training.{kind.COMMAND}",
        description=description,
        formatter_class=_Help,
    )
    parser.set_defaults(**(defaults or {}))
    words = list(sys.argv[1:] if argv is None else argv)
    return kind(**vars(parser.parse_args(_renamed(words))))


def command_line(options: Options) -> str:
    """Return the command that does what these options say; defaults are left out."""
    words = ["python", "-m", f"training.{options.COMMAND}"]
    for each in dataclasses.fields(options):
        value = getattr(options, each.name)
        if value is not None and value != _default(each):
            words += _words(f"--{each.name.replace('_', '-')}", value)
    return shlex.join(words)


def command(run: Callable[[], object]) -> None:
    """Run a command; what its user can mend becomes one line instead of a traceback."""
    try:
        run()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt as error:  # before or after the loop, which saves its state itself
        raise SystemExit(130) from error


def _renamed(words: list[str]) -> list[str]:
    pairs = zip(["", *words], words, strict=False)
    return [_FORMER_VALUES.get((name, word), word) for name, word in pairs]


def _default(field: "dataclasses.Field[Any]") -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _words(name: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [name] if value else [name.replace("--", "--no-", 1)]
    return [name, *map(str, value if isinstance(value, list) else [value])]


class _Help(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows defaults and keeps the lines of the description."""

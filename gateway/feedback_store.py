"""Where reports of wrong verdicts are kept: one table in SQLite or any database by its URL.

A receipt is given to the sender and not stored itself: only its checksum is, by which the report
can be deleted. Reports that are older than the retention are deleted whenever one comes in.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from contract.errors import ReviewError
from contract.feedback import Report

SECONDS_PER_DAY: Final = 86_400
_TABLE: Final = sa.Table(
    "feedback",
    sa.MetaData(),
    sa.Column("receipt_sha256", sa.String(64), primary_key=True),
    # One person who presses twice, or a text that everybody knows, is one report.
    sa.Column("content_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("received_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("review", sa.Text, nullable=False),
    sa.Column("given", sa.String(100), nullable=False),
    sa.Column("right", sa.String(100), nullable=False),
    sa.Column("model_version", sa.String(100), nullable=False),
)


class FeedbackStore:
    """Adds and deletes reports; every failure of the database is a ReviewError."""

    def __init__(
        self, database: str, retention_days: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = _connect(database)
        self._retention_days = retention_days
        self._clock = clock
        _TABLE.metadata.create_all(self._engine)
        self._delete(_TABLE.c.received_at < self._oldest())

    def add(self, report: Report) -> str:
        """Store a report; returns the receipt. Raises ReviewError if it is there or cannot be."""
        receipt = secrets.token_urlsafe(24)
        row = {
            "receipt_sha256": _digest(receipt),
            "content_sha256": _digest(f"{report.right}\n{report.review}"),
            "received_at": int(self._clock()),
            **vars(report),
        }
        try:
            self._delete(_TABLE.c.received_at < self._oldest())
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_TABLE), row)
        except IntegrityError:
            raise ReviewError(
                "already_reported",
                f"Expected a new report, found that this review was already reported as "
                f"{report.right!r}; nothing more is needed.",
            ) from None
        except SQLAlchemyError:
            raise _not_stored() from None
        return receipt

    def delete(self, receipt: str) -> None:
        """Delete the report that a receipt was given for; raises ReviewError if there is none."""
        try:
            found = self._delete(_TABLE.c.receipt_sha256 == _digest(receipt))
        except SQLAlchemyError:
            raise _not_stored() from None
        if not found:
            raise ReviewError(
                "unknown_receipt",
                "Expected the receipt of a stored report, found another; it may be deleted by now.",
            )

    def _oldest(self) -> int:
        return int(self._clock()) - self._retention_days * SECONDS_PER_DAY

    def _delete(self, which: sa.ColumnElement[bool]) -> int:
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(_TABLE).where(which)).rowcount


def _connect(database: str) -> sa.Engine:
    """Connect to a URL, or to a SQLite file that only this user can read.

    Reports are rare: each opens a connection and closes it, so that none is left open at the end.
    """
    if "://" in database:
        return sa.create_engine(database, poolclass=sa.NullPool)
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)  # the files that SQLite puts beside it take over its mode
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Let readers read while one writes, and leave nothing of what was deleted in the file."""
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA secure_delete=ON")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _not_stored() -> ReviewError:
    return ReviewError(
        "feedback_not_stored",
        "Expected room in the store for feedback, found it full or out of reach; nothing was "
        "stored, try again later.",
    )

"""Turn stored reports of wrong verdicts into training data.

    python -m training.feedback export --database run/feedback.sqlite \\
        --test-data aclImdb_v1.tar.gz --output feedback.csv
    python -m training.run --data feedback.csv

Copies of test reviews are left out, and so are reviews that were reported with different labels. A
checkpoint trained on it is promoted as any other: by `training.compare` and the behaviour suite.
"""

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from handler.files import write_text
from training.data.readers import DataError, Review, drop_leaks, read_split
from training.options import command


def main(arguments: Sequence[str] | None = None) -> None:
    """Export from the command line."""
    options = parse_arguments(arguments)
    command(lambda: print(export(options.database, options.test_data, options.output)))


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.feedback",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser(
        "export", help="write a CSV that `training.run --data` takes"
    ).add_argument
    add("--database", required=True, metavar="DB", help="GATEWAY_FEEDBACK_DATABASE: file or URL")
    add("--output", required=True, type=Path, metavar="CSV", help="file to write")
    add(
        "--test-data",
        required=True,
        type=Path,
        metavar="PATH",
        help="what checkpoints are tested on: the IMDb archive or a CSV/TSV (review, label)",
    )
    return parser.parse_args(arguments)


def export(database: str, test_data: Path, output: Path) -> str:
    """Write the CSV whole and return a line of counts; raises DataError."""
    reports = read_reports(database)
    agreed = one_label_each(reports)
    kept, leaks = drop_leaks(agreed, read_split(test_data, "test"))
    if not kept:
        raise DataError(
            f"{database}: expected reports that can be trained on, found {len(reports)} and none "
            "left without copies of test reviews and contradictions."
        )
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("review", "label"))
    writer.writerows((review.text, review.label) for review in kept)
    write_text(output, table.getvalue())
    return (
        f"{output}: {len(kept)} of {len(reports)} reports; left out: "
        f"{len(reports) - len(agreed)} contradictory, {leaks.normalised} copies of test reviews"
    )


def read_reports(database: str) -> list[Review]:
    """Return the stored reviews with the labels they should have got; raises DataError."""
    if "://" not in database and not Path(database).is_file():
        raise DataError(f"{database}: expected a SQLite file of reports, found no such file.")
    url = database if "://" in database else sa.URL.create("sqlite", database=database)
    engine = sa.create_engine(url)
    try:
        table = sa.Table("feedback", sa.MetaData(), autoload_with=engine)
        columns = (table.c.receipt_sha256, table.c.review, table.c.right)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).order_by(table.c.received_at)).all()
    except SQLAlchemyError as error:
        raise DataError(
            f"{database}: expected a database with the table `feedback`, found none "
            f"({type(error).__name__})."
        ) from error
    finally:
        engine.dispose()
    return [Review(*row) for row in rows]


def one_label_each(reports: Sequence[Review]) -> list[Review]:
    """Return the reports of reviews that all their reporters want labelled alike."""
    wanted: dict[str, set[str | None]] = {}
    for report in reports:
        wanted.setdefault(report.text, set()).add(report.label)
    return [report for report in reports if len(wanted[report.text]) == 1]


if __name__ == "__main__":
    main()

"""What came of a run: counts per label, the share of unsure verdicts, errors, as text and PNG."""

import io
import json
from dataclasses import dataclass
from typing import Any, Final

from bulk.job import Job
from bulk.places import Place, write_whole
from bulk.progress import Ledger

JSON_NAME: Final = "_summary.json"
CHART_NAME: Final = "_summary.png"
_WIDTH: Final = 40
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#999999"


@dataclass(frozen=True)
class Summary:
    """Counts over the whole target; `missing` lists files that could not be read whole, and why."""

    complete: bool
    rows: int
    labels: dict[str, int]
    unsure: int
    truncated: int
    errors: dict[str, int]
    missing: tuple[str, ...]
    checkpoint: str
    engine: str
    seconds: float
    rows_per_second: float


def summarize(job: Job, ledger: Ledger, complete: bool, seconds: float, before: int) -> Summary:
    """Return the summary of a run that found `before` rows done and took so many seconds."""
    labels = {label: ledger.labels[label] for label in job.output.columns.labels}
    return Summary(
        complete=complete and not ledger.failures,
        rows=ledger.rows,
        labels=labels,
        unsure=ledger.unsure,
        truncated=ledger.truncated,
        errors=dict(ledger.errors.most_common()),
        missing=tuple(ledger.failures.values()),
        checkpoint=job.manifest.checkpoint,
        engine=job.manifest.engine,
        seconds=round(seconds, 1),
        rows_per_second=round((ledger.rows - before) / seconds, 1) if seconds else 0.0,
    )


def bars(summary: Summary) -> list[tuple[str, int, float]]:
    """Return the chart's bars: name, count and share of all rows."""
    counts = {
        **summary.labels,
        "not certain": summary.unsure,
        "error": sum(summary.errors.values()),
    }
    return [(name, count, count / max(summary.rows, 1)) for name, count in counts.items()]


def as_text(summary: Summary) -> str:
    """Return the summary as lines, bars included; `not certain` is a part of the labels."""
    rows = bars(summary)
    wide = max(len(name) for name, _, _ in rows)
    lines = [
        f"{name:>{wide}} {'█' * round(share * _WIDTH):<{_WIDTH}} {count:>12,}  {share:6.1%}"
        for name, count, share in rows
    ]
    state = "complete" if summary.complete else "partial"
    lines.append(
        f"{state}: {summary.rows:,} rows in the target, {summary.rows_per_second:,.1f} rows/s in "
        f"this run, {summary.truncated:,} reviews cut to the model's limit"
    )
    lines += [f"  {count:,} × {code}" for code, count in summary.errors.items()]
    lines += [f"  not read: {reason}" for reason in summary.missing]
    return "\n".join(lines)


def write_summary(target: Place, summary: Summary) -> None:
    """Write the summary as JSON and as a chart, each whole."""
    content = json.dumps(vars(summary), indent=1, ensure_ascii=False)
    write_whole(target / JSON_NAME, content.encode() + b"\n")
    write_whole(target / CHART_NAME, _draw(summary))


def _draw(summary: Summary) -> bytes:
    # Here: drawing takes a second to import, and workers never draw.
    from matplotlib.figure import Figure

    rows = bars(summary)[::-1]
    figure = Figure(figsize=(7, 1 + 0.5 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    colours = [_BLUE if name in summary.labels else _GREY for name, _, _ in rows]
    drawn = axes.barh([name for name, _, _ in rows], [share for _, _, share in rows], color=colours)
    texts: list[Any] = [f" {count:,} ({share:.1%})" for _, count, share in rows]
    axes.bar_label(drawn, texts)
    axes.set(xlim=(0, 1.25), xlabel="share of all rows", title=f"{summary.rows:,} rows")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.spines[["top", "right"]].set_visible(False)
    file = io.BytesIO()
    figure.savefig(file, dpi=144, format="png")
    return file.getvalue()

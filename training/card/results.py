"""The parts of the model card that an evaluation fills: results, calibration, behaviour, limits."""

from pathlib import Path
from typing import Final

from handler.checkpoint import Settings
from training.data.readers import is_archive
from training.evaluation import behaviour, report
from training.evaluation.report import Metrics, markdown_table
from training.evaluation.temperature import COVERAGE

WEAK_SHARE: Final = 0.75


def results(measured: Metrics) -> str:
    """Headline figures, per-label scores, confusion matrix and accuracy by length."""
    data = measured.get("data", {})
    checksum = f" (SHA-256 `{data['sha256']}`)" if "sha256" in data else ""
    part = f", split `{measured['split']}`" if is_imdb(measured) else ""
    drawn = ", drawn at random from" if measured.get("sample") else " of"
    parts = [
        f"Measured on {measured['n']:,} reviews{drawn} {data_name(measured)}{part}{checksum}.",
        report.headline(measured),
        _per_label(measured),
        _confusion(measured),
        report.length_table(measured),
    ]
    return "\n\n".join(parts)


def _per_label(measured: Metrics) -> str:
    rows = [
        (
            label,
            *(f"{score[name]:.4f}" for name in ("precision", "recall", "f1")),
            f"{score['support']:,}",
        )
        for label, score in measured["per_label"].items()
    ]
    return markdown_table(("label", "precision", "recall", "F1", "reviews"), rows)


def _confusion(measured: Metrics) -> str:
    labels = measured["confusion_matrix"]["labels"]
    rows = [
        (f"true {label}", *(f"{count:,}" for count in counts))
        for label, counts in zip(labels, measured["confusion_matrix"]["counts"], strict=True)
    ]
    return markdown_table(("", *(f"predicted {label}" for label in labels)), rows)


def calibration(settings: Settings, measured: Metrics) -> str:
    """What a confidence is worth."""
    temperature = (
        "The temperature, fitted on validation reviews, is folded into the last layer's weights."
        if settings.head == "standard"
        else f"Logits are divided by a temperature of {settings.temperature:.4f}, fitted on "
        "validation reviews."
    )
    return (
        f"{temperature} A verdict is called certain from a confidence of "
        f"{settings.certain_threshold:.3f}, which {COVERAGE:.0%} of the validation reviews reach. "
        f"On the reviews above the expected calibration error is {measured['ece']:.2%} "
        f"and the log-loss {measured['log_loss']:.4f}. Answering only where the confidence is at "
        f"least {measured['threshold_at_90_coverage']:.3f} covers "
        f"{measured['coverage_at_threshold']:.1%} of the reviews with an accuracy of "
        f"{measured['accuracy_at_90_coverage']:.2%}."
    )


def behaviour_section(suite: Metrics) -> str:
    """The behaviour suite by kind and capability."""
    return (
        "## Behaviour\n\n"
        "Short cases written by hand for this project; nothing is trained on them. Minimum "
        "functionality wants the expected label (a constant answer passes half); invariance wants "
        "the label unchanged under an edit that does not matter (a constant answer passes all); "
        "direction wants the probability to move the stated way (a constant answer passes none); "
        "fairness wants the label unchanged, or uncertain, where only a person's identity is "
        "another; uncertain wants no certain verdict on what has no verdict. "
        "The change in p is how far the edit moved the probability.\n\n" + behaviour.render(suite)
    )


def limits(settings: Settings, measured: Metrics, suite: Metrics | None) -> str:
    """What the model is not for, and where it was seen to fail."""
    cut = measured["truncated"]
    lines = [
        "- It knows one kind of text: that of its training data. On other subjects or languages "
        "neither its accuracy nor its confidence is known.",
        "- It judges a text as a whole; it does not find who praises what. Nothing that matters "
        "to a person should hang on one answer.",
        f"- It reads at most {settings.max_length} tokens; {cut['share']:.1%} of the reviews above "
        "were cut"
        + (
            f", and {cut['accuracy']:.2%} of those answered rightly."
            if cut["accuracy"] is not None
            else "."
        ),
    ]
    weak = _weak_capabilities(suite) if suite else []
    if weak:
        lines.append(f"- Weak in the behaviour suite (under {WEAK_SHARE:.0%}): {', '.join(weak)}.")
    examples = _failures(suite) if suite else []
    if examples:
        header = ("capability", "text", "expected", "answer")
        lines.append("\nOne failed case of each capability:\n\n" + markdown_table(header, examples))
    return "\n".join(lines)


def _weak_capabilities(suite: Metrics) -> list[str]:
    return [
        f"{name} ({counts['passed']} of {counts['cases']})"
        for kind in suite["kinds"].values()
        for name, counts in kind["capabilities"].items()
        if counts["passed"] < WEAK_SHARE * counts["cases"]
    ]


def _failures(suite: Metrics) -> list[tuple[str, ...]]:
    first = {failure["capability"]: failure for failure in reversed(suite["failures"])}
    return [_failure_row(first[name]) for name in sorted(first)]


def _failure_row(failure: Metrics) -> tuple[str, ...]:
    text = failure["text"] + (f" → {failure['changed']}" if failure["changed"] else "")
    wanted = {
        behaviour.MINIMUM: failure["expected"],
        behaviour.INVARIANCE: "same label",
        behaviour.FAIRNESS: "same label, or not certain",
        behaviour.UNCERTAIN: "not certain",
    }
    expected = wanted.get(failure["kind"], f"more {failure['expected']}")
    moved = f", Δp {failure['change']:+.3f}" if failure["change"] is not None else ""
    return failure["capability"], text.replace("<", "&lt;"), expected, failure["prediction"] + moved


def is_imdb(measured: Metrics) -> bool:
    """Whether the evaluated data was the IMDb archive."""
    return is_archive(Path(str(measured.get("data", {}).get("file", ""))))


def data_name(measured: Metrics) -> str:
    """Name of the evaluated data, for a reader."""
    file = str(measured.get("data", {}).get("file", "the data"))
    return "IMDb (aclImdb_v1)" if is_imdb(measured) else file

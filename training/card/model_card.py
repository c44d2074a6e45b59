"""Write a model card from a checkpoint's own training run and evaluation.

No figure is typed by hand; what a run did not record is left out.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

from handler.checkpoint import Settings
from handler.json_files import read_object
from training.card import results as card_results
from training.card.results import data_name, is_imdb
from training.data.readers import DataError
from training.evaluation.report import Metrics, markdown_table

CARD_FILE: Final = "README.md"
STAGE_FIGURES: Final = ("minutes", "tokens", "flop", "seed")
# What is known of a model that was trained on IMDb.
IMDB: Final = {"language": "en", "domain": "film reviews", "datasets": ["stanfordnlp/imdb"]}
# Settings that say where a run kept its files, not what it learned.
HOUSEKEEPING: Final = ("data", "output", "cache", "text_column", "label_column", "save_minutes")


def read_json(path: Path) -> dict[str, Any]:
    """Read what training or evaluation wrote; raises DataError."""
    return read_object(path, "a JSON file of training or evaluation", DataError)


def check_same_temperature(settings: Settings, measured: Metrics) -> None:
    """Raise DataError if the checkpoint was calibrated anew after it was evaluated."""
    if measured.get("temperature") != settings.temperature:
        raise DataError(
            f"expected metrics measured at the checkpoint's temperature {settings.temperature}, "
            f"found {measured.get('temperature')}; run training.evaluate again."
        )


def render(
    settings: Settings, measured: Metrics, suite: Metrics | None, run: dict[str, Any]
) -> str:
    """Put the card together; `suite` is the behaviour summary, `run` what training recorded."""
    sections = [
        front_matter(measured),
        title(settings, run),
        "## Results\n\n" + card_results.results(measured),
        data_section(run.get("data", {})),
        recipe_section(run),
        "## Settings\n\n" + settings_table(settings),
        "## Calibration\n\n" + card_results.calibration(settings, measured),
        card_results.behaviour_section(suite) if suite else "",
        "## Limits and known failures\n\n" + card_results.limits(settings, measured, suite),
        "## Reproduce\n\n" + reproduce(measured, run),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def front_matter(measured: Metrics) -> str:
    """Hugging Face's metadata block."""
    results = {
        "task": {"type": "text-classification"},
        "dataset": {
            "type": "stanfordnlp/imdb" if is_imdb(measured) else data_name(measured),
            "name": data_name(measured),
            "split": measured.get("split"),
        },
        "metrics": [
            {"type": name, "value": round(measured[name], 4)}
            for name in ("accuracy", "macro_f1", "ece")
        ],
    }
    content = {
        **(IMDB if is_imdb(measured) else {}),
        "pipeline_tag": "text-classification",
        "tags": ["sentiment-analysis"],
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": "checkpoint", "results": [results]}],
    }
    return f"---\n{yaml.safe_dump(content, sort_keys=False)}---"


def title(settings: Settings, run: dict[str, Any]) -> str:
    """Heading and one paragraph on what the model is."""
    kind = (
        "Bidirectional LSTM"
        if settings.architecture == "bilstm"
        else "Transformer encoder (RoBERTa layout)"
    )
    size = f", {run['parameters'] / 1e6:.1f} M parameters" if "parameters" in run else ""
    labels = ", ".join(f"`{label}`" for label in settings.labels)
    start = f", starting from {run['encoder']}" if run.get("encoder") else ""
    return (
        f"# Review classifier\n\n{kind}{size}, trained by this repository's own code{start}. It "
        f"gives a review one of the labels {labels}, with a calibrated probability for each."
    )


def data_section(data: dict[str, Any]) -> str:
    """What was trained on, and how often test text was found in it."""
    leaks = data.get("leaks", {})
    copies = {f"copies of test reviews dropped from {name}": found for name, found in leaks.items()}
    shown = {name: value for name, value in data.items() if name != "leaks"} | copies
    rows = [(name.replace("_", " "), _value(value)) for name, value in shown.items()]
    return "## Data\n\n" + markdown_table(("data", "value"), rows) if rows else ""


def recipe_section(run: dict[str, Any]) -> str:
    """Stages with their cost, then each stage's settings and result."""
    stages = run.get("stages", [])
    if not stages:
        return ""
    rows = [(stage["name"], *(_value(stage.get(key)) for key in STAGE_FIGURES)) for stage in stages]
    rows.append(("**all**", *(_total(stages, key) for key in STAGE_FIGURES[:3]), ""))
    machine = [(key, _value(run[key])) for key in ("machine", "torch", "parameters") if key in run]
    parts = [
        "## Recipe and cost",
        markdown_table(("stage", "minutes", "tokens", "FLOP", "seed"), rows),
        *([markdown_table(("run", "value"), machine)] if machine else []),
        *(
            _stage_details(stage)
            for stage in stages
            if stage.get("settings") or stage.get("result")
        ),
    ]
    return "\n\n".join(parts)


def _stage_details(stage: dict[str, Any]) -> str:
    rows = [
        (kind, name.replace("_", " "), _value(value))
        for kind, key in (("setting", "settings"), ("result", "result"))
        for name, value in (stage.get(key) or {}).items()
        if name not in HOUSEKEEPING
    ]
    return f"### {stage['name']}\n\n" + markdown_table(("", "name", "value"), rows)


def _total(stages: Iterable[dict[str, Any]], key: str) -> str:
    return _value(sum(stage.get(key) or 0 for stage in stages))


def settings_table(settings: Settings) -> str:
    """The checkpoint's own settings, as its config.json has them."""
    names = (
        "architecture",
        "cleaning",
        "max_length",
        "truncation",
        "certain_threshold",
        "head",
        "pooling",
        "head_sizes",
        "dropout",
        "temperature",
    )
    return markdown_table(
        ("setting", "value"),
        [(name.replace("_", " "), _value(getattr(settings, name))) for name in names],
    )


def reproduce(measured: Metrics, run: dict[str, Any]) -> str:
    """The commands of every stage, then the evaluation that gave these figures."""
    stages = run.get("stages", [])
    # One command may have run several stages.
    commands = list(dict.fromkeys(each["command"] for each in stages if each.get("command")))
    name = measured.get("data", {}).get("file", "PATH")
    split = f" --split {measured['split']}" if measured.get("split") else ""
    commands.append(
        f"python -m training.evaluate --checkpoint {measured.get('checkpoint', 'DIR')} --data "
        f"{name}{split} --engine {measured['engine']} --behaviour --output run/test"
    )
    return "```sh\n" + "\n".join(commands) + "\n```"


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) and abs(value) < 10**9:
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, int | float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_value(each)}" for name, each in value.items())
    return ", ".join(_value(each) for each in value)

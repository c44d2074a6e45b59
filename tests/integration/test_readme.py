"""README: what can be asked is asked, the rest names targets and options there are."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.commands import output_of
from tests.stack import ROOT, Stack

TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
CODE = "\n".join([*(block for _, block in BLOCKS), *re.findall(r"`([^`\n]+)`", TEXT)])
# What .ci/run or a test of its own starts, beside what this file runs: where, and the words there.
CI = ".ci/run"
RUN_ELSEWHERE = {
    "make serve": (CI, "make serve"),
    "make test": (CI, "make test"),
    "make train-setup": (CI, "make train-setup"),
    "make train SMOKE=1": (CI, "make train SMOKE=1"),
    "make evaluate": (CI, "make evaluate"),
    "make archive": (CI, "make archive"),
    "make score": (CI, "make score"),
    "training.run --data": ("tests/unit/training/test_run.py", "run.main("),
    "training.train --encoder": ("tests/unit/training/stages/test_train.py", '"--encoder"'),
    "torchserve --start": ("tests/integration/test_torchserve_command.py", "torchserve --start"),
    "torchserve --stop": ("tests/integration/test_torchserve_command.py", '"--stop"'),
    # Its files and its entrypoint; an image is built where there is an engine.
    "docker build": ("tests/integration/test_dockerfile.py", "ENTRYPOINT"),
    "docker run": ("tests/integration/test_dockerfile.py", "ENTRYPOINT"),
}
# Hours of two cores and a download, which SMOKE=1 stands for.
NOT_RUN = "make train  "
ASKED_HERE = (":8000/predict", ":8080/predictions")


def blocks(language: str, word: str) -> list[str]:
    """Return the README's code blocks in a language that hold a word."""
    return [block for kind, block in BLOCKS if kind == language and word in block]


def run(command: list[str], stack: Stack, folder: Path) -> str:
    """Run what the README shows against the running service; returns what it prints."""
    here = {
        "http://127.0.0.1:8000": stack.gateway_url,
        "127.0.0.1:8000": stack.gateway_url,
        "127.0.0.1:8080": stack.inference_url,
        "run/key_file.json": str(stack.key_file),
        ".venv/bin/python": sys.executable,
    }
    text = command[-1]
    for shown, real in here.items():
        text = text.replace(shown, real)
    return output_of([*command[:-1], text], cwd=folder)


def test_the_first_question_gets_the_answer_shown(stack: Stack, tmp_path: Path) -> None:
    (block,) = blocks("sh", ":8000/predict")
    answer = json.loads(run(["bash", "-euc", block], stack, tmp_path))
    assert answer["label"] == "negative"
    assert set(json.loads(re.findall(r"^```json\n(.*?)^```$", TEXT, re.M | re.S)[0])) <= set(answer)


def test_the_python_example_prints_a_line_for_each_review(stack: Stack, tmp_path: Path) -> None:
    (block,) = blocks("python", "urllib.request")
    lines = run([sys.executable, "-c", block], stack, tmp_path).splitlines()
    assert lines[:2] == ["positive", "negative"]
    assert len(lines) == 3


def test_torchserve_answers_with_its_token(stack: Stack, tmp_path: Path) -> None:
    (block,) = blocks("sh", ":8080/predictions")
    answers = run(["bash", "-euc", block], stack, tmp_path)
    assert answers.count('"label"') == 3


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z][a-z-]*)", CODE))))
def test_make_knows_the_target(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "module", sorted(set(re.findall(r"python -m ([\w.]+)", CODE)) - {"gateway"})
)
def test_a_command_has_the_options_shown(module: str) -> None:
    lines = [line for line in CODE.splitlines() if f"python -m {module} " in line]
    shown = {option for line in lines for option in re.findall(r"(--[a-z-]+)", line)}
    command = [sys.executable, "-m", module, "--help"]
    helped = output_of(command, cwd=ROOT)
    assert {option for option in shown if option not in helped} == set()


@pytest.mark.parametrize("command", RUN_ELSEWHERE)
def test_a_command_that_takes_long_is_run_elsewhere(command: str) -> None:
    place, words = RUN_ELSEWHERE[command]
    assert command in CODE
    assert words in (ROOT / place).read_text()


def test_no_command_is_shown_that_nothing_runs() -> None:
    shown = [
        line
        for kind, block in BLOCKS
        if kind == "sh" and not any(words in block for words in ASKED_HERE)
        for line in block.splitlines()
    ]
    unknown = [line for line in shown if not any(command in line for command in RUN_ELSEWHERE)]
    assert [line for line in unknown if not line.startswith(NOT_RUN)] == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)[^):]*\)", TEXT))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()

"""The plans: every step's words are understood, finished steps are skipped, pieces go on."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.labelled_tables import WORDS, make_rows, write_table
from training import run
from training.data import read_split
from training.plans import PLANS, Step, plan_of
from training.splits import load_splits

COMMON = (
    *("--data", "x.csv", "--cache", "cache", "--protocol", "official"),
    *("--seed", "1", "--split-seed", "1"),
)


@pytest.mark.parametrize("plan", PLANS)
def test_every_step_speaks_its_stages_language(plan: str, tmp_path: Path) -> None:
    for step in plan_of(plan, tmp_path):
        stage = sys.modules[step.main.__module__]
        words = [*COMMON, "--output", str(step.folder), "--max-minutes", "1", *step.arguments]
        assert stage._parser().parse_args(words).max_minutes == 1


@pytest.mark.parametrize("plan", PLANS)
def test_shares_fill_the_time_and_names_differ(plan: str, tmp_path: Path) -> None:
    steps = plan_of(plan, tmp_path)
    # The seed's recipe is one command that gives its share to each of its two stages.
    assert sum(step.share for step in steps) == pytest.approx(0.5 if plan == "seed" else 1.0)
    assert len({(step.record, step.folder) for step in steps}) == len(steps)


@pytest.mark.parametrize("plan", [plan for plan in PLANS if plan != "seed"])
def test_every_encoder_is_made_by_an_earlier_step(plan: str, tmp_path: Path) -> None:
    made = {tmp_path, *tmp_path.parents}
    for step in plan_of(plan, tmp_path):
        for word in step.arguments:
            if word.startswith(str(tmp_path)):
                assert Path(word).parent in made
        made.add(step.folder)


class Stage:
    """A stage that takes note of its calls, and finishes at the second one if it is slow."""

    def __init__(self, record: str, slow: bool = False) -> None:
        self.calls: list[list[str]] = []
        self._record = record
        self._slow = slow

    def __call__(self, words: Sequence[str]) -> None:
        self.calls.append(list(words))
        path = Path(words[words.index("--output") + 1]) / "run.json"
        stages = json.loads(path.read_text())["stages"] if path.exists() else []
        stages.append({"name": self._record, "finished": not self._slow or len(self.calls) > 1})
        path.write_text(json.dumps({"stages": stages}))


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Stage, Stage]:
    """A plan of two stages, the second one slow, and an ending that leaves the file `finished`."""
    quick, slow = Stage("distill"), Stage("fine-tune", slow=True)
    steps = [
        Step("distill", quick, ("--steps", "5"), 0.8, "distill", tmp_path),
        Step("train", slow, ("--epochs", "1"), 0.2, "fine-tune", tmp_path),
    ]
    monkeypatch.setattr(run, "plan_of", lambda *named: steps)
    monkeypatch.setattr(run, "finish", lambda arguments: (arguments.output / "finished").touch())
    (tmp_path / "x.csv").touch()
    return quick, slow


def words_for(folder: Path, *words: str) -> list[str]:
    return ["--data", str(folder / "x.csv"), "--output", str(folder), *words]


def value_of(option: str, words: Sequence[str]) -> str:
    return words[words.index(option) + 1]


def test_pieces_go_on_where_the_last_one_ended(
    stages: tuple[Stage, Stage], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = words_for(tmp_path, "--piece-minutes", "9")
    run.main(words)
    assert "train: not finished within this piece" in capsys.readouterr().out
    assert not (tmp_path / "finished").exists()
    run.main(words)
    assert [len(stage.calls) for stage in stages] == [1, 2]
    assert (tmp_path / "finished").exists()
    assert stages[1].calls[0][-4:] == ["--max-minutes", "9.0", "--epochs", "1"]


def test_total_time_is_shared_out(stages: tuple[Stage, Stage], tmp_path: Path) -> None:
    run.main(words_for(tmp_path, "--max-minutes", "10", "--seed", "3"))
    calls = [stage.calls[0] for stage in stages]
    assert [float(value_of("--max-minutes", call)) for call in calls] == [8.0, 2.0]
    assert [value_of("--seed", call) for call in calls] == ["3", "3"]
    assert (tmp_path / "finished").exists()


@pytest.mark.parametrize(("data", "calls"), [("x.csv", 0), ("aclImdb_v1.tar.gz", 1)])
def test_steps_about_films_are_left_out_for_other_tables(
    data: str, calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage("phrases")
    step = Step("phrases", stage, (), 1.0, "phrases", tmp_path, about_films=True)
    monkeypatch.setattr(run, "plan_of", lambda *named: [step])
    monkeypatch.setattr(run, "finish", lambda arguments: None)
    run.main(["--data", str(tmp_path / data), "--output", str(tmp_path)])
    assert len(stage.calls) == calls


def test_archive_is_tested_on_its_test_part(tmp_path: Path) -> None:
    words = ["--data", "aclImdb_v1.tar.gz", "--output", str(tmp_path)]
    arguments = run._parser().parse_args(words)
    assert run.unseen(arguments) == ["--data", "aclImdb_v1.tar.gz", "--split", "test"]
    assert run.behaviour(arguments) == ["--behaviour"]


def test_table_is_tested_on_the_rows_that_training_held_out(tmp_path: Path) -> None:
    rows = make_rows({"negative": 30, "positive": 30}, WORDS)
    data = write_table(tmp_path / "table.csv", rows, header="body,verdict")
    columns = ["--text-column", "body", "--label-column", "verdict"]
    arguments = run._parser().parse_args(
        ["--data", str(data), "--output", str(tmp_path), *columns, "--split-seed", "5"]
    )
    option, path = run.unseen(arguments)
    held_out = load_splits(data, "body", "verdict", seed=5).validation
    found = read_split(Path(path))
    assert option == "--data"
    assert [(r.text, r.label) for r in found] == [(r.text, r.label) for r in held_out]
    assert run.behaviour(arguments) == []

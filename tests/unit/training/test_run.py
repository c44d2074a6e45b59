"""The plans: stages have folders of their own, finished ones are skipped, pieces go on."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training import run
from training.data.readers import read_split
from training.data.splits import load_splits
from training.options import OptionError, command_line, parse
from training.plans.named import steps_of
from training.plans.plan import RunOptions, Step
from training.stages.distill import DistillOptions
from training.stages.options import TrainingOptions
from training.stages.train import TrainOptions

PLANS: tuple[str, ...] = get_args(get_type_hints(RunOptions)["plan"])


def plan(name: str, folder: Path, **more: Any) -> list[Step]:
    return steps_of(RunOptions(plan=name, output=folder, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PLANS)
def test_every_step_is_a_command_that_can_be_given_alone(name: str, tmp_path: Path) -> None:
    for step in plan(name, tmp_path, data=Path("x.csv")):
        words = command_line(step.options).split()
        assert words[:2] == ["python", "-m"]
        assert parse(type(step.options), words[3:], None) == step.options


@pytest.mark.parametrize("name", PLANS)
def test_shares_fill_the_time_and_every_step_has_a_folder_of_its_own(
    name: str, tmp_path: Path
) -> None:
    steps = plan(name, tmp_path)
    # The tutorial's recipe is one command that gives its share to each of its two stages.
    assert sum(step.share for step in steps) == pytest.approx(0.5 if name == "tutorial" else 1.0)
    assert len({step.options.output for step in steps}) == len(steps)


@pytest.mark.parametrize("name", [name for name in PLANS if name != "tutorial"])
def test_every_checkpoint_is_made_by_an_earlier_step(name: str, tmp_path: Path) -> None:
    made: set[Path] = set()
    for step in plan(name, tmp_path):
        values = vars(step.options).values()
        paths = [Path(each) for each in values if str(each).startswith(str(tmp_path))]
        assert all(path.parent in made for path in paths if path != step.options.output)
        made.add(step.options.output)


def test_what_all_stages_share_is_handed_on(tmp_path: Path) -> None:
    first, again, *_ = plan("light", tmp_path, seed=3, split_seed=4, limit=50)
    assert (first.options.seed, first.options.split_seed, first.options.limit) == (3, 4, 50)
    assert (again.options.seed, again.options.split_seed) == (14, 4)


def test_an_unfit_option_is_refused_when_it_is_built() -> None:
    with pytest.raises(OptionError, match="expected true_share to be from 0 to 1, found 2"):
        DistillOptions(true_share=2)
    with pytest.raises(OptionError, match="learning_rate to be between 0 and 1, found 5"):
        replace(DistillOptions(), learning_rate=5)


def test_values_of_older_command_lines_are_still_understood() -> None:
    words = ["--recipe", "seed", "--cleaning", "seed", "--protocol", "seed", "--seed", "7"]
    options = parse(TrainOptions, words, None)
    assert (options.recipe, options.cleaning, options.protocol) == ("tutorial",) * 3
    assert options.seed == 7


class Stage:
    """A stage that takes note of its calls, and finishes at the second one if it is slow."""

    def __init__(self, record: str, slow: bool = False) -> None:
        self.calls: list[TrainingOptions] = []
        self._record = record
        self._slow = slow

    def __call__(self, options: TrainingOptions) -> None:
        self.calls.append(options)
        options.output.mkdir(exist_ok=True)
        finished = not self._slow or len(self.calls) > 1
        record = {"stages": [{"name": self._record, "finished": finished}]}
        (options.output / "run.json").write_text(json.dumps(record))


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Stage, Stage]:
    """A plan of two stages, the second one slow, and an ending that leaves the file `finished`."""
    quick, slow = Stage("distill"), Stage("fine-tune", slow=True)
    monkeypatch.setattr(
        run,
        "steps_of",
        lambda options: [
            Step(quick, TrainingOptions(output=tmp_path / "distill", steps=5), 0.8, "distill"),
            Step(slow, TrainingOptions(output=tmp_path / "train"), 0.2, "fine-tune"),
        ],
    )
    monkeypatch.setattr(run, "finish", lambda steps, options: (tmp_path / "finished").touch())
    return quick, slow


def words_for(folder: Path, *words: str) -> list[str]:
    return ["--plan", "light", "--data", str(folder / "x.csv"), "--output", str(folder), *words]


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
    assert stages[1].calls[0].max_minutes == 9


def test_total_time_is_shared_out(stages: tuple[Stage, Stage], tmp_path: Path) -> None:
    run.main(words_for(tmp_path, "--max-minutes", "10"))
    assert [stage.calls[0].max_minutes for stage in stages] == [8.0, 2.0]
    assert (tmp_path / "finished").exists()


@pytest.mark.parametrize(("data", "calls"), [("x.csv", 0), ("aclImdb_v1.tar.gz", 1)])
def test_steps_about_films_are_left_out_for_other_tables(
    data: str, calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage("phrases")
    options = TrainingOptions(output=tmp_path / "phrases")
    step = Step(stage, options, 1.0, "phrases", about_films=True)
    monkeypatch.setattr(run, "steps_of", lambda options: [step])
    monkeypatch.setattr(run, "finish", lambda steps, options: None)
    run.main(["--plan", "light", "--data", str(tmp_path / data), "--output", str(tmp_path)])
    assert len(stage.calls) == calls


def write_stage(folder: Path, name: str) -> Step:
    (folder / "checkpoint").mkdir(parents=True)
    (folder / "checkpoint" / "config.json").write_text(name)
    (folder / "history.jsonl").write_text(f"{name}\n")
    (folder / "run.json").write_text(json.dumps({"stages": [{"name": name}], "torch": name}))
    return Step(Stage(name), TrainingOptions(output=folder), 0.5, name)


def test_run_ends_with_the_last_checkpoint_and_the_records_of_all_stages(tmp_path: Path) -> None:
    steps: Sequence[Step] = [write_stage(tmp_path / name, name) for name in ("distill", "train")]
    run.gather(steps, tmp_path)
    assert (tmp_path / "checkpoint" / "config.json").read_text() == "train"
    assert (tmp_path / "history.jsonl").read_text() == "distill\ntrain\n"
    record = json.loads((tmp_path / "run.json").read_text())
    assert record == {"stages": [{"name": "distill"}, {"name": "train"}], "torch": "train"}


def test_archive_is_tested_on_its_test_part(tmp_path: Path) -> None:
    options = RunOptions(data=Path("aclImdb_v1.tar.gz"), output=tmp_path)
    assert run.unseen(options) == {"data": Path("aclImdb_v1.tar.gz"), "split": "test"}


def test_table_is_tested_on_the_rows_that_training_held_out(tmp_path: Path) -> None:
    rows = make_rows({"negative": 30, "positive": 30}, WORDS)
    data = write_table(tmp_path / "table.csv", rows, header="body,verdict")
    options = RunOptions(
        data=data, output=tmp_path, text_column="body", label_column="verdict", split_seed=5
    )
    held_out = load_splits(data, "body", "verdict", seed=5).validation
    found = read_split(run.unseen(options)["data"])
    assert [(r.text, r.label) for r in found] == [(r.text, r.label) for r in held_out]


@pytest.mark.parametrize(
    ("rows", "plan", "expected"),
    [
        (20, "transfer", "few"),
        (20, "light", "light"),
        (run.FEW, "transfer", "transfer"),  # a tenth of both labels' rows is held out
    ],
)
def test_few_rows_choose_their_plan(rows: int, plan: str, expected: str, tmp_path: Path) -> None:
    table = make_rows({"negative": rows, "positive": rows}, WORDS)
    data = write_table(tmp_path / "table.csv", table)
    options = RunOptions(data=data, output=tmp_path, plan=plan)  # type: ignore[arg-type]
    assert run.sized(options).plan == expected


def test_imdb_is_never_taken_for_few_rows(tmp_path: Path) -> None:
    options = RunOptions(data=Path("aclImdb_v1.tar.gz"), output=tmp_path)
    assert run.sized(options) == options


@pytest.mark.parametrize(
    ("soft_labels", "names"),
    [
        (None, ["first", "second", "labels", "learned"]),
        (Path("kept.npz"), ["first", "second", "learned"]),
    ],
)
def test_labels_that_are_kept_are_not_made_again(
    soft_labels: Path | None, names: list[str]
) -> None:
    options = RunOptions(data=Path("aclImdb_v1.tar.gz"), soft_labels=soft_labels)
    steps = steps_of(options)
    assert [step.name for step in steps] == names
    learned = steps[-1].options
    assert isinstance(learned, TrainOptions)
    assert learned.soft_labels == (soft_labels or options.output / "labels/soft_labels.npz")

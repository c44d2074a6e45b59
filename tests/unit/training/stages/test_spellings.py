"""What spelling does to verdicts, measured on a checkpoint."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.data.spellings import SPELLINGS
from training.stages import spellings


def test_every_spelling_gets_a_row(
    make_checkpoint: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = make_checkpoint(labels=("negative", "positive"))
    table = write_table(tmp_path / "table.csv", make_rows({"negative": 60, "positive": 60}, WORDS))
    spellings.main(
        ["--checkpoint", str(checkpoint), "--data", str(table), "--engine", "torch-fp32"]
    )
    printed = capsys.readouterr().out
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert [cells[0].strip() for cells in rows[1:]] == [spellings.WRITTEN, *SPELLINGS]
    assert [cell.strip() for cell in rows[1][2:]] == ["0.00%", "0.0000"]
    assert float(rows[2][3]) > 0  # a tokenizer of bytes tells capitals apart
